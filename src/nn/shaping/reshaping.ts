import { sizeOf } from "../../base/shape.ts";
import { broadcastTo, reshape as reshapeTensor, type Shape, transpose } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { singleLayer, unfitInput } from "../single.ts";

/**
 * All values of an example in one row: [batch, …] → [batch, size].
 *
 * @example
 * ```ts
 * import { flatten } from "neurite/nn";
 *
 * const { outputShapes } = flatten().init(random.key(0), [[7, 7, 16]], "f32"); // [[784]]
 * ```
 */
export function flatten(options: LayerOptions = {}): Layer {
  return flattenFrom(options);
}

/** `flatten` from options that were read. */
export function flattenFrom(options: object): Layer {
  return singleLayer(new OptionsReader("flatten", options, []), {
    config: {},
    outputShape: (input) => [sizeOf(input)],
    output: (x) => reshapeTensor(x, [x.shape[0], sizeOf(x.shape.slice(1))]),
  });
}

/** Options of `reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** The shape of one output, without the batch axis; one extent may be −1: it is found from the size. */
  readonly targetShape: Shape;
}

/**
 * The values of an example in another shape: [batch, …] → [batch, …targetShape]. Throws where the sizes differ.
 *
 * @example
 * ```ts
 * import { reshape } from "neurite/nn";
 *
 * const { outputShapes } = reshape({ targetShape: [-1, 2] }).init(random.key(0), [[3, 4]], "f32"); // [[6, 2]]
 * ```
 */
export function reshape(options: ReshapeOptions): Layer {
  return reshapeFrom(options);
}

/** `reshape` from options that were read. */
export function reshapeFrom(options: object): Layer {
  const read = new OptionsReader("reshape", options, ["targetShape"]);
  const targetShape = read.integers("targetShape");
  const open = targetShape.indexOf(-1);
  const rest = targetShape.filter((_, axis) => axis !== open);
  if (!rest.every((extent) => extent >= 1)) {
    throw read.unfit("targetShape", targetShape, "positive integers, one of them −1 at most");
  }
  const outputShape = (input: Shape): Shape => {
    const found = open < 0 ? targetShape : targetShape.with(open, Math.floor(sizeOf(input) / sizeOf(rest)));
    if (sizeOf(found) === sizeOf(input) && sizeOf(found) > 0) return found;
    throw unfitInput("reshape", input, `one with as many values as ${JSON.stringify(targetShape)}`);
  };
  return singleLayer(read, {
    config: { targetShape },
    outputShape,
    output: (x) => reshapeTensor(x, [x.shape[0], ...outputShape(x.shape.slice(1))]),
  });
}

/** Options of `permute`. */
export interface PermuteOptions extends LayerOptions {
  /** The axes of the input in the order of the output, counted from 1: the batch is axis 0 and stays. */
  readonly dims: readonly number[];
}

/**
 * The axes of an example in another order. Throws unless `dims` names each axis of the input once.
 *
 * @example
 * ```ts
 * import { permute } from "neurite/nn";
 *
 * const { outputShapes } = permute({ dims: [2, 1] }).init(random.key(0), [[3, 4]], "f32"); // [[4, 3]]
 * ```
 */
export function permute(options: PermuteOptions): Layer {
  return permuteFrom(options);
}

/** `permute` from options that were read. */
export function permuteFrom(options: object): Layer {
  const read = new OptionsReader("permute", options, ["dims"]);
  const dims = read.integers("dims");
  if (![...dims].sort((a, b) => a - b).every((dim, i) => dim === i + 1)) {
    throw read.unfit("dims", dims, `each integer from 1 to ${dims.length} once`);
  }
  return singleLayer(read, {
    config: { dims },
    outputShape: (input) => {
      if (input.length === dims.length) return dims.map((dim) => input[dim - 1]);
      throw unfitInput("permute", input, `one with ${dims.length} axes, as in dims`);
    },
    output: (x) => transpose(x, [0, ...dims]),
  });
}

/** Options of `repeatVector`. */
export interface RepeatVectorOptions extends LayerOptions {
  /** How often. */
  readonly n: number;
}

/**
 * A vector n times: [batch, features] → [batch, n, features]. Throws for other input shapes.
 *
 * @example
 * ```ts
 * import { repeatVector } from "neurite/nn";
 *
 * const { outputShapes } = repeatVector({ n: 3 }).init(random.key(0), [[4]], "f32"); // [[3, 4]]
 * ```
 */
export function repeatVector(options: RepeatVectorOptions): Layer {
  return repeatVectorFrom(options);
}

/** `repeatVector` from options that were read. */
export function repeatVectorFrom(options: object): Layer {
  const read = new OptionsReader("repeatVector", options, ["n"]);
  const n = read.count("n");
  return singleLayer(read, {
    config: { n },
    outputShape: (input) => {
      if (input.length === 1) return [n, ...input];
      throw unfitInput("repeatVector", input, "[features]");
    },
    output: (x) => {
      const [batch, features] = x.shape;
      return broadcastTo(reshapeTensor(x, [batch, 1, features]), [batch, n, features]);
    },
  });
}
