import { avgPool, maxPool, type PoolingOptions, type Tensor } from "../tensor/index.ts";
import type { Layer } from "./layer.ts";
import { type LayerOptions, OptionsReader } from "./options.ts";
import { singleLayer } from "./single.ts";
import { countWindows, type PaddingName, paddingNames } from "./windows.ts";

/** Options of `maxPool2d` and `avgPool2d`. */
export interface Pool2dOptions extends LayerOptions {
  /** Height and width of the window, or one number for both; default 2. */
  readonly poolSize?: number | readonly [height: number, width: number];
  /** Positions between two windows; default the pool size, so that windows do not overlap. */
  readonly strides?: number | readonly [height: number, width: number];
  /** Default `valid`. */
  readonly padding?: PaddingName;
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

/** `maxPool2d` from options that were read. */
export function maxPool2dFrom(options: object): Layer {
  return poolingLayer("maxPool2d", maxPool, options);
}

/** `avgPool2d` from options that were read. */
export function avgPool2dFrom(options: object): Layer {
  return poolingLayer("avgPool2d", avgPool, options);
}

function poolingLayer(
  type: string,
  pool: (x: Tensor, window: readonly number[], options: PoolingOptions) => Tensor,
  options: object,
): Layer {
  const read = new OptionsReader(type, options, ["poolSize", "strides", "padding"]);
  const poolSize = read.pair("poolSize", 2);
  const strides = read.pair("strides", poolSize);
  const padding = read.choice("padding", paddingNames, "valid");
  return singleLayer(read, {
    config: { poolSize, strides, padding },
    outputShape: (input) => [
      ...countWindows(type, input, { size: poolSize, strides, padding }),
      ...input.slice(2),
    ],
    output: (x) => pool(x, poolSize, { strides, padding }),
  });
}
