/**
 * Optimizers as pure functions over trees of weights, schedules of the learning rate, and `minimize` for small data.
 *
 * @module neurite/optim
 */

export { type AccumulationOptions, accumulateGradients } from "./accumulate.ts";
export { type AdamOptions, type AdamWOptions, adam, adamax, adamW, amsgrad, nadam } from "./adam.ts";
export {
  type AdadeltaOptions,
  type AdagradOptions,
  adadelta,
  adagrad,
  type RmspropOptions,
  rmsprop,
} from "./adaptive.ts";
export { averagedWeights, type MovingAverageOptions, movingAverage } from "./average.ts";
export { chain, scale } from "./chain.ts";
export { type ClipOptions, clipByGlobalNorm, clipByNorm, clipByValue } from "./clipping.ts";
export { maxNorm } from "./constraints.ts";
export { type DecayOptions, decoupledWeightDecay, weightDecay } from "./decay.ts";
export { type BatchMethod, lbfgs, type Problem } from "./lbfgs.ts";
export type { Point } from "./line-search.ts";
export { type MinimizeOptions, type Minimum, minimize, type Progress } from "./minimize.ts";
export { type CustomOptimizers, type OptimizerName, optimizerFromConfig, optimizerOf } from "./names.ts";
export {
  applyUpdates,
  mapTensors,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerDescription,
  type TensorTree,
  type Transformation,
  type UpdateContext,
  type Updated,
} from "./optimizer.ts";
export { type LearningRate, type Schedule, scheduledRate } from "./schedule.ts";
export {
  type CosineDecayOptions,
  cosineDecay,
  type ExponentialDecayOptions,
  exponentialCooling,
  exponentialDecay,
  type OneCycleOptions,
  oneCycle,
  type PiecewiseConstantDecayOptions,
  type PolynomialDecayOptions,
  piecewiseConstantDecay,
  polynomialDecay,
  warmup,
} from "./schedules.ts";
export { gradientDescent, momentum, nesterov, type SgdOptions, sgd } from "./sgd.ts";
export { type LionOptions, lion, type RpropOptions, rprop } from "./sign.ts";
