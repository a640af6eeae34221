// What users see as "neurite/nn".
export { activation } from "./activation.ts";
export { type ActivationName, activationNames, activations } from "./activations.ts";
export { type DenseOptions, dense } from "./dense.ts";
export { describeLayer, type LayerDescription } from "./description.ts";
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
export { nameLayers, type Stack, stack } from "./stack.ts";
export type { WeightedOptions } from "./weighted.ts";
