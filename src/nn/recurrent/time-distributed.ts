import { NeuriteError } from "../../base/error.ts";
import { formatShape } from "../../base/shape.ts";
import { reshape, type Shape, type Tensor } from "../../tensor/index.ts";

import { describeLayer } from "../description.ts";
import type { Layer, Logits } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";

/**
 * A layer applied to each step of sequences with the same weights: [batch, steps, …] → [batch, steps, …].
 *
 * Parameters and state are those of the layer. Masks pass. Throws for inputs without steps.
 *
 * @example
 * ```ts
 * import { conv2d, timeDistributed } from "neurite/nn";
 *
 * const layer = timeDistributed(conv2d({ filters: 4, kernelSize: 3 }));
 * const { outputShapes } = layer.init(random.key(0), [[10, 8, 8, 1]], "f32"); // [[10, 6, 6, 4]]
 * ```
 */
export function timeDistributed(layer: Layer, options: LayerOptions = {}): Layer {
  const { name, inputShape } = new OptionsReader("timeDistributed", options, []);
  return {
    type: "timeDistributed",
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: { layer: describeLayer(layer), ...(inputShape !== undefined && { inputShape }) },
    ...(layer.takesIds && { takesIds: layer.takesIds }),
    init: (key, inputShapes, dtype) => {
      const steps = stepsOf(inputShapes);
      const initialized = layer.init(
        key,
        inputShapes.map((shape) => shape.slice(1)),
        dtype,
      );
      return { ...initialized, outputShapes: initialized.outputShapes.map((shape) => [steps, ...shape]) };
    },
    apply: (variables, inputs, { masks, ...options } = {}) => {
      const [batch, steps] = inputs[0].shape;
      // Every step is an example.
      const examples = inputs.map((x) => reshape(x, [batch * steps, ...x.shape.slice(2)]));
      const { masks: _, logits, ...applied } = layer.apply(variables, examples, options);
      const unfold = (y: Tensor): Tensor => reshape(y, [batch, steps, ...y.shape.slice(1)]);
      return {
        ...applied,
        outputs: applied.outputs.map(unfold),
        ...(logits && {
          logits: logits.map(
            (before): Logits => ({
              ...(before?.sigmoid && { sigmoid: unfold(before.sigmoid) }),
              ...(before?.softmax && { softmax: unfold(before.softmax) }),
            }),
          ),
        }),
        ...(masks && { masks: applied.outputs.map(() => masks[0]) }),
      };
    },
  };
}

function stepsOf(shapes: readonly Shape[]): number {
  const [[steps]] = shapes;
  if (shapes.every((shape) => shape.length > 0 && shape[0] === steps)) return steps;
  throw new NeuriteError({
    operation: "timeDistributed",
    got: `inputs of shape ${shapes.map(formatShape).join(" and ")}`,
    expected: "equal numbers of steps on the first axis",
  });
}
