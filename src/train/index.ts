// What users see as "neurite/train".
export type { Data } from "./data.ts";
export type { CompileOptions } from "./objective.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export type { Logs } from "./trainer.ts";
