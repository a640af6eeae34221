import { NeuriteError } from "../base/error.ts";
import { conv } from "../tensor/index.ts";
import type { Layer } from "./layer.ts";
import { OptionsReader } from "./options.ts";
import { unfitInput } from "./single.ts";
import { type WeightedOptions, weightedLayer, weightedOptions } from "./weighted.ts";
import { countWindows, imageShape, type PaddingName, paddingNames, type Windows } from "./windows.ts";

/** Options of `conv2d`. */
export interface Conv2dOptions extends WeightedOptions {
  /** The number of output channels. */
  readonly filters: number;
  /** Height and width of the kernel, or one number for both. */
  readonly kernelSize: number | readonly [height: number, width: number];
  /** Positions between two outputs; default 1. */
  readonly strides?: number | readonly [height: number, width: number];
  /** Default `valid`. */
  readonly padding?: PaddingName;
  /** The distance of neighbours in the kernel; default 1. */
  readonly dilationRate?: number | readonly [height: number, width: number];
  /** Channels are split into this many groups, each with its own filters; default 1. */
  readonly groups?: number;
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

/** `conv2d` from options that were read. */
export function conv2dFrom(options: object): Layer {
  const known = ["filters", "kernelSize", "strides", "padding", "dilationRate", "groups", ...weightedOptions];
  const read = new OptionsReader("conv2d", options, known);
  const filters = read.count("filters");
  const kernelSize = read.pair("kernelSize");
  const strides = read.pair("strides", 1);
  const padding = read.choice("padding", paddingNames, "valid");
  const dilationRate = read.pair("dilationRate", 1);
  const groups = read.count("groups", 1);
  if (filters % groups !== 0) {
    throw new NeuriteError({
      operation: "conv2d",
      got: `filters: ${filters}, groups: ${groups}`,
      expected: `filters a multiple of ${groups}`,
    });
  }
  const windows: Windows = { size: kernelSize, strides, padding, dilation: dilationRate };
  return weightedLayer(read, {
    config: { filters, kernelSize, strides, padding, dilationRate, groups },
    weightsShape: (input) => {
      const [, , channels] = imageShape("conv2d", input);
      return [...kernelSize, channels / groups, filters];
    },
    outputShape: (input) => {
      const [, , channels] = imageShape("conv2d", input);
      if (channels % groups !== 0) {
        throw unfitInput("conv2d", input, `a number of channels that ${groups} groups divide`);
      }
      return [...countWindows("conv2d", input, windows), filters];
    },
    linear: (x, weights) => conv(x, weights, { strides, padding, kernelDilation: dilationRate, groups }),
  });
}
