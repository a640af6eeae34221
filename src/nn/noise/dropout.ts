import { dropout as drop, mul, ones } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import type { LayerOptions } from "../options.ts";
import { type SpatialRank, spatialShape } from "../windows.ts";
import { noiseLayer, readRate } from "./noise.ts";

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
