import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { activationFrom } from "./activations/activation.ts";
import { preluFrom } from "./activations/prelu.ts";
import { multiHeadAttentionFrom } from "./attention/attention.ts";
import { positionalEmbeddingFrom } from "./attention/positional.ts";
import { transformerBlockFrom } from "./attention/transformer.ts";
import { randomContrastFrom, randomErasingFrom, randomFlipFrom } from "./augmentation/augmentation.ts";
import { randomRotationFrom, randomTranslationFrom, randomZoomFrom } from "./augmentation/random-geometry.ts";
import {
  conv1dTransposeFrom,
  conv2dTransposeFrom,
  conv3dTransposeFrom,
} from "./convolution/conv-transpose.ts";
import { conv1dFrom, conv2dFrom, conv3dFrom } from "./convolution/convolution.ts";
import { depthwiseConv1dFrom, depthwiseConv2dFrom } from "./convolution/depthwise.ts";
import { separableConv1dFrom, separableConv2dFrom } from "./convolution/separable.ts";
import { denseFrom } from "./dense/dense.ts";
import { embeddingFrom } from "./dense/embedding.ts";
import { maxoutFrom } from "./dense/maxout.ts";
import type { Json, Layer, LayerConfig } from "./layer.ts";
import {
  addFrom,
  averageFrom,
  concatenateFrom,
  dotFrom,
  maximumFrom,
  minimumFrom,
  multiplyFrom,
  subtractFrom,
} from "./merging/merging.ts";
import { graphFrom } from "./networks/graph-from.ts";
import { residual } from "./networks/residual.ts";
import { stack } from "./networks/stack.ts";
import {
  dropoutFrom,
  spatialDropout1dFrom,
  spatialDropout2dFrom,
  spatialDropout3dFrom,
} from "./noise/dropout.ts";
import { gaussianDropoutFrom, gaussianNoiseFrom } from "./noise/gaussian.ts";
import { batchNormalizationFrom } from "./normalization/batch-normalization.ts";
import { groupNormalizationFrom } from "./normalization/group-normalization.ts";
import { layerNormalizationFrom } from "./normalization/layer-normalization.ts";
import { localResponseNormalizationFrom } from "./normalization/local-response.ts";
import { type LayerOptions, OptionsReader } from "./options.ts";
import {
  globalAvgPool1dFrom,
  globalAvgPool2dFrom,
  globalAvgPool3dFrom,
  globalMaxPool1dFrom,
  globalMaxPool2dFrom,
  globalMaxPool3dFrom,
} from "./pooling/global-pooling.ts";
import {
  avgPool1dFrom,
  avgPool2dFrom,
  avgPool3dFrom,
  maxPool1dFrom,
  maxPool2dFrom,
  maxPool3dFrom,
} from "./pooling/pooling.ts";
import { bidirectional, mergeModes } from "./recurrent/bidirectional.ts";
import { gatedFeedbackRnnFrom } from "./recurrent/gated-feedback.ts";
import { gruFrom } from "./recurrent/gru.ts";
import { lstmFrom } from "./recurrent/lstm.ts";
import { maskingFrom } from "./recurrent/masking.ts";
import { simpleRnnFrom } from "./recurrent/simple-rnn.ts";
import { timeDistributed } from "./recurrent/time-distributed.ts";
import {
  cropping1dFrom,
  cropping2dFrom,
  cropping3dFrom,
  zeroPadding1dFrom,
  zeroPadding2dFrom,
  zeroPadding3dFrom,
} from "./shaping/borders.ts";
import { flattenFrom, permuteFrom, repeatVectorFrom, reshapeFrom } from "./shaping/reshaping.ts";
import { upSampling1dFrom, upSampling2dFrom, upSampling3dFrom } from "./shaping/up-sampling.ts";

/**
 * Makes a layer of a type from its config, which has its `name` too where it was given one; `read` makes the layers that
 * stand in the config.
 */
export type LayerMaker = (config: LayerConfig, read: ReadLayer) => Layer;

/**
 * Makes a layer of its description.
 *
 * @inline
 */
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
  const layer = known[type](named, (part) => layerFromConfig(part, custom));
  // A maker of a user's own need not know of names.
  return typeof name === "string" && layer.name === undefined ? { ...layer, name } : layer;
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
