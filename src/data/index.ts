export { type BatchOptions, batches, Dataset, shuffle, takeRows } from "./dataset.ts";
export { type Digits, digits } from "./digits.ts";
export { readIdx } from "./idx.ts";
export { circle, gaussian, moons, type PointOptions, type Points, spiral, xor } from "./points.ts";
export { type Split, type SplitOptions, trainTestSplit } from "./split.ts";
