import { convTranspose, type Shape } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { type WeightedOptions, weightedLayer, weightedOptions } from "../weighted.ts";
import {
  type Extents1d,
  type Extents2d,
  type Extents3d,
  type PaddingName,
  paddingNames,
  type SpatialRank,
  spatialShape,
} from "../windows.ts";

/** Options of `conv1dTranspose`, `conv2dTranspose` and `conv3dTranspose`. */
export interface ConvTransposeOptions<Extents> extends WeightedOptions {
  /** The number of output channels. */
  readonly filters: number;
  /** The extents of the kernel. */
  readonly kernelSize: Extents;
  /** How many times larger the output is; default 1. */
  readonly strides?: Extents;
  /** `same`: input · stride positions; `valid`, the default: input · stride + max(kernel − stride, 0). */
  readonly padding?: PaddingName;
  /** The distance of neighbours in the kernel; default 1. */
  readonly dilationRate?: Extents;
}

/**
 * The transpose of `conv1d`: every input is spread over a window of the longer output.
 *
 * Inputs [batch, length, channels] give [batch, length′, filters]; `weights` are [kernel length, filters, channels],
 * `biases` [filters]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { conv1dTranspose } from "neurite/nn";
 *
 * const layer = conv1dTranspose({ filters: 2, kernelSize: 4, strides: 2, padding: "same" });
 * const { outputShapes } = layer.init(random.key(0), [[10, 4]], "f32"); // [[20, 2]]
 * ```
 */
export function conv1dTranspose(options: ConvTransposeOptions<Extents1d>): Layer {
  return conv1dTransposeFrom(options);
}

/**
 * The transpose of `conv2d`: every input is spread over a window of the larger output (Zeiler et al. 2010).
 *
 * Inputs [batch, height, width, channels] give [batch, height′, width′, filters]; `weights` are [kernel height,
 * kernel width, filters, channels], `biases` [filters]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { conv2dTranspose } from "neurite/nn";
 *
 * const layer = conv2dTranspose({ filters: 1, kernelSize: 3, strides: 2, padding: "same", activation: "sigmoid" });
 * const { outputShapes } = layer.init(random.key(0), [[14, 14, 8]], "f32"); // [[28, 28, 1]]
 * ```
 */
export function conv2dTranspose(options: ConvTransposeOptions<Extents2d>): Layer {
  return conv2dTransposeFrom(options);
}

/**
 * The transpose of `conv3d`: every input is spread over a window of the larger output.
 *
 * Inputs [batch, depth, height, width, channels] give [batch, depth′, height′, width′, filters]; `weights` are
 * [kernel depth, kernel height, kernel width, filters, channels], `biases` [filters]. Throws for options and input shapes
 * that do not fit.
 *
 * @example
 * ```ts
 * import { conv3dTranspose } from "neurite/nn";
 *
 * const layer = conv3dTranspose({ filters: 1, kernelSize: 2, strides: 2 });
 * const { outputShapes } = layer.init(random.key(0), [[2, 4, 4, 8]], "f32"); // [[4, 8, 8, 1]]
 * ```
 */
export function conv3dTranspose(options: ConvTransposeOptions<Extents3d>): Layer {
  return conv3dTransposeFrom(options);
}

/** `conv1dTranspose` from options that were read. */
export function conv1dTransposeFrom(options: object): Layer {
  return transposedLayer("conv1dTranspose", 1, options);
}

/** `conv2dTranspose` from options that were read. */
export function conv2dTransposeFrom(options: object): Layer {
  return transposedLayer("conv2dTranspose", 2, options);
}

/** `conv3dTranspose` from options that were read. */
export function conv3dTransposeFrom(options: object): Layer {
  return transposedLayer("conv3dTranspose", 3, options);
}

const ownOptions = ["filters", "kernelSize", "strides", "padding", "dilationRate"];

function transposedLayer(type: string, rank: SpatialRank, options: object): Layer {
  const read = new OptionsReader(type, options, [...ownOptions, ...weightedOptions]);
  const filters = read.count("filters");
  const kernelSize = read.extents("kernelSize", rank);
  const strides = read.extents("strides", rank, 1);
  const padding = read.choice("padding", paddingNames, "valid");
  const dilationRate = read.extents("dilationRate", rank, 1);
  const overlap = (axis: number): number =>
    padding === "same" ? 0 : Math.max((kernelSize[axis] - 1) * dilationRate[axis] + 1 - strides[axis], 0);
  const outputShape = (input: Shape): Shape => {
    const { spatial } = spatialShape(type, input, rank);
    return [...spatial.map((extent, axis) => extent * strides[axis] + overlap(axis)), filters];
  };
  return weightedLayer(read, {
    config: { filters, kernelSize, strides, padding, dilationRate },
    weightsShape: (input) => [...kernelSize, filters, spatialShape(type, input, rank).channels],
    outputShape,
    linear: (x, weights) => convTranspose(x, weights, { strides, padding, kernelDilation: dilationRate }),
  });
}
