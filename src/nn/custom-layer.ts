import { NeuriteError } from "../base/error.ts";
import { type DType, mark, random, type Shape, Tensor, zeros } from "../tensor/index.ts";
import type { ApplyOptions, Layer, LayerConfig, NamedTensorTree } from "./layer.ts";
import { OptionsReader } from "./options.ts";
import { singleLayer } from "./single.ts";

/** The parameters of one layer by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What a layer of a user's own computes. Shapes leave out the batch axis. */
export interface CustomLayerParts<P extends NamedTensors> {
  /** The parameters for an input of this shape. Default none. */
  params?(key: Tensor, input: Shape, dtype: DType): P;
  /** The output for a batch, [batch, …]. */
  output(x: Tensor, params: P, options: ApplyOptions): Tensor;
  /** The shape of one output. Default: that of what `output` makes of floats. */
  outputShape?(input: Shape): Shape;
}

/**
 * A layer of a user's own, from one tensor to one tensor. Its options are what saved files keep of it, beside its weights:
 * numbers, texts, truth values and lists of them; `name` and `inputShape` are understood. Masks of sequences end here. A layer
 * with several inputs, a state or penalties is an object with `init` and `apply`, a `Layer`.
 *
 * Throws for options that no file can hold; `load` is given the function that makes the layer as one of `customLayers`.
 *
 * @example
 * ```ts
 * import { customLayer, dense, type Layer } from "neurite/nn";
 * import { Sequential } from "neurite/train";
 *
 * // x · gain, with one gain for each feature
 * const gains = (options: { start?: number; inputShape?: number[] } = {}): Layer =>
 *   customLayer("gains", options, {
 *     params: (_key, shape, dtype) => ({ weights: full(shape, options.start ?? 1, dtype) }),
 *     output: (x, { weights }) => mul(x, weights),
 *   });
 *
 * const model = new Sequential({ layers: [gains({ start: 3, inputShape: [2] }), dense({ units: 1 })] });
 * const again = await Sequential.fromBytes(await model.toBytes(), { customLayers: { gains } });
 * again.predict([[1, 2]]).shape; // [1, 1]
 * ```
 */
export function customLayer<P extends NamedTensors = NamedTensors>(
  type: string,
  options: object,
  parts: CustomLayerParts<P>,
): Layer {
  const own = Object.entries(options).filter(([option]) => option !== "name" && option !== "inputShape");
  const lost = own.find(([, value]) => value !== undefined && JSON.stringify(value) === undefined);
  if (lost !== undefined) {
    throw new NeuriteError({
      operation: type,
      got: `the option '${lost[0]}', which no file can hold`,
      expected: "numbers, texts, truth values and lists of them",
    });
  }
  const config: LayerConfig = JSON.parse(JSON.stringify(Object.fromEntries(own)));
  return singleLayer(new OptionsReader(type, options, Object.keys(options)), {
    config,
    outputShape: (input) => parts.outputShape?.(input) ?? tracedShape(type, parts, input),
    ...(parts.params && { params: parts.params }),
    output: (x, params, given) => mark("a", parts.output(x, tensorsOf<P>(type, params), given)),
  });
}

/** The shape of the output for an example of zeros. Models begin within a trace, where nothing of it is computed. */
function tracedShape<P extends NamedTensors>(type: string, parts: CustomLayerParts<P>, input: Shape): Shape {
  const params = parts.params?.(random.key(0), input, "f32") ?? {};
  return parts.output(zeros([1, ...input]), tensorsOf<P>(type, params), {}).shape.slice(1);
}

/** The parameters as what made them gave them. */
function tensorsOf<P extends NamedTensors>(type: string, params: NamedTensorTree): P {
  const isFlat = (tree: NamedTensorTree): tree is P =>
    Object.values(tree).every((value) => value instanceof Tensor);
  if (isFlat(params)) return params;
  throw new NeuriteError({
    operation: type,
    got: "parameters within parameters",
    expected: "a tensor for each name",
  });
}
