import { NeuriteError } from "../../base/error.ts";
import { conv } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { unfitInput } from "../single.ts";
import { type WeightedOptions, weightedLayer, weightedOptions } from "../weighted.ts";
import {
  countWindows,
  type Extents1d,
  type Extents2d,
  type Extents3d,
  type PaddingName,
  paddingNames,
  type SpatialRank,
  spatialShape,
  type Windows,
} from "../windows.ts";

/** Options of `conv1d`, `conv2d` and `conv3d`. */
export interface ConvolutionLayerOptions<Extents> extends WeightedOptions {
  /** The number of output channels. */
  readonly filters: number;
  /** The extents of the kernel. */
  readonly kernelSize: Extents;
  /** Positions between two outputs; default 1. */
  readonly strides?: Extents;
  /** Default `valid`. */
  readonly padding?: PaddingName;
  /** The distance of neighbours in the kernel; default 1. */
  readonly dilationRate?: Extents;
  /** Channels are split into this many groups, each with its own filters; default 1. */
  readonly groups?: number;
}

/** Options of `conv1d`. */
export interface Conv1dOptions extends Omit<ConvolutionLayerOptions<Extents1d>, "padding"> {
  /** Default `valid`; with `causal` an output sees no later input: all zeros are added in front. */
  readonly padding?: PaddingName | "causal";
}

/** Options of `conv2d`. */
export type Conv2dOptions = ConvolutionLayerOptions<Extents2d>;

/** Options of `conv3d`. */
export type Conv3dOptions = ConvolutionLayerOptions<Extents3d>;

/**
 * A convolution of sequences, a = σ(x ∗ W + b): every output sees a window of the input through the same weights (lecture 4,
 * "Convolutional NNs").
 *
 * Inputs [batch, length, channels] give [batch, length′, filters]; `weights` are [kernel length, channels / groups,
 * filters], `biases` [filters]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { conv1d } from "neurite/nn";
 *
 * const layer = conv1d({ filters: 8, kernelSize: 3, padding: "causal" });
 * const { outputShapes } = layer.init(random.key(0), [[100, 4]], "f32"); // [[100, 8]]
 * ```
 */
export function conv1d(options: Conv1dOptions): Layer {
  return conv1dFrom(options);
}

/**
 * A convolution of images, a = σ(x ∗ W + b): every output sees a window of the input through the same weights (lecture 4,
 * "Convolutional NNs").
 *
 * Inputs [batch, height, width, channels] give [batch, height′, width′, filters]; `weights` are
 * [kernel height, kernel width, channels / groups, filters], `biases` [filters]. Throws for options and input shapes that do
 * not fit.
 *
 * @example
 * ```ts
 * import { conv2d } from "neurite/nn";
 *
 * const layer = conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" });
 * const { outputShapes } = layer.init(random.key(0), [[28, 28, 1]], "f32"); // [[28, 28, 8]]
 * ```
 */
export function conv2d(options: Conv2dOptions): Layer {
  return conv2dFrom(options);
}

/**
 * A convolution of volumes or films, a = σ(x ∗ W + b) (lecture 4, "Convolutional NNs").
 *
 * Inputs [batch, depth, height, width, channels] give [batch, depth′, height′, width′, filters]; `weights` are
 * [kernel depth, kernel height, kernel width, channels / groups, filters], `biases` [filters]. Throws for options and input
 * shapes that do not fit.
 *
 * @example
 * ```ts
 * import { conv3d } from "neurite/nn";
 *
 * const layer = conv3d({ filters: 2, kernelSize: [1, 3, 3] });
 * const { outputShapes } = layer.init(random.key(0), [[4, 8, 8, 1]], "f32"); // [[4, 6, 6, 2]]
 * ```
 */
export function conv3d(options: Conv3dOptions): Layer {
  return conv3dFrom(options);
}

/** `conv1d` from options that were read. */
export function conv1dFrom(options: object): Layer {
  return convolutionLayer("conv1d", 1, options);
}

/** `conv2d` from options that were read. */
export function conv2dFrom(options: object): Layer {
  return convolutionLayer("conv2d", 2, options);
}

/** `conv3d` from options that were read. */
export function conv3dFrom(options: object): Layer {
  return convolutionLayer("conv3d", 3, options);
}

const ownOptions = ["filters", "kernelSize", "strides", "padding", "dilationRate", "groups"];

function convolutionLayer(type: string, rank: SpatialRank, options: object): Layer {
  const read = new OptionsReader(type, options, [...ownOptions, ...weightedOptions]);
  const filters = read.count("filters");
  const kernelSize = read.extents("kernelSize", rank);
  const strides = read.extents("strides", rank, 1);
  const padding = read.choice<PaddingName | "causal">(
    "padding",
    rank === 1 ? [...paddingNames, "causal"] : paddingNames,
    "valid",
  );
  const dilationRate = read.extents("dilationRate", rank, 1);
  const groups = read.count("groups", 1);
  if (filters % groups !== 0) {
    throw new NeuriteError({
      operation: type,
      got: `filters: ${filters}, groups: ${groups}`,
      expected: `filters a multiple of ${groups}`,
    });
  }
  const windows: Windows = { size: kernelSize, strides, padding, dilation: dilationRate };
  const added = padding === "causal" ? [[(kernelSize[0] - 1) * dilationRate[0], 0] as const] : padding;
  return weightedLayer(read, {
    config: { filters, kernelSize, strides, padding, dilationRate, groups },
    weightsShape: (input) => {
      const { channels } = spatialShape(type, input, rank);
      return [...kernelSize, channels / groups, filters];
    },
    outputShape: (input) => {
      const { channels } = spatialShape(type, input, rank);
      if (channels % groups !== 0) {
        throw unfitInput(type, input, `a number of channels that ${groups} groups divide`);
      }
      return [...countWindows(type, input, windows, rank), filters];
    },
    linear: (x, weights) =>
      conv(x, weights, { strides, padding: added, kernelDilation: dilationRate, groups }),
  });
}
