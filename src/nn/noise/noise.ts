import { add, dropout as drop, mul, ones, random, type Shape, type Tensor } from "../../tensor/index.ts";
import type { Layer, LayerConfig } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { requireKey, sameMask, singleLayer } from "../single.ts";
import { type SpatialRank, spatialShape } from "../windows.ts";

/** What a layer does in training only. */
export interface NoiseParts {
  readonly config: LayerConfig;
  /** False where the options leave nothing to do: then no key is needed. */
  readonly isActive: boolean;
  /** Throws for an input shape that does not fit. */
  check?(input: Shape): void;
  change(x: Tensor, key: Tensor): Tensor;
}

/** A layer that changes its inputs at random in training, and is the identity at all other times. */
export function noiseLayer(read: OptionsReader, { config, isActive, check, change }: NoiseParts): Layer {
  return singleLayer(read, {
    config,
    outputShape: (input) => {
      check?.(input);
      return input;
    },
    mask: sameMask,
    output: (x, _, options) =>
      options.training === true && isActive ? change(x, requireKey(read.type, options)) : x,
  });
}

/** Options of layers that drop. */
export interface DropoutOptions extends LayerOptions {
  /** The probability with which a value is dropped, from 0 to below 1. */
  readonly rate: number;
}

/**
 * In training, zeros each value with probability `rate` and divides the others by 1 − rate, so that the mean stays; at all
 * other times the identity (lecture 4, "New types of regularization"; Srivastava et al. 2014). Throws for a rate outside
 * [0, 1), and in training without a key.
 *
 * @example
 * ```ts
 * import { dropout } from "neurite/nn";
 *
 * const nothing = { params: {}, state: {} };
 * const [y] = dropout({ rate: 0.5 }).apply(nothing, [ones([1, 8])], { training: true, key: random.key(0) }).outputs;
 * // zeros and twos
 * ```
 */
export function dropout(options: DropoutOptions): Layer {
  return dropoutFrom(options);
}

/** `dropout` from options that were read. */
export function dropoutFrom(options: object): Layer {
  const { read, rate } = readRate("dropout", options);
  return noiseLayer(read, {
    config: { rate },
    isActive: rate > 0,
    change: (x, key) => drop(x, { rate, key }),
  });
}

/**
 * In training, drops whole channels of sequences [batch, length, channels], and divides the others by 1 − rate (Tompson et
 * al. 2015): neighbours are alike, so that dropping single values would hide little. Throws as `dropout`.
 *
 * @example
 * ```ts
 * import { spatialDropout1d } from "neurite/nn";
 *
 * const layer = spatialDropout1d({ rate: 0.2 });
 * const variables = { params: {}, state: {} };
 * const [y] = layer.apply(variables, [ones([2, 10, 4])], { training: true, key: random.key(0) }).outputs;
 * ```
 */
export function spatialDropout1d(options: DropoutOptions): Layer {
  return spatialDropout1dFrom(options);
}

/**
 * In training, drops whole channels of images [batch, height, width, channels], and divides the others by 1 − rate (Tompson et
 * al. 2015). Throws as `dropout`.
 *
 * @example
 * ```ts
 * import { conv2d, spatialDropout2d, stack } from "neurite/nn";
 *
 * const network = stack([conv2d({ filters: 8, kernelSize: 3 }), spatialDropout2d({ rate: 0.2 })]);
 * ```
 */
export function spatialDropout2d(options: DropoutOptions): Layer {
  return spatialDropout2dFrom(options);
}

/**
 * In training, drops whole channels of volumes [batch, depth, height, width, channels], and divides the others by 1 − rate
 * (Tompson et al. 2015). Throws as `dropout`.
 *
 * @example
 * ```ts
 * import { conv3d, spatialDropout3d, stack } from "neurite/nn";
 *
 * const network = stack([conv3d({ filters: 8, kernelSize: 3 }), spatialDropout3d({ rate: 0.2 })]);
 * ```
 */
export function spatialDropout3d(options: DropoutOptions): Layer {
  return spatialDropout3dFrom(options);
}

/** `spatialDropout1d` from options that were read. */
export function spatialDropout1dFrom(options: object): Layer {
  return spatialDropoutLayer("spatialDropout1d", 1, options);
}

/** `spatialDropout2d` from options that were read. */
export function spatialDropout2dFrom(options: object): Layer {
  return spatialDropoutLayer("spatialDropout2d", 2, options);
}

/** `spatialDropout3d` from options that were read. */
export function spatialDropout3dFrom(options: object): Layer {
  return spatialDropoutLayer("spatialDropout3d", 3, options);
}

function spatialDropoutLayer(type: string, rank: SpatialRank, options: object): Layer {
  const { read, rate } = readRate(type, options);
  return noiseLayer(read, {
    config: { rate },
    isActive: rate > 0,
    check: (input) => spatialShape(type, input, rank),
    change: (x, key) => {
      const channels = x.shape.map((extent, axis) => (axis >= 1 && axis <= rank ? 1 : extent));
      return mul(x, drop(ones(channels, x.dtype), { rate, key }));
    },
  });
}

/** Options of `gaussianNoise`. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** The standard deviation of the noise, from 0. */
  readonly stddev: number;
}

/**
 * In training, adds noise that is normally distributed around 0; at all other times the identity. Throws for a negative
 * `stddev`, and in training without a key.
 *
 * @example
 * ```ts
 * import { gaussianNoise } from "neurite/nn";
 *
 * const nothing = { params: {}, state: {} };
 * const noisy = gaussianNoise({ stddev: 0.1 });
 * const [y] = noisy.apply(nothing, [ones([1, 8])], { training: true, key: random.key(0) }).outputs;
 * ```
 */
export function gaussianNoise(options: GaussianNoiseOptions): Layer {
  return gaussianNoiseFrom(options);
}

/** `gaussianNoise` from options that were read. */
export function gaussianNoiseFrom(options: object): Layer {
  const read = new OptionsReader("gaussianNoise", options, ["stddev"]);
  const stddev = read.number("stddev");
  if (stddev < 0) throw read.unfit("stddev", stddev, "a number from 0");
  return noiseLayer(read, {
    config: { stddev },
    isActive: stddev > 0,
    change: (x, key) => add(x, mul(normalLike(x, key), stddev)),
  });
}

/**
 * In training, multiplies by noise that is normally distributed around 1 with the variance rate / (1 − rate) that dropout
 * has; at all other times the identity (Srivastava et al. 2014, section 10). Throws for a rate outside [0, 1), and in
 * training without a key.
 *
 * @example
 * ```ts
 * import { gaussianDropout } from "neurite/nn";
 *
 * const nothing = { params: {}, state: {} };
 * const layer = gaussianDropout({ rate: 0.2 });
 * const [y] = layer.apply(nothing, [ones([1, 8])], { training: true, key: random.key(0) }).outputs; // about 1 ± 0.5
 * ```
 */
export function gaussianDropout(options: DropoutOptions): Layer {
  return gaussianDropoutFrom(options);
}

/** `gaussianDropout` from options that were read. */
export function gaussianDropoutFrom(options: object): Layer {
  const { read, rate } = readRate("gaussianDropout", options);
  const deviation = Math.sqrt(rate / (1 - rate));
  return noiseLayer(read, {
    config: { rate },
    isActive: rate > 0,
    change: (x, key) => mul(x, add(mul(normalLike(x, key), deviation), 1)),
  });
}

function readRate(type: string, options: object): { readonly read: OptionsReader; readonly rate: number } {
  const read = new OptionsReader(type, options, ["rate"]);
  return { read, rate: read.rate("rate") };
}

function normalLike(x: Tensor, key: Tensor): Tensor {
  return random.normal(key, x.shape, { dtype: x.dtype === "f64" ? "f64" : "f32" });
}
