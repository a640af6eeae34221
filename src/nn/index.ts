// What users see as "neurite/nn".
export { activation } from "./activation.ts";
export {
  type ActivationConfig,
  type ActivationLike,
  type ActivationName,
  activationNames,
  activations,
} from "./activations.ts";
export { type AttentionOptions, multiHeadAttention } from "./attention.ts";
export {
  type FlipMode,
  type RandomContrastOptions,
  type RandomErasingOptions,
  type RandomFlipOptions,
  randomContrast,
  randomErasing,
  randomFlip,
} from "./augmentation.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./batch-normalization.ts";
export { type BidirectionalOptions, bidirectional, type MergeMode } from "./bidirectional.ts";
export {
  type Cropping1dOptions,
  type Cropping2dOptions,
  type Cropping3dOptions,
  cropping1d,
  cropping2d,
  cropping3d,
  type Sides,
  type ZeroPadding1dOptions,
  type ZeroPadding2dOptions,
  type ZeroPadding3dOptions,
  zeroPadding1d,
  zeroPadding2d,
  zeroPadding3d,
} from "./borders.ts";
export {
  type ConvTransposeOptions,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
} from "./conv-transpose.ts";
export {
  type Conv1dOptions,
  type Conv2dOptions,
  type Conv3dOptions,
  type ConvolutionLayerOptions,
  conv1d,
  conv2d,
  conv3d,
} from "./convolution.ts";
export { type DenseOptions, dense } from "./dense.ts";
export { type DepthwiseOptions, depthwiseConv1d, depthwiseConv2d } from "./depthwise.ts";
export { describeLayer, type LayerDescription } from "./description.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { type GatedFeedbackOptions, gatedFeedbackRnn } from "./gated-feedback.ts";
export {
  type GlobalPoolOptions,
  globalAvgPool1d,
  globalAvgPool2d,
  globalAvgPool3d,
  globalMaxPool1d,
  globalMaxPool2d,
  globalMaxPool3d,
} from "./global-pooling.ts";
export { type Graph, type GraphOptions, graph } from "./graph.ts";
export { type GruOptions, gru } from "./gru.ts";
export type { Initializer, InitializerConfig } from "./initializer.ts";
export type { InitializerLike, InitializerName } from "./initializer-table.ts";
export type { NormalConfig, UniformConfig } from "./initializers.ts";
export * as initializers from "./initializers.ts";
export type {
  Applied,
  ApplyOptions,
  Initialized,
  Json,
  Layer,
  LayerConfig,
  Logits,
  Masks,
  TensorTree,
  Variables,
} from "./layer.ts";
export { type LocalResponseOptions, localResponseNormalization } from "./local-response.ts";
export { type LstmOptions, lstm } from "./lstm.ts";
export { type MaskingOptions, masking } from "./masking.ts";
export { type MaxoutOptions, maxout } from "./maxout.ts";
export type { ConcatenateOptions, DotOptions } from "./merge.ts";
export * as merge from "./merge.ts";
export {
  type DropoutOptions,
  dropout,
  type GaussianNoiseOptions,
  gaussianDropout,
  gaussianNoise,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from "./noise.ts";
export {
  type GroupNormalizationOptions,
  groupNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
  type NormalizationOptions,
} from "./normalization.ts";
export type { LayerOptions } from "./options.ts";
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type Pool1dOptions,
  type Pool2dOptions,
  type Pool3dOptions,
  type PoolLayerOptions,
} from "./pooling.ts";
export { type PositionalEncoding, type PositionalOptions, positionalEmbedding } from "./positional.ts";
export { type PreluOptions, prelu } from "./prelu.ts";
export {
  type Factor,
  type RandomRotationOptions,
  type RandomTranslationOptions,
  type RandomZoomOptions,
  randomRotation,
  randomTranslation,
  randomZoom,
} from "./random-geometry.ts";
export type { RecurrentOptions } from "./recurrent.ts";
export { type CustomLayers, type LayerMaker, layerFromConfig } from "./registry.ts";
export type { RegularizerLike, RegularizerName } from "./regularizer-table.ts";
export type { L1L2Config, Regularizer, RegularizerConfig } from "./regularizers.ts";
export * as regularizers from "./regularizers.ts";
export type { FillMode, Sampling } from "./resample.ts";
export {
  flatten,
  type PermuteOptions,
  permute,
  type RepeatVectorOptions,
  type ReshapeOptions,
  repeatVector,
  reshape,
} from "./reshaping.ts";
export { type ResidualOptions, residual } from "./residual.ts";
export { type SeparableOptions, separableConv1d, separableConv2d } from "./separable.ts";
export type { SequenceOptions } from "./sequence.ts";
export { simpleRnn } from "./simple-rnn.ts";
export { nameLayers, type Stack, stack } from "./stack.ts";
export { connect, type InputOptions, input, type LayerCall, type SymbolicTensor } from "./symbolic.ts";
export { timeDistributed } from "./time-distributed.ts";
export { type TransformerOptions, transformerBlock } from "./transformer.ts";
export {
  type InterpolationName,
  type UpSampling1dOptions,
  type UpSampling2dOptions,
  type UpSampling3dOptions,
  upSampling1d,
  upSampling2d,
  upSampling3d,
} from "./up-sampling.ts";
export type { WeightedOptions } from "./weighted.ts";
export type { Extents1d, Extents2d, Extents3d, PaddingName } from "./windows.ts";
