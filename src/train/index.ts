/**
 * Models that fit, evaluate, predict and are saved, and the callbacks of their training.
 *
 * @module neurite/train
 */

export type {
  BaseModel,
  BatchOptions,
  EvaluateArguments,
  ModelSettings,
  SaveOptions,
} from "./base-model.ts";
export type { Callback, CallbackState, Trainable, Training } from "./callback.ts";
export { csvLogger } from "./callbacks/csv-logger.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./callbacks/early-stopping.ts";
export {
  learningRateScheduler,
  type PlateauOptions,
  reduceLearningRateOnPlateau,
} from "./callbacks/learning-rate.ts";
export { type ModelCheckpointOptions, modelCheckpoint } from "./callbacks/model-checkpoint.ts";
export type { MonitorOptions } from "./callbacks/monitor.ts";
export { tensorBoard } from "./callbacks/tensor-board.ts";
export type { CheckpointOptions } from "./checkpoint.ts";
export type { Data, NamedData } from "./data.ts";
export { type Ensemble, type EnsembleOptions, ensemble, type Member } from "./ensemble.ts";
export type { Logs } from "./figures.ts";
export type { FitArguments, FitOptions } from "./fit.ts";
export type { LoadOptions } from "./load.ts";
export { Model, type ModelOptions } from "./model.ts";
export type { CompileOptions, PerOutput } from "./objective.ts";
export type { History } from "./run.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export type { Batch, Batches, BatchesOfEpoch, ExamplesArguments, Supply } from "./source.ts";
export { type LayerStatistics, layerStatistics, type Observable, type Observation } from "./statistics.ts";
export type { TensorsByPath } from "./trees.ts";
