/**
 * Layers, initializers and regularizers as values, and the graphs and stacks that are made of them.
 *
 * @module neurite/nn
 */

export { activation } from "./activations/activation.ts";
export {
  type ActivationConfig,
  type ActivationLike,
  type ActivationName,
  activationNames,
  activations,
} from "./activations/activations.ts";
export { type PreluOptions, prelu } from "./activations/prelu.ts";
export { type AttentionOptions, multiHeadAttention } from "./attention/attention.ts";
export {
  type PositionalEncoding,
  type PositionalOptions,
  positionalEmbedding,
} from "./attention/positional.ts";
export { type TransformerOptions, transformerBlock } from "./attention/transformer.ts";
export {
  type FlipMode,
  type RandomContrastOptions,
  type RandomErasingOptions,
  type RandomFlipOptions,
  randomContrast,
  randomErasing,
  randomFlip,
} from "./augmentation/augmentation.ts";
export {
  type Factor,
  type RandomRotationOptions,
  type RandomTranslationOptions,
  type RandomZoomOptions,
  randomRotation,
  randomTranslation,
  randomZoom,
} from "./augmentation/random-geometry.ts";
export type { FillMode, Sampling } from "./augmentation/resample.ts";
export {
  type ConvTransposeOptions,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
} from "./convolution/conv-transpose.ts";
export {
  type Conv1dOptions,
  type Conv2dOptions,
  type Conv3dOptions,
  type ConvolutionLayerOptions,
  conv1d,
  conv2d,
  conv3d,
} from "./convolution/convolution.ts";
export { type DepthwiseOptions, depthwiseConv1d, depthwiseConv2d } from "./convolution/depthwise.ts";
export { type SeparableOptions, separableConv1d, separableConv2d } from "./convolution/separable.ts";
export { type CustomLayerParts, customLayer, type NamedTensors } from "./custom-layer.ts";
export { type DenseOptions, dense } from "./dense/dense.ts";
export { type EmbeddingOptions, embedding } from "./dense/embedding.ts";
export { type MaxoutOptions, maxout } from "./dense/maxout.ts";
export { describeLayer, type LayerDescription } from "./description.ts";
export type { Initializer, InitializerConfig } from "./initializers/initializer.ts";
export type { InitializerLike, InitializerName } from "./initializers/initializer-table.ts";
export type { NormalConfig, UniformConfig } from "./initializers/initializers.ts";
/** How weights begin. */
export * as initializers from "./initializers/initializers.ts";
export type {
  Applied,
  ApplyOptions,
  Initialized,
  Json,
  Layer,
  LayerConfig,
  Logits,
  Masks,
  NamedTensorTree,
  Variables,
} from "./layer.ts";
export type { ConcatenateOptions, DotOptions } from "./merging/merge.ts";
/** Layers from several inputs to one output. */
export * as merge from "./merging/merge.ts";
export { type Graph, type GraphOptions, graph } from "./networks/graph.ts";
export { type Residual, type ResidualOptions, residual } from "./networks/residual.ts";
export { nameLayers, type Stack, stack } from "./networks/stack.ts";
export {
  connect,
  type InputOptions,
  input,
  type LayerCall,
  type SymbolicTensor,
} from "./networks/symbolic.ts";
export {
  type DropoutOptions,
  dropout,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from "./noise/dropout.ts";
export { type GaussianNoiseOptions, gaussianDropout, gaussianNoise } from "./noise/gaussian.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./normalization/batch-normalization.ts";
export { type GroupNormalizationOptions, groupNormalization } from "./normalization/group-normalization.ts";
export { type LayerNormalizationOptions, layerNormalization } from "./normalization/layer-normalization.ts";
export { type LocalResponseOptions, localResponseNormalization } from "./normalization/local-response.ts";
export type { NormalizationOptions } from "./normalization/normalization.ts";
export type { LayerOptions } from "./options.ts";
export {
  type GlobalPoolOptions,
  globalAvgPool1d,
  globalAvgPool2d,
  globalAvgPool3d,
  globalMaxPool1d,
  globalMaxPool2d,
  globalMaxPool3d,
} from "./pooling/global-pooling.ts";
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
} from "./pooling/pooling.ts";
export { type BidirectionalOptions, bidirectional, type MergeMode } from "./recurrent/bidirectional.ts";
export {
  type GatedFeedbackCell,
  type GatedFeedbackOptions,
  gatedFeedbackRnn,
} from "./recurrent/gated-feedback.ts";
export { type GruOptions, gru } from "./recurrent/gru.ts";
export { type LstmOptions, lstm } from "./recurrent/lstm.ts";
export { type MaskingOptions, masking } from "./recurrent/masking.ts";
export type { RecurrentOptions } from "./recurrent/recurrent.ts";
export type { SequenceOptions } from "./recurrent/sequence.ts";
export { simpleRnn } from "./recurrent/simple-rnn.ts";
export { timeDistributed } from "./recurrent/time-distributed.ts";
export { type CustomLayers, type LayerMaker, layerFromConfig } from "./registry.ts";
export type { RegularizerLike, RegularizerName } from "./regularizers/regularizer-table.ts";
export type { L1L2Config, Regularizer, RegularizerConfig } from "./regularizers/regularizers.ts";
/** Penalties on weights and outputs, added to the loss. */
export * as regularizers from "./regularizers/regularizers.ts";
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
} from "./shaping/borders.ts";
export {
  flatten,
  type PermuteOptions,
  permute,
  type RepeatVectorOptions,
  type ReshapeOptions,
  repeatVector,
  reshape,
} from "./shaping/reshaping.ts";
export {
  type InterpolationName,
  type UpSampling1dOptions,
  type UpSampling2dOptions,
  type UpSampling3dOptions,
  upSampling1d,
  upSampling2d,
  upSampling3d,
} from "./shaping/up-sampling.ts";
export type { WeightedOptions } from "./weighted.ts";
export type { Extents1d, Extents2d, Extents3d, PaddingName } from "./windows.ts";
