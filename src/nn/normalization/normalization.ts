import { normalizeAxes } from "../../base/shape.ts";
import {
  add,
  type DType,
  mean,
  mul,
  random,
  reshape,
  rsqrt,
  type Shape,
  sub,
  type Tensor,
  variance,
} from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer, LayerConfig, TensorTree } from "../layer.ts";
import { describeMade } from "../made.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { parameter, sameMask, singleLayer, unfitInput } from "../single.ts";

/** Options of layers that normalise, then scale and shift. */
export interface NormalizationOptions extends LayerOptions {
  /** Added to the variance, against division by 0; default 0.001. */
  readonly epsilon?: number;
  /** Whether there are biases β to add; default true. */
  readonly center?: boolean;
  /** Whether there are weights γ to multiply by; default true. */
  readonly scale?: boolean;
  /** How β begins; default `zeros`. */
  readonly betaInitializer?: InitializerLike;
  /** How γ begins; default `ones`. */
  readonly gammaInitializer?: InitializerLike;
}

/** The names of these options. */
export const normalizationOptions: readonly string[] = [
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
];

/** The scale γ (`weights`) and shift β (`biases`) behind a normalisation. */
export interface Affine {
  readonly config: LayerConfig;
  params(key: Tensor, shape: Shape, dtype: DType): TensorTree;
  /** γ · (x − mean) / √(variance + ε) + β; the parameters broadcast as `shape`. */
  normalize(x: Tensor, moments: Moments, params: TensorTree, shape: Shape): Tensor;
}

/** Mean and variance, with the axes of what they are subtracted from. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Reads `normalizationOptions`. */
export function affineOf(read: OptionsReader): Affine {
  const epsilon = read.number("epsilon", 0.001);
  if (epsilon < 0) throw read.unfit("epsilon", epsilon, "a number from 0");
  const center = read.flag("center", true);
  const scale = read.flag("scale", true);
  const betaInitializer = initializerOf(read.value("betaInitializer") ?? "zeros");
  const gammaInitializer = initializerOf(read.value("gammaInitializer") ?? "ones");
  return {
    config: {
      epsilon,
      center,
      scale,
      betaInitializer: describeMade(betaInitializer),
      gammaInitializer: describeMade(gammaInitializer),
    },
    params: (key, shape, dtype) => {
      const [keyOfWeights, keyOfBiases] = random.split(key);
      return {
        ...(scale && { weights: gammaInitializer(keyOfWeights, shape, dtype) }),
        ...(center && { biases: betaInitializer(keyOfBiases, shape, dtype) }),
      };
    },
    normalize: (x, { mean, variance }, params, shape) => {
      const standardized = mul(sub(x, mean), rsqrt(add(variance, epsilon)));
      const scaled = scale
        ? mul(standardized, reshape(parameter(read.type, params, "weights"), shape))
        : standardized;
      return center ? add(scaled, reshape(parameter(read.type, params, "biases"), shape)) : scaled;
    },
  };
}

/** Mean and variance over axes that stay, with an extent of 1. */
export function momentsOf(x: Tensor, axis: readonly number[]): Moments {
  return { mean: mean(x, { axis, keepDims: true }), variance: variance(x, { axis, keepDims: true }) };
}

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends NormalizationOptions {
  /** The axes to normalise over, counted with the batch as axis 0, or from the end; default −1. */
  readonly axis?: number | readonly number[];
}

/**
 * Every example on its own to mean 0 and variance 1 over its last axis, or other axes; then scaled by γ (`weights`) and
 * shifted by β (`biases`), which have the shape of these axes (Ba et al. 2016). Shapes stay. Throws for axes the input does
 * not have.
 *
 * @example
 * ```ts
 * import { layerNormalization } from "neurite/nn";
 *
 * const layer = layerNormalization({ epsilon: 0 });
 * const [y] = layer.apply(layer.init(random.key(0), [[3]], "f32"), [tensor([[1, 2, 3]])]).outputs; // [[-1.2247, 0, 1.2247]]
 * ```
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  return layerNormalizationFrom(options);
}

/** `layerNormalization` from options that were read. */
export function layerNormalizationFrom(options: object): Layer {
  const read = new OptionsReader("layerNormalization", options, ["axis", ...normalizationOptions]);
  const axis = read.integers("axis", -1);
  const affine = affineOf(read);
  const axesOf = (rank: number): number[] => {
    const axes = normalizeAxes("layerNormalization", axis, rank);
    if (axes[0] > 0) return axes;
    throw read.unfit("axis", axis, "axes other than the batch");
  };
  return singleLayer(read, {
    mask: sameMask,
    config: { axis, ...affine.config },
    outputShape: (input) => {
      axesOf(input.length + 1);
      return input;
    },
    params: (key, input, dtype) =>
      affine.params(
        key,
        axesOf(input.length + 1).map((normalized) => input[normalized - 1]),
        dtype,
      ),
    output: (x, params) => {
      const axes = axesOf(x.shape.length);
      const shape = x.shape.map((extent, d) => (axes.includes(d) ? extent : 1));
      return affine.normalize(x, momentsOf(x, axes), params, shape);
    },
  });
}

/** Options of `groupNormalization`. */
export interface GroupNormalizationOptions extends NormalizationOptions {
  /** The number of groups of channels; default 32. One for each channel is instance normalisation. */
  readonly groups?: number;
}

/**
 * Every example on its own to mean 0 and variance 1 over all positions of each group of channels; then scaled by γ
 * (`weights`, [channels]) and shifted by β (`biases`) (Wu and He 2018). Inputs [batch, …, channels] keep their shape. Throws
 * unless the groups divide the channels.
 *
 * @example
 * ```ts
 * import { groupNormalization } from "neurite/nn";
 *
 * const { outputShapes } = groupNormalization({ groups: 4 }).init(random.key(0), [[7, 7, 16]], "f32"); // [[7, 7, 16]]
 * ```
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer {
  return groupNormalizationFrom(options);
}

/** `groupNormalization` from options that were read. */
export function groupNormalizationFrom(options: object): Layer {
  const read = new OptionsReader("groupNormalization", options, ["groups", ...normalizationOptions]);
  const groups = read.count("groups", 32);
  const affine = affineOf(read);
  return singleLayer(read, {
    mask: sameMask,
    config: { groups, ...affine.config },
    outputShape: (input) => {
      if (input.length > 0 && input[input.length - 1] % groups === 0) return input;
      throw unfitInput("groupNormalization", input, `a number of channels that ${groups} groups divide`);
    },
    params: (key, input, dtype) => affine.params(key, input.slice(-1), dtype),
    output: (x, params) => {
      const perGroup = x.shape[x.shape.length - 1] / groups;
      const grouped = reshape(x, [...x.shape.slice(0, -1), groups, perGroup]);
      const last = grouped.shape.length - 1;
      const positions = Array.from({ length: last - 2 }, (_, d) => d + 1);
      const moments = momentsOf(grouped, [...positions, last]);
      return reshape(affine.normalize(grouped, moments, params, [groups, perGroup]), x.shape);
    },
  });
}
