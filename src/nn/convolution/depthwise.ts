import { conv, type Shape } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { type WeightedOptions, weightedLayer, weightedOptions } from "../weighted.ts";
import {
  countWindows,
  type Extents1d,
  type Extents2d,
  type PaddingName,
  paddingNames,
  type SpatialRank,
  spatialShape,
} from "../windows.ts";

/** Options of `depthwiseConv1d` and `depthwiseConv2d`. */
export interface DepthwiseOptions<Extents> extends WeightedOptions {
  /** The extents of the kernel. */
  readonly kernelSize: Extents;
  /** The number of output channels for each input channel; default 1. */
  readonly depthMultiplier?: number;
  /** Positions between two outputs; default 1. */
  readonly strides?: Extents;
  /** Default `valid`. */
  readonly padding?: PaddingName;
  /** The distance of neighbours in the kernel; default 1. */
  readonly dilationRate?: Extents;
}

/**
 * A convolution of sequences in which every channel has filters of its own (Chollet 2017).
 *
 * Inputs [batch, length, channels] give [batch, length′, channels · depthMultiplier], the filters of a channel side by side;
 * `weights` are [kernel length, 1, channels · depthMultiplier]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { depthwiseConv1d } from "neurite/nn";
 *
 * const { outputShapes } = depthwiseConv1d({ kernelSize: 3 }).init(random.key(0), [[10, 4]], "f32"); // [[8, 4]]
 * ```
 */
export function depthwiseConv1d(options: DepthwiseOptions<Extents1d>): Layer {
  return depthwiseConv1dFrom(options);
}

/**
 * A convolution of images in which every channel has filters of its own (Chollet 2017).
 *
 * Inputs [batch, height, width, channels] give [batch, height′, width′, channels · depthMultiplier], the filters of a
 * channel side by side; `weights` are [kernel height, kernel width, 1, channels · depthMultiplier]. Throws for options and
 * input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { depthwiseConv2d } from "neurite/nn";
 *
 * const layer = depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" });
 * const { outputShapes } = layer.init(random.key(0), [[8, 8, 4]], "f32"); // [[8, 8, 8]]
 * ```
 */
export function depthwiseConv2d(options: DepthwiseOptions<Extents2d>): Layer {
  return depthwiseConv2dFrom(options);
}

/** `depthwiseConv1d` from options that were read. */
export function depthwiseConv1dFrom(options: object): Layer {
  return depthwiseLayer("depthwiseConv1d", 1, options);
}

/** `depthwiseConv2d` from options that were read. */
export function depthwiseConv2dFrom(options: object): Layer {
  return depthwiseLayer("depthwiseConv2d", 2, options);
}

/** The names of the options that are not of `weightedOptions`. */
export const depthwiseOptions: readonly string[] = [
  "kernelSize",
  "depthMultiplier",
  "strides",
  "padding",
  "dilationRate",
];

/** A depthwise convolution over `rank` spatial axes. */
export function depthwiseLayer(type: string, rank: SpatialRank, options: object): Layer {
  const read = new OptionsReader(type, options, [...depthwiseOptions, ...weightedOptions]);
  const size = read.extents("kernelSize", rank);
  const depthMultiplier = read.count("depthMultiplier", 1);
  const strides = read.extents("strides", rank, 1);
  const padding = read.choice("padding", paddingNames, "valid");
  const dilation = read.extents("dilationRate", rank, 1);
  const channelsOut = (input: Shape): number => spatialShape(type, input, rank).channels * depthMultiplier;
  return weightedLayer(read, {
    config: { kernelSize: size, depthMultiplier, strides, padding, dilationRate: dilation },
    weightsShape: (input) => [...size, 1, channelsOut(input)],
    outputShape: (input) => [
      ...countWindows(type, input, { size, strides, padding, dilation }, rank),
      channelsOut(input),
    ],
    linear: (x, weights) =>
      conv(x, weights, { strides, padding, kernelDilation: dilation, groups: x.shape[rank + 1] }),
  });
}
