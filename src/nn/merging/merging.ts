import { NeuriteError } from "../../base/error.ts";
import { broadcastShapes, formatShape, normalizeAxis } from "../../base/shape.ts";
import {
  add,
  concatenate,
  div,
  einsum,
  logicalAnd,
  maximum,
  minimum,
  mul,
  norm,
  reshape,
  type Shape,
  sub,
  type Tensor,
} from "../../tensor/index.ts";
import type { Layer, LayerConfig } from "../layer.ts";
import { OptionsReader } from "../options.ts";

/** A layer from several tensors to one. */
interface MergeParts {
  readonly config: LayerConfig;
  /** The shape of the output, with the batch axis as 0 was given; throws for shapes that do not fit together. */
  outputShape(inputs: readonly Shape[]): Shape;
  output(inputs: readonly Tensor[]): Tensor;
  /** Whether each step of the output is made from that step of every input: then it counts where it counts in all of them. */
  readonly keepsSteps: boolean;
}

/** Two inputs, or at least two. */
type Count = "two" | "two or more";

function mergeLayer({ type, name, inputShape }: OptionsReader, count: Count, parts: MergeParts): Layer {
  const check = <T>(inputs: readonly T[]): readonly T[] => {
    if (inputs.length === 2 || (inputs.length > 2 && count === "two or more")) return inputs;
    throw new NeuriteError({ operation: type, got: `${inputs.length} inputs`, expected: count });
  };
  return {
    type,
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: { ...parts.config, ...(inputShape !== undefined && { inputShape }) },
    init: (_, inputShapes) => ({
      params: {},
      state: {},
      outputShapes: [parts.outputShape(check(inputShapes))],
    }),
    apply: ({ state }, inputs, { masks = [] } = {}) => {
      const given = masks.filter((mask) => mask !== undefined);
      return {
        outputs: [parts.output(check(inputs))],
        state,
        ...(parts.keepsSteps && given.length > 0 && { masks: [given.reduce(logicalAnd)] }),
      };
    },
  };
}

/** `merge.add` from options that were read. */
export function addFrom(options: object): Layer {
  return elementwiseLayer("add", "two or more", options, (inputs) => inputs.reduce(add));
}

/** `merge.subtract` from options that were read. */
export function subtractFrom(options: object): Layer {
  return elementwiseLayer("subtract", "two", options, ([x, y]) => sub(x, y));
}

/** `merge.multiply` from options that were read. */
export function multiplyFrom(options: object): Layer {
  return elementwiseLayer("multiply", "two or more", options, (inputs) => inputs.reduce(mul));
}

/** `merge.average` from options that were read. */
export function averageFrom(options: object): Layer {
  return elementwiseLayer("average", "two or more", options, (inputs) =>
    div(inputs.reduce(add), inputs.length),
  );
}

/** `merge.maximum` from options that were read. */
export function maximumFrom(options: object): Layer {
  return elementwiseLayer("maximum", "two or more", options, (inputs) => inputs.reduce(maximum));
}

/** `merge.minimum` from options that were read. */
export function minimumFrom(options: object): Layer {
  return elementwiseLayer("minimum", "two or more", options, (inputs) => inputs.reduce(minimum));
}

function elementwiseLayer(
  type: string,
  count: Count,
  options: object,
  output: (inputs: readonly Tensor[]) => Tensor,
): Layer {
  return mergeLayer(new OptionsReader(type, options, []), count, {
    config: {},
    keepsSteps: true,
    outputShape: (inputs) => {
      if (inputs.some(({ length }) => length !== inputs[0].length)) {
        throw unfitInputs(type, inputs, "equal numbers of axes");
      }
      return broadcastShapes(type, ...inputs);
    },
    output,
  });
}

/** `merge.concatenate` from options that were read. */
export function concatenateFrom(options: object): Layer {
  const read = new OptionsReader("concatenate", options, ["axis"]);
  const axis = read.number("axis", -1);
  return mergeLayer(read, "two or more", {
    config: { axis },
    // Along the axis of the steps itself, masks end.
    keepsSteps: axis !== 1,
    outputShape: (inputs) => {
      const at = axisOf(read, axis, inputs[0]);
      const fits = inputs.every(
        (shape) =>
          shape.length === inputs[0].length &&
          shape.every((extent, d) => d === at || extent === inputs[0][d]),
      );
      if (!fits) throw unfitInputs("concatenate", inputs, `shapes that differ along axis ${axis} only`);
      return inputs[0].with(
        at,
        inputs.reduce((total, shape) => total + shape[at], 0),
      );
    },
    output: (inputs) => concatenate(inputs, axis),
  });
}

/** `merge.dot` from options that were read. */
export function dotFrom(options: object): Layer {
  const read = new OptionsReader("dot", options, ["axes", "normalize"]);
  const axes = read.integers("axes");
  if (axes.length > 2) throw read.unfit("axes", axes, "one axis for both inputs, or one for each");
  const [first, second = first] = axes;
  const normalize = read.flag("normalize", false);
  return mergeLayer(read, "two", {
    config: { axes: [first, second], normalize },
    keepsSteps: false,
    outputShape: (inputs) => {
      const [x, y] = inputs;
      const [i, j] = [axisOf(read, first, x), axisOf(read, second, y)];
      if (x[i] !== y[j]) throw unfitInputs("dot", inputs, `equal extents along axes ${first} and ${second}`);
      const rest = [...x.toSpliced(i, 1), ...y.toSpliced(j, 1)];
      return rest.length === 0 ? [1] : rest;
    },
    output: ([x, y]) => {
      const [i, j] = [axisOf(read, first, x.shape.slice(1)) + 1, axisOf(read, second, y.shape.slice(1)) + 1];
      const [u, v] = normalize ? [unit(x, i), unit(y, j)] : [x, y];
      const ofX = x.shape.map((_, d) => (d === 0 ? "n" : d === i ? "k" : letter(d)));
      const ofY = y.shape.map((_, d) => (d === 0 ? "n" : d === j ? "k" : letter(d).toUpperCase()));
      const rest = [...ofX.toSpliced(i, 1), ...ofY.toSpliced(j, 1).slice(1)];
      const product = einsum(`${ofX.join("")},${ofY.join("")}->${rest.join("")}`, u, v);
      return rest.length === 1 ? reshape(product, [x.shape[0], 1]) : product;
    },
  });
}

function unit(x: Tensor, axis: number): Tensor {
  return div(x, norm(x, { axis, keepDims: true }));
}

function letter(axis: number): string {
  return "abcdefg"[axis];
}

/** An axis of shapes without the batch, from one counted with the batch as 0, or from the end. */
function axisOf(read: OptionsReader, axis: number, shape: Shape): number {
  const at = normalizeAxis(read.type, axis, shape.length + 1);
  if (at > 0) return at - 1;
  throw read.unfit("axis", axis, "another axis than that of the batch");
}

function unfitInputs(type: string, inputs: readonly Shape[], expected: string): NeuriteError {
  return new NeuriteError({
    operation: type,
    got: `inputs of shapes ${inputs.map(formatShape).join(" and ")}`,
    expected,
  });
}
