import { NeuriteError } from "../../base/error.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import { add, random } from "../../tensor/index.ts";
import { describeLayer } from "../description.ts";
import type { Applied, ApplyOptions, Layer, NamedTensorTree, Variables } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { inLayer, keep, partOf, type Stack, stack, sumOf } from "./stack.ts";

/** Options of `residual`. */
export interface ResidualOptions extends LayerOptions {
  /** Layers on the way around the others, where shapes differ: a `conv2d` with a kernel of 1; default none. */
  readonly shortcut?: readonly Layer[];
}

/** Two ways from one input, whose ends are added. */
export interface Residual extends Layer {
  readonly body: Stack;
  /** Without layers where it leads the input on as it is. */
  readonly shortcut: Stack;
}

/**
 * Layers that learn what to add to their input: y = F(x) + x, or F(x) + S(x) with a shortcut S (lecture 2, "He et al. (2016):
 * Residual networks").
 *
 * Parameters and state are those of `stack`, under `body` and `shortcut`. Throws where the shapes of the two ways differ.
 *
 * @example
 * ```ts
 * import { activation, batchNormalization, conv2d, residual } from "neurite/nn";
 *
 * const convolution = () => conv2d({ filters: 16, kernelSize: 3, padding: "same", useBias: false });
 * const block = residual([convolution(), batchNormalization(), activation("relu"), convolution(), batchNormalization()]);
 * const { outputShapes } = block.init(random.key(0), [[8, 8, 16]], "f32"); // [[8, 8, 16]]
 * ```
 */
export function residual(layers: readonly Layer[], options: ResidualOptions = {}): Residual {
  const { name, inputShape } = new OptionsReader("residual", options, ["shortcut"]);
  const { shortcut = [] } = options;
  const ways = { body: stack(layers), shortcut: stack(shortcut) };
  return {
    type: "residual",
    ...ways,
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      layers: layers.map(describeLayer),
      shortcut: shortcut.map(describeLayer),
      ...(inputShape !== undefined && { inputShape }),
    },
    init: (key, inputShapes, dtype) => {
      const params: Record<string, NamedTensorTree> = {};
      const state: Record<string, NamedTensorTree> = {};
      const shapes = (["body", "shortcut"] as const).map((way, i) => {
        const initialized = inLayer(way, () => ways[way].init(random.foldIn(key, i), inputShapes, dtype));
        keep(params, way, initialized.params);
        keep(state, way, initialized.state);
        return initialized.outputShapes;
      });
      const [[ofBody], [ofShortcut]] = shapes;
      if (sameShape(ofBody, ofShortcut)) return { params, state, outputShapes: [ofBody] };
      throw new NeuriteError({
        operation: "residual",
        got: `layers that give ${formatShape(ofBody)}, beside ${formatShape(ofShortcut)}`,
        expected: "equal shapes",
        hint: "give a shortcut, such as [conv2d({ filters, kernelSize: 1, strides })]",
      });
    },
    apply: ({ params, state }, inputs, { training = false, key, masks } = {}) => {
      const go = (way: "body" | "shortcut", i: number): Applied => {
        const variables: Variables = { params: partOf(params, way), state: partOf(state, way) };
        const options: ApplyOptions = {
          training,
          ...(key && { key: random.foldIn(key, i) }),
          ...(masks && { masks }),
        };
        return inLayer(way, () => ways[way].apply(variables, inputs, options));
      };
      const [body, around] = [go("body", 0), go("shortcut", 1)];
      const after: Record<string, NamedTensorTree> = {};
      keep(after, "body", body.state);
      keep(after, "shortcut", around.state);
      const penalty = sumOf(body.penalty, around);
      return {
        outputs: [add(body.outputs[0], around.outputs[0])],
        state: after,
        ...(penalty !== undefined && { penalty }),
        ...(body.masks && { masks: body.masks }),
      };
    },
  };
}
