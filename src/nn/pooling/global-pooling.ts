import {
  cast,
  div,
  expandDims,
  max,
  maximum,
  mean,
  mul,
  select,
  sum,
  type Tensor,
} from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { singleLayer } from "../single.ts";
import { type SpatialRank, spatialShape } from "../windows.ts";

/** Options of layers that pool over all positions. */
export interface GlobalPoolOptions extends LayerOptions {
  /** Keep the spatial axes, with an extent of 1; default false. */
  readonly keepDims?: boolean;
}

/**
 * The maximum of each channel over a sequence: [batch, length, channels] → [batch, channels]. Throws for input shapes that do
 * not fit.
 *
 * @example
 * ```ts
 * import { globalMaxPool1d } from "neurite/nn";
 *
 * const { outputShapes } = globalMaxPool1d().init(random.key(0), [[9, 8]], "f32"); // [[8]]
 * ```
 */
export function globalMaxPool1d(options: GlobalPoolOptions = {}): Layer {
  return globalMaxPool1dFrom(options);
}

/**
 * The maximum of each channel over an image: [batch, height, width, channels] → [batch, channels]. Throws for input shapes
 * that do not fit.
 *
 * @example
 * ```ts
 * import { globalMaxPool2d } from "neurite/nn";
 *
 * const { outputShapes } = globalMaxPool2d({ keepDims: true }).init(random.key(0), [[7, 7, 8]], "f32"); // [[1, 1, 8]]
 * ```
 */
export function globalMaxPool2d(options: GlobalPoolOptions = {}): Layer {
  return globalMaxPool2dFrom(options);
}

/**
 * The maximum of each channel over a volume: [batch, depth, height, width, channels] → [batch, channels]. Throws for input
 * shapes that do not fit.
 *
 * @example
 * ```ts
 * import { globalMaxPool3d } from "neurite/nn";
 *
 * const { outputShapes } = globalMaxPool3d().init(random.key(0), [[4, 7, 7, 8]], "f32"); // [[8]]
 * ```
 */
export function globalMaxPool3d(options: GlobalPoolOptions = {}): Layer {
  return globalMaxPool3dFrom(options);
}

/**
 * The mean of each channel over a sequence: [batch, length, channels] → [batch, channels]. Throws for input shapes that do
 * not fit.
 *
 * @example
 * ```ts
 * import { globalAvgPool1d } from "neurite/nn";
 *
 * const { outputShapes } = globalAvgPool1d().init(random.key(0), [[9, 8]], "f32"); // [[8]]
 * ```
 */
export function globalAvgPool1d(options: GlobalPoolOptions = {}): Layer {
  return globalAvgPool1dFrom(options);
}

/**
 * The mean of each channel over an image (Lin et al. 2014): [batch, height, width, channels] → [batch, channels]. Throws for
 * input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { globalAvgPool2d } from "neurite/nn";
 *
 * const { outputShapes } = globalAvgPool2d().init(random.key(0), [[7, 7, 8]], "f32"); // [[8]]
 * ```
 */
export function globalAvgPool2d(options: GlobalPoolOptions = {}): Layer {
  return globalAvgPool2dFrom(options);
}

/**
 * The mean of each channel over a volume: [batch, depth, height, width, channels] → [batch, channels]. Throws for input
 * shapes that do not fit.
 *
 * @example
 * ```ts
 * import { globalAvgPool3d } from "neurite/nn";
 *
 * const { outputShapes } = globalAvgPool3d().init(random.key(0), [[4, 7, 7, 8]], "f32"); // [[8]]
 * ```
 */
export function globalAvgPool3d(options: GlobalPoolOptions = {}): Layer {
  return globalAvgPool3dFrom(options);
}

/** `globalMaxPool1d` from options that were read. */
export function globalMaxPool1dFrom(options: object): Layer {
  return globalLayer("globalMaxPool1d", 1, max, options, maxOfSteps);
}

/** `globalMaxPool2d` from options that were read. */
export function globalMaxPool2dFrom(options: object): Layer {
  return globalLayer("globalMaxPool2d", 2, max, options);
}

/** `globalMaxPool3d` from options that were read. */
export function globalMaxPool3dFrom(options: object): Layer {
  return globalLayer("globalMaxPool3d", 3, max, options);
}

/** `globalAvgPool1d` from options that were read. */
export function globalAvgPool1dFrom(options: object): Layer {
  return globalLayer("globalAvgPool1d", 1, mean, options, meanOfSteps);
}

/** `globalAvgPool2d` from options that were read. */
export function globalAvgPool2dFrom(options: object): Layer {
  return globalLayer("globalAvgPool2d", 2, mean, options);
}

/** `globalAvgPool3d` from options that were read. */
export function globalAvgPool3dFrom(options: object): Layer {
  return globalLayer("globalAvgPool3d", 3, mean, options);
}

interface Reduction {
  readonly axis: readonly number[];
  readonly keepDims: boolean;
}

// Σ mask x / Σ mask; 0 where no step counts.
function meanOfSteps(x: Tensor, mask: Tensor, reduction: Reduction): Tensor {
  const counts = cast(mask, x.dtype);
  return div(sum(mul(x, counts), reduction), maximum(sum(counts, reduction), 1));
}

function maxOfSteps(x: Tensor, mask: Tensor, reduction: Reduction): Tensor {
  return max(select(mask, x, Number.NEGATIVE_INFINITY), reduction);
}

function globalLayer(
  type: string,
  rank: SpatialRank,
  reduce: (x: Tensor, reduction: Reduction) => Tensor,
  options: object,
  reduceSteps?: (x: Tensor, mask: Tensor, reduction: Reduction) => Tensor,
): Layer {
  const read = new OptionsReader(type, options, ["keepDims"]);
  const keepDims = read.flag("keepDims", false);
  const axis = Array.from({ length: rank }, (_, i) => i + 1);
  return singleLayer(read, {
    config: { keepDims },
    outputShape: (input) => {
      const { channels } = spatialShape(type, input, rank);
      return keepDims ? [...axis.map(() => 1), channels] : [channels];
    },
    output: (x, _, { masks }) => {
      const mask = masks?.[0];
      return mask !== undefined && reduceSteps !== undefined
        ? reduceSteps(x, expandDims(mask, -1), { axis, keepDims })
        : reduce(x, { axis, keepDims });
    },
  });
}
