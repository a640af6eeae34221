import { add, mul, random, type Tensor } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import type { DropoutOptions } from "./dropout.ts";
import { noiseLayer, readRate } from "./noise.ts";

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

function normalLike(x: Tensor, key: Tensor): Tensor {
  return random.normal(key, x.shape, { dtype: x.dtype === "f64" ? "f64" : "f32" });
}
