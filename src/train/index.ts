// What users see as "neurite/train".
export type { Data } from "./data.ts";
export type { Callback, FitOptions, History } from "./fit.ts";
export type { CompileOptions } from "./objective.ts";
export {
  type BatchOptions,
  type LoadOptions,
  type SaveOptions,
  Sequential,
  type SequentialOptions,
} from "./sequential.ts";
export type { Logs } from "./trainer.ts";
export type { TensorsByPath } from "./trees.ts";
