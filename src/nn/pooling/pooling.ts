import { avgPool, maxPool, type PoolingOptions, type Tensor } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { singleLayer } from "../single.ts";
import {
  countWindows,
  type Extents1d,
  type Extents2d,
  type Extents3d,
  type PaddingName,
  paddingNames,
  type SpatialRank,
} from "../windows.ts";

/** Options of layers that pool. */
export interface PoolLayerOptions<Extents> extends LayerOptions {
  /** The extents of the window; default 2. */
  readonly poolSize?: Extents;
  /** Positions between two windows; default the pool size, so that windows do not overlap. */
  readonly strides?: Extents;
  /** Default `valid`. */
  readonly padding?: PaddingName;
}

/** Options of `maxPool1d` and `avgPool1d`. */
export type Pool1dOptions = PoolLayerOptions<Extents1d>;

/** Options of `maxPool2d` and `avgPool2d`. */
export type Pool2dOptions = PoolLayerOptions<Extents2d>;

/** Options of `maxPool3d` and `avgPool3d`. */
export type Pool3dOptions = PoolLayerOptions<Extents3d>;

/**
 * The maximum of each window of sequences: [batch, length, channels] → [batch, length′, channels]. Throws for options and
 * input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { maxPool1d } from "neurite/nn";
 *
 * const { outputShapes } = maxPool1d({ poolSize: 3 }).init(random.key(0), [[9, 8]], "f32"); // [[3, 8]]
 * ```
 */
export function maxPool1d(options: Pool1dOptions = {}): Layer {
  return maxPool1dFrom(options);
}

/**
 * The maximum of each window of images (lecture 4, "Convolutional NNs"): [batch, height, width, channels] →
 * [batch, height′, width′, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { maxPool2d } from "neurite/nn";
 *
 * const { outputShapes } = maxPool2d({ poolSize: 2 }).init(random.key(0), [[28, 28, 8]], "f32"); // [[14, 14, 8]]
 * ```
 */
export function maxPool2d(options: Pool2dOptions = {}): Layer {
  return maxPool2dFrom(options);
}

/**
 * The maximum of each window of volumes: [batch, depth, height, width, channels] → [batch, depth′, height′, width′,
 * channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { maxPool3d } from "neurite/nn";
 *
 * const { outputShapes } = maxPool3d().init(random.key(0), [[4, 8, 8, 3]], "f32"); // [[2, 4, 4, 3]]
 * ```
 */
export function maxPool3d(options: Pool3dOptions = {}): Layer {
  return maxPool3dFrom(options);
}

/**
 * The mean of each window of sequences, without the padding: [batch, length, channels] → [batch, length′, channels]. Throws
 * for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { avgPool1d } from "neurite/nn";
 *
 * const { outputShapes } = avgPool1d({ poolSize: 3 }).init(random.key(0), [[9, 8]], "f32"); // [[3, 8]]
 * ```
 */
export function avgPool1d(options: Pool1dOptions = {}): Layer {
  return avgPool1dFrom(options);
}

/**
 * The mean of each window of images (lecture 4, "Convolutional NNs"), without the padding: [batch, height, width, channels]
 * → [batch, height′, width′, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { avgPool2d } from "neurite/nn";
 *
 * const { outputShapes } = avgPool2d({ poolSize: 3, strides: 1 }).init(random.key(0), [[28, 28, 8]], "f32"); // [[26, 26, 8]]
 * ```
 */
export function avgPool2d(options: Pool2dOptions = {}): Layer {
  return avgPool2dFrom(options);
}

/**
 * The mean of each window of volumes, without the padding: [batch, depth, height, width, channels] → [batch, depth′,
 * height′, width′, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { avgPool3d } from "neurite/nn";
 *
 * const { outputShapes } = avgPool3d().init(random.key(0), [[4, 8, 8, 3]], "f32"); // [[2, 4, 4, 3]]
 * ```
 */
export function avgPool3d(options: Pool3dOptions = {}): Layer {
  return avgPool3dFrom(options);
}

/** `maxPool1d` from options that were read. */
export function maxPool1dFrom(options: object): Layer {
  return poolingLayer("maxPool1d", 1, maxPool, options);
}

/** `maxPool2d` from options that were read. */
export function maxPool2dFrom(options: object): Layer {
  return poolingLayer("maxPool2d", 2, maxPool, options);
}

/** `maxPool3d` from options that were read. */
export function maxPool3dFrom(options: object): Layer {
  return poolingLayer("maxPool3d", 3, maxPool, options);
}

/** `avgPool1d` from options that were read. */
export function avgPool1dFrom(options: object): Layer {
  return poolingLayer("avgPool1d", 1, avgPool, options);
}

/** `avgPool2d` from options that were read. */
export function avgPool2dFrom(options: object): Layer {
  return poolingLayer("avgPool2d", 2, avgPool, options);
}

/** `avgPool3d` from options that were read. */
export function avgPool3dFrom(options: object): Layer {
  return poolingLayer("avgPool3d", 3, avgPool, options);
}

function poolingLayer(
  type: string,
  rank: SpatialRank,
  pool: (x: Tensor, window: readonly number[], options: PoolingOptions) => Tensor,
  options: object,
): Layer {
  const read = new OptionsReader(type, options, ["poolSize", "strides", "padding"]);
  const poolSize = read.extents("poolSize", rank, 2);
  const strides = read.extents("strides", rank, poolSize);
  const padding = read.choice("padding", paddingNames, "valid");
  return singleLayer(read, {
    config: { poolSize, strides, padding },
    outputShape: (input) => [
      ...countWindows(type, input, { size: poolSize, strides, padding }, rank),
      ...input.slice(rank),
    ],
    output: (x) => pool(x, poolSize, { strides, padding }),
  });
}
