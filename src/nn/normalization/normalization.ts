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
import type { LayerConfig, NamedTensorTree } from "../layer.ts";
import { describeMade } from "../made.ts";
import type { LayerOptions, OptionsReader } from "../options.ts";
import { parameter } from "../single.ts";

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
  params(key: Tensor, shape: Shape, dtype: DType): NamedTensorTree;
  /** γ · (x − mean) / √(variance + ε) + β; the parameters broadcast as `shape`. */
  normalize(x: Tensor, moments: Moments, params: NamedTensorTree, shape: Shape): Tensor;
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
