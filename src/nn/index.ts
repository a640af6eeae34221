// What users see as "neurite/nn".
export { activation } from "./activation.ts";
export { type ActivationName, activationNames, activations } from "./activations.ts";
export { type Conv2dOptions, conv2d } from "./conv2d.ts";
export { type DenseOptions, dense } from "./dense.ts";
export { describeLayer, type LayerDescription } from "./description.ts";
export { type DropoutOptions, dropout } from "./dropout.ts";
export { flatten } from "./flatten.ts";
export type { InitializerLike, InitializerName } from "./initializer-table.ts";
export type { Initializer, InitializerConfig, NormalConfig, UniformConfig } from "./initializers.ts";
export * as initializers from "./initializers.ts";
export type {
  Applied,
  ApplyOptions,
  Head,
  Initialized,
  Json,
  Layer,
  LayerConfig,
  TensorTree,
  Variables,
} from "./layer.ts";
export type { LayerOptions } from "./options.ts";
export { avgPool2d, maxPool2d, type Pool2dOptions } from "./pooling.ts";
export { type CustomLayers, type LayerMaker, layerFromConfig } from "./registry.ts";
export { nameLayers, type Stack, stack } from "./stack.ts";
export type { WeightedOptions } from "./weighted.ts";
export type { PaddingName } from "./windows.ts";
