import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { activationFrom } from "./activation.ts";
import { multiHeadAttentionFrom } from "./attention.ts";
import { randomContrastFrom, randomErasingFrom, randomFlipFrom } from "./augmentation.ts";
import { batchNormalizationFrom } from "./batch-normalization.ts";
import { bidirectional, mergeModes } from "./bidirectional.ts";
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
import { embeddingFrom } from "./embedding.ts";
import { gatedFeedbackRnnFrom } from "./gated-feedback.ts";
import {
  globalAvgPool1dFrom,
  globalAvgPool2dFrom,
  globalAvgPool3dFrom,
  globalMaxPool1dFrom,
  globalMaxPool2dFrom,
  globalMaxPool3dFrom,
} from "./global-pooling.ts";
import { graphFrom } from "./graph-from.ts";
import { gruFrom } from "./gru.ts";
import type { Json, Layer, LayerConfig } from "./layer.ts";
import { localResponseNormalizationFrom } from "./local-response.ts";
import { lstmFrom } from "./lstm.ts";
import { maskingFrom } from "./masking.ts";
import { maxoutFrom } from "./maxout.ts";
import {
  addFrom,
  averageFrom,
  concatenateFrom,
  dotFrom,
  maximumFrom,
  minimumFrom,
  multiplyFrom,
  subtractFrom,
} from "./merging.ts";
import {
  dropoutFrom,
  gaussianDropoutFrom,
  gaussianNoiseFrom,
  spatialDropout1dFrom,
  spatialDropout2dFrom,
  spatialDropout3dFrom,
} from "./noise.ts";
import { groupNormalizationFrom, layerNormalizationFrom } from "./normalization.ts";
import { type LayerOptions, OptionsReader } from "./options.ts";
import {
  avgPool1dFrom,
  avgPool2dFrom,
  avgPool3dFrom,
  maxPool1dFrom,
  maxPool2dFrom,
  maxPool3dFrom,
} from "./pooling.ts";
import { positionalEmbeddingFrom } from "./positional.ts";
import { preluFrom } from "./prelu.ts";
import { randomRotationFrom, randomTranslationFrom, randomZoomFrom } from "./random-geometry.ts";
import { flattenFrom, permuteFrom, repeatVectorFrom, reshapeFrom } from "./reshaping.ts";
import { residual } from "./residual.ts";
import { separableConv1dFrom, separableConv2dFrom } from "./separable.ts";
import { simpleRnnFrom } from "./simple-rnn.ts";
import { stack } from "./stack.ts";
import { timeDistributed } from "./time-distributed.ts";
import { transformerBlockFrom } from "./transformer.ts";
import { upSampling1dFrom, upSampling2dFrom, upSampling3dFrom } from "./up-sampling.ts";

/**
 * Makes a layer of a type from its config, which has its `name` too where it was given one; `read` makes the layers that
 * stand in the config.
 */
export type LayerMaker = (config: LayerConfig, read: ReadLayer) => Layer;

type ReadLayer = (description: Json) => Layer;

/** Layers of a user's own, by type. */
export type CustomLayers = Readonly<Record<string, LayerMaker>>;

// A module of its own: only what reads saved models needs all layers.
const makers: CustomLayers = {
  activation: activationFrom,
  add: addFrom,
  average: averageFrom,
  avgPool1d: avgPool1dFrom,
  avgPool2d: avgPool2dFrom,
  avgPool3d: avgPool3dFrom,
  batchNormalization: batchNormalizationFrom,
  bidirectional: bidirectionalFrom,
  concatenate: concatenateFrom,
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
  dot: dotFrom,
  dropout: dropoutFrom,
  embedding: embeddingFrom,
  flatten: flattenFrom,
  gatedFeedbackRnn: gatedFeedbackRnnFrom,
  gaussianDropout: gaussianDropoutFrom,
  gaussianNoise: gaussianNoiseFrom,
  globalAvgPool1d: globalAvgPool1dFrom,
  globalAvgPool2d: globalAvgPool2dFrom,
  globalAvgPool3d: globalAvgPool3dFrom,
  globalMaxPool1d: globalMaxPool1dFrom,
  globalMaxPool2d: globalMaxPool2dFrom,
  globalMaxPool3d: globalMaxPool3dFrom,
  groupNormalization: groupNormalizationFrom,
  graph: graphFrom,
  gru: gruFrom,
  layerNormalization: layerNormalizationFrom,
  localResponseNormalization: localResponseNormalizationFrom,
  lstm: lstmFrom,
  masking: maskingFrom,
  maxPool1d: maxPool1dFrom,
  maxPool2d: maxPool2dFrom,
  maxPool3d: maxPool3dFrom,
  maximum: maximumFrom,
  maxout: maxoutFrom,
  minimum: minimumFrom,
  multiHeadAttention: multiHeadAttentionFrom,
  multiply: multiplyFrom,
  permute: permuteFrom,
  positionalEmbedding: positionalEmbeddingFrom,
  prelu: preluFrom,
  randomContrast: randomContrastFrom,
  randomErasing: randomErasingFrom,
  randomFlip: randomFlipFrom,
  randomRotation: randomRotationFrom,
  randomTranslation: randomTranslationFrom,
  randomZoom: randomZoomFrom,
  repeatVector: repeatVectorFrom,
  reshape: reshapeFrom,
  residual: residualFrom,
  separableConv1d: separableConv1dFrom,
  separableConv2d: separableConv2dFrom,
  simpleRnn: simpleRnnFrom,
  spatialDropout1d: spatialDropout1dFrom,
  spatialDropout2d: spatialDropout2dFrom,
  spatialDropout3d: spatialDropout3dFrom,
  stack: stackFrom,
  subtract: subtractFrom,
  timeDistributed: timeDistributedFrom,
  transformerBlock: transformerBlockFrom,
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

function stackFrom(config: LayerConfig, read: ReadLayer): Layer {
  const options = namedOptions(new OptionsReader("stack", config, ["layers"]));
  return stack(listOf(config, "layers").map(read), options);
}

function residualFrom(config: LayerConfig, read: ReadLayer): Layer {
  const options = namedOptions(new OptionsReader("residual", config, ["layers", "shortcut"]));
  const shortcut = listOf(config, "shortcut").map(read);
  return residual(listOf(config, "layers").map(read), { ...options, shortcut });
}

function bidirectionalFrom(config: LayerConfig, read: ReadLayer): Layer {
  const reader = new OptionsReader("bidirectional", config, ["layer", "mergeMode"]);
  const mergeMode = reader.choice("mergeMode", mergeModes, "concatenate");
  return bidirectional(read(config.layer ?? null), { ...namedOptions(reader), mergeMode });
}

function timeDistributedFrom(config: LayerConfig, read: ReadLayer): Layer {
  const options = namedOptions(new OptionsReader("timeDistributed", config, ["layer"]));
  return timeDistributed(read(config.layer ?? null), options);
}

function namedOptions({ name, inputShape }: OptionsReader): LayerOptions {
  return { ...(name !== undefined && { name }), ...(inputShape !== undefined && { inputShape }) };
}

function listOf(config: LayerConfig, option: string): readonly Json[] {
  const list = config[option];
  if (Array.isArray(list)) return list;
  throw unreadable(config);
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
