export { type AdamOptions, adam } from "./adam.ts";
export { chain, scale } from "./chain.ts";
export { type OptimizerName, optimizerFromConfig, optimizerOf } from "./names.ts";
export {
  mapTensors,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerDescription,
  type TensorTree,
  type Transformation,
  type UpdateContext,
  type Updated,
} from "./optimizer.ts";
export { momentum, type SgdOptions, sgd } from "./sgd.ts";
