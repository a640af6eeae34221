import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { activationFrom } from "./activation.ts";
import {
  cropping1dFrom,
  cropping2dFrom,
  cropping3dFrom,
  zeroPadding1dFrom,
  zeroPadding2dFrom,
  zeroPadding3dFrom,
} from "./borders.ts";
import { conv1dTransposeFrom, conv2dTransposeFrom, conv3dTransposeFrom } from "./conv-transpose.ts";
import { conv1dFrom, conv2dFrom, conv3dFrom } from "./convolution.ts";
import { denseFrom } from "./dense.ts";
import { depthwiseConv1dFrom, depthwiseConv2dFrom } from "./depthwise.ts";
import { dropoutFrom } from "./dropout.ts";
import {
  globalAvgPool1dFrom,
  globalAvgPool2dFrom,
  globalAvgPool3dFrom,
  globalMaxPool1dFrom,
  globalMaxPool2dFrom,
  globalMaxPool3dFrom,
} from "./global-pooling.ts";
import type { Json, Layer, LayerConfig } from "./layer.ts";
import { OptionsReader } from "./options.ts";
import {
  avgPool1dFrom,
  avgPool2dFrom,
  avgPool3dFrom,
  maxPool1dFrom,
  maxPool2dFrom,
  maxPool3dFrom,
} from "./pooling.ts";
import { flattenFrom, permuteFrom, repeatVectorFrom, reshapeFrom } from "./reshaping.ts";
import { separableConv1dFrom, separableConv2dFrom } from "./separable.ts";
import { stack } from "./stack.ts";
import { upSampling1dFrom, upSampling2dFrom, upSampling3dFrom } from "./up-sampling.ts";

/**
 * Makes a layer of a type from its config, which has its `name` too where it was given one; `read` makes the layers that
 * stand in the config.
 */
export type LayerMaker = (config: LayerConfig, read: (description: Json) => Layer) => Layer;

/** Layers of a user's own, by type. */
export type CustomLayers = Readonly<Record<string, LayerMaker>>;

// A module of its own: only what reads saved models needs all layers.
const makers: CustomLayers = {
  activation: activationFrom,
  avgPool1d: avgPool1dFrom,
  avgPool2d: avgPool2dFrom,
  avgPool3d: avgPool3dFrom,
  conv1d: conv1dFrom,
  conv1dTranspose: conv1dTransposeFrom,
  conv2d: conv2dFrom,
  conv2dTranspose: conv2dTransposeFrom,
  conv3d: conv3dFrom,
  conv3dTranspose: conv3dTransposeFrom,
  cropping1d: cropping1dFrom,
  cropping2d: cropping2dFrom,
  cropping3d: cropping3dFrom,
  dense: denseFrom,
  depthwiseConv1d: depthwiseConv1dFrom,
  depthwiseConv2d: depthwiseConv2dFrom,
  dropout: dropoutFrom,
  flatten: flattenFrom,
  globalAvgPool1d: globalAvgPool1dFrom,
  globalAvgPool2d: globalAvgPool2dFrom,
  globalAvgPool3d: globalAvgPool3dFrom,
  globalMaxPool1d: globalMaxPool1dFrom,
  globalMaxPool2d: globalMaxPool2dFrom,
  globalMaxPool3d: globalMaxPool3dFrom,
  maxPool1d: maxPool1dFrom,
  maxPool2d: maxPool2dFrom,
  maxPool3d: maxPool3dFrom,
  permute: permuteFrom,
  repeatVector: repeatVectorFrom,
  reshape: reshapeFrom,
  separableConv1d: separableConv1dFrom,
  separableConv2d: separableConv2dFrom,
  stack: stackFrom,
  upSampling1d: upSampling1dFrom,
  upSampling2d: upSampling2dFrom,
  upSampling3d: upSampling3dFrom,
  zeroPadding1d: zeroPadding1dFrom,
  zeroPadding2d: zeroPadding2dFrom,
  zeroPadding3d: zeroPadding3dFrom,
};

/** The types of the library's layers. */
export const layerTypes: readonly string[] = /*#__PURE__*/ Object.keys(makers);

/**
 * The layer that `describeLayer` described. Types of a user's own come as `custom`, from the config to the layer. Throws for
 * an unknown type, suggesting the closest one, and for options that do not fit.
 *
 * @example
 * ```ts
 * import { dense, describeLayer, layerFromConfig } from "neurite/nn";
 *
 * const json = JSON.stringify(describeLayer(dense({ units: 10, name: "output" })));
 * const layer = layerFromConfig(JSON.parse(json)); // dense, units 10
 * ```
 */
export function layerFromConfig(description: Json, custom: CustomLayers = {}): Layer {
  if (!isObject(description)) throw unreadable(description);
  const { type, name, config } = description;
  if (typeof type !== "string" || !isObject(config)) throw unreadable(description);
  const named = name === undefined ? config : { ...config, name };
  const known = { ...makers, ...custom };
  if (!Object.hasOwn(known, type)) throw unknownName("layer type", type, Object.keys(known));
  return known[type](named, (part) => layerFromConfig(part, custom));
}

function stackFrom(config: LayerConfig, read: (description: Json) => Layer): Layer {
  const { name, inputShape } = new OptionsReader("stack", config, ["layers"]);
  const { layers } = config;
  if (!Array.isArray(layers)) throw unreadable(config);
  const options = { ...(name !== undefined && { name }), ...(inputShape !== undefined && { inputShape }) };
  return stack(layers.map(read), options);
}

function isObject(value: Json | undefined): value is LayerConfig {
  return isPlainObject(value);
}

function unreadable(got: Json): NeuriteError {
  return new NeuriteError({
    operation: "layerFromConfig",
    got: JSON.stringify(got),
    expected: `{"type": …, "config": {…}}, as describeLayer gives it`,
  });
}
