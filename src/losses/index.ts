// What users see as "neurite/losses".
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from "./crossentropy.ts";
export { meanAbsoluteError, meanSquaredError } from "./errors.ts";
export type { CrossentropyOptions, Loss, LossOptions, Reduction } from "./loss.ts";
export { type LossName, losses, lossOf } from "./table.ts";
