/**
 * Data sets that are shipped or downloaded, readers of files, batches, splits and standardisation.
 *
 * @module neurite/data
 */

export {
  type Column,
  type CsvOptions,
  columnOf,
  type NumberColumn,
  readCsv,
  type Table,
  type TextColumn,
} from "./csv.ts";
export { type BatchOptions, batches, Dataset, shuffle, takeRows } from "./dataset.ts";
export { type Digits, digits } from "./digits.ts";
export {
  categoriesOf,
  encodeCategories,
  encodeFeatures,
  type Feature,
  featuresOf,
  featureWidth,
  numbersOf,
} from "./features.ts";
export { readIdx } from "./idx.ts";
export { type ImageFolderOptions, imagesFromFolder, type LabelledImages } from "./image-folder.ts";
export { fashionClasses, loadFashionMnist, loadMnist, type MnistOptions } from "./mnist.ts";
export { type PadSequencesOptions, padSequences, type Sequence, type SequenceEnd } from "./pad-sequences.ts";
export { circle, gaussian, moons, type PointOptions, type Points, spiral, xor } from "./points.ts";
export { type PrefetchOptions, prefetch } from "./prefetch.ts";
export {
  breastCancer,
  diabetes,
  iris,
  type ShippedClasses,
  type ShippedTable,
  wine,
} from "./shipped-tables.ts";
export { type Split, type SplitOptions, trainTestSplit } from "./split.ts";
export { Standardizer } from "./standardizer.ts";
export { type WindowOptions, windows } from "./windows.ts";
export { batchesInWorker, type WorkerBatch, type WorkerBatchesOptions } from "./worker-batches.ts";
