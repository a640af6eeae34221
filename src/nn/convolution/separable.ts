import type { ActivationLike } from "../activations/activations.ts";
import type { InitializerLike } from "../initializers/initializer-table.ts";
import type { Layer } from "../layer.ts";
import { stack } from "../networks/stack.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import type { RegularizerLike } from "../regularizers/regularizer-table.ts";
import type { Extents1d, Extents2d, PaddingName, SpatialRank } from "../windows.ts";
import { conv1dFrom, conv2dFrom } from "./convolution.ts";
import { depthwiseLayer, depthwiseOptions } from "./depthwise.ts";

/** Options of `separableConv1d` and `separableConv2d`. */
export interface SeparableOptions<Extents> extends LayerOptions {
  /** The number of output channels. */
  readonly filters: number;
  /** The extents of the kernel of the depthwise part. */
  readonly kernelSize: Extents;
  /** The number of channels between the two parts for each input channel; default 1. */
  readonly depthMultiplier?: number;
  /** Positions between two outputs; default 1. */
  readonly strides?: Extents;
  /** Default `valid`. */
  readonly padding?: PaddingName;
  /** The distance of neighbours in the kernel; default 1. */
  readonly dilationRate?: Extents;
  /** Default `linear`: none. */
  readonly activation?: ActivationLike;
  /** Whether biases are added at the end; default true. */
  readonly useBias?: boolean;
  /** How the weights of the depthwise part begin; default `glorotUniform`. */
  readonly depthwiseInitializer?: InitializerLike;
  /** How the weights of the pointwise part begin; default `glorotUniform`. */
  readonly pointwiseInitializer?: InitializerLike;
  /** How the biases begin; default `zeros`. */
  readonly biasInitializer?: InitializerLike;
  /** A penalty on the weights of the depthwise part; default none. */
  readonly depthwiseRegularizer?: RegularizerLike;
  /** A penalty on the weights of the pointwise part; default none. */
  readonly pointwiseRegularizer?: RegularizerLike;
  /** A penalty on the biases; default none. */
  readonly biasRegularizer?: RegularizerLike;
  /** A penalty on the outputs, the mean over the batch; default none. */
  readonly activityRegularizer?: RegularizerLike;
}

/**
 * A depthwise convolution of sequences, then one with a kernel of 1 that mixes the channels (Chollet 2017).
 *
 * Inputs [batch, length, channels] give [batch, length′, filters]; `depthwise.weights` and `pointwise.weights` are those of
 * `depthwiseConv1d` and `conv1d`, `pointwise.biases` [filters]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { separableConv1d } from "neurite/nn";
 *
 * const layer = separableConv1d({ filters: 8, kernelSize: 3 });
 * const { outputShapes } = layer.init(random.key(0), [[10, 4]], "f32"); // [[8, 8]]
 * ```
 */
export function separableConv1d(options: SeparableOptions<Extents1d>): Layer {
  return separableConv1dFrom(options);
}

/**
 * A depthwise convolution of images, then one with a kernel of 1 × 1 that mixes the channels (Chollet 2017).
 *
 * Inputs [batch, height, width, channels] give [batch, height′, width′, filters]; `depthwise.weights` and
 * `pointwise.weights` are those of `depthwiseConv2d` and `conv2d`, `pointwise.biases` [filters]. Throws for options and
 * input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { separableConv2d } from "neurite/nn";
 *
 * const layer = separableConv2d({ filters: 8, kernelSize: 3, activation: "relu" });
 * const { outputShapes } = layer.init(random.key(0), [[8, 8, 4]], "f32"); // [[6, 6, 8]]
 * ```
 */
export function separableConv2d(options: SeparableOptions<Extents2d>): Layer {
  return separableConv2dFrom(options);
}

/** `separableConv1d` from options that were read. */
export function separableConv1dFrom(options: object): Layer {
  return separableLayer("separableConv1d", 1, conv1dFrom, options);
}

/** `separableConv2d` from options that were read. */
export function separableConv2dFrom(options: object): Layer {
  return separableLayer("separableConv2d", 2, conv2dFrom, options);
}

const ownOptions = [
  "filters",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "pointwiseInitializer",
  "biasInitializer",
  "depthwiseRegularizer",
  "pointwiseRegularizer",
  "biasRegularizer",
  "activityRegularizer",
];

function separableLayer(
  type: string,
  rank: SpatialRank,
  convolutionFrom: (options: object) => Layer,
  options: object,
): Layer {
  const read = new OptionsReader(type, options, [...ownOptions, ...depthwiseOptions]);
  const given = (names: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, read.value(name)]));
  const depthwise = depthwiseLayer(type, rank, {
    ...given(depthwiseOptions),
    name: "depthwise",
    useBias: false,
    kernelInitializer: read.value("depthwiseInitializer"),
    kernelRegularizer: read.value("depthwiseRegularizer"),
  });
  const pointwise = convolutionFrom({
    ...given([
      "filters",
      "activation",
      "useBias",
      "biasInitializer",
      "biasRegularizer",
      "activityRegularizer",
    ]),
    name: "pointwise",
    kernelSize: 1,
    kernelInitializer: read.value("pointwiseInitializer"),
    kernelRegularizer: read.value("pointwiseRegularizer"),
  });
  const { kernelSize, depthMultiplier, strides, padding, dilationRate, ...first } = depthwise.config;
  const { filters, activation, useBias, biasInitializer, ...second } = pointwise.config;
  const { init, apply } = stack([depthwise, pointwise]);
  const { name, inputShape } = read;
  return {
    type,
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      ...{ filters, kernelSize, depthMultiplier, strides, padding, dilationRate, activation, useBias },
      depthwiseInitializer: first.kernelInitializer,
      pointwiseInitializer: second.kernelInitializer,
      biasInitializer,
      ...(first.kernelRegularizer !== undefined && { depthwiseRegularizer: first.kernelRegularizer }),
      ...(second.kernelRegularizer !== undefined && { pointwiseRegularizer: second.kernelRegularizer }),
      ...(second.biasRegularizer !== undefined && { biasRegularizer: second.biasRegularizer }),
      ...(second.activityRegularizer !== undefined && { activityRegularizer: second.activityRegularizer }),
      ...(inputShape !== undefined && { inputShape }),
    },
    init,
    apply,
  };
}
