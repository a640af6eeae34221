export { type BatchOptions, batches, Dataset, shuffle, takeRows } from "./dataset.ts";
export { type Split, type SplitOptions, trainTestSplit } from "./split.ts";
