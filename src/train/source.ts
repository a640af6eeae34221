import { NeuriteError } from "../base/error.ts";
import { Dataset } from "../data/index.ts";
import { random, Tensor } from "../tensor/index.ts";
import type { Data, Examples, NamedData } from "./data.ts";

/** Where the batches of each epoch come from. */
export interface Source {
  /** How many batches an epoch has, where that is known before. */
  readonly steps: number | undefined;
  /** What decides the batches: a run can only go on with the same. */
  readonly identity: Readonly<Record<string, number | boolean>>;
  epoch(epoch: number): Iterator<Examples> | AsyncIterator<Examples>;
}

/** How a table of examples is gone through. */
export interface TableCourse {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Batches of examples that are all there. */
export function tableSource(examples: Examples, course: TableCourse): Source {
  const dataset = new Dataset(examples);
  return courseSource(dataset.count, course, (order) => dataset.batches(course.batchSize, order));
}

/** Batches of a dataset, made examples by `read` when their turn comes. */
function mappedSource(
  operation: string,
  dataset: Dataset<readonly Tensor[]>,
  course: TableCourse,
  read: (batch: Batch) => Examples,
): Source {
  return courseSource(dataset.count, course, function* (order) {
    for (const columns of dataset.batches(course.batchSize, order)) yield read(batchOf(operation, columns));
  });
}

function courseSource(
  count: number,
  { batchSize, shuffle, seed }: TableCourse,
  begin: (order: { readonly key?: Tensor }) => Iterator<Examples>,
): Source {
  const key = random.key(seed);
  return {
    steps: Math.ceil(count / batchSize),
    identity: { examples: count, batchSize, shuffle, ...(shuffle && { seed }) },
    epoch: (epoch) => begin(shuffle ? { key: random.foldIn(key, epoch) } : {}),
  };
}

/** Inputs with their targets, and perhaps how much each example counts, for all outputs or for each by name. */
export type Batch =
  | readonly [x: Data | NamedData, y: Data | NamedData]
  | readonly [x: Data | NamedData, y: Data | NamedData, sampleWeight: Data | NamedData];

/** Makes the batches of an epoch, counted from 0. */
export type BatchesOfEpoch = (epoch: number) => Iterable<Batch> | AsyncIterable<Batch>;

/** Batches that come one by one: something to go through in every epoch, or a function that begins each. */
export type Batches = AsyncIterable<Batch> | BatchesOfEpoch;

/** Examples that are all there, or batches that come one by one. */
export type Supply = Batch | Dataset<readonly Tensor[]> | Batches;

/** What `fit` and `evaluate` are called with. */
export type ExamplesArguments<Options> =
  | readonly [x: Data | NamedData, y: Data | NamedData, options?: Options]
  | readonly [examples: Dataset<readonly Tensor[]> | Batches, options?: Options];

/** Examples and options of a call. */
export interface Request<Options> {
  readonly supply: Supply;
  readonly options: Options | undefined;
}

/** Tells apart the ways to call `fit` and `evaluate`. */
export function readArguments<Options>(
  operation: string,
  given: ExamplesArguments<Options>,
): Request<Options> {
  if (!isTable(given)) return { supply: given[0], options: given[1] };
  const [x, y, options] = given;
  if (y !== undefined) return { supply: [x, y], options };
  throw new NeuriteError({
    operation,
    got: "inputs without targets",
    expected: `${operation}(x, y, options)`,
  });
}

function isTable<Options>(
  given: ExamplesArguments<Options>,
): given is readonly [x: Data | NamedData, y: Data | NamedData, options?: Options] {
  const [first] = given;
  if (typeof first === "function" || first instanceof Dataset) return false;
  return !(typeof first === "object" && Symbol.asyncIterator in first);
}

/** Whether batches come one by one. */
export function isStream(supply: Supply): supply is Batches {
  return typeof supply === "function" || Symbol.asyncIterator in supply;
}

/** Throws for options that say how to cut a table into batches where these come one by one: they are cut already. */
export function requireTable(
  operation: string,
  supply: Supply,
  options: object,
  names: readonly string[],
): void {
  const given = Object.entries(options).find(([name, value]) => names.includes(name) && value !== undefined);
  if (given === undefined || !isStream(supply)) return;
  throw new NeuriteError({
    operation,
    got: `the option '${given[0]}' with batches that come one by one`,
    expected: `none of ${names.map((name) => `'${name}'`).join(", ")}: the batches are cut already`,
  });
}

/** Batches of what there is, checked and made tensors by `read`; those of a stream or of `map` when their turn comes. */
export function sourceOf(
  operation: string,
  supply: Supply,
  course: TableCourse,
  read: (batch: Batch) => Examples,
): Source {
  if (supply instanceof Dataset && supply.isMapped) {
    return mappedSource(operation, supply, course, read);
  }
  if (!isStream(supply)) return tableSource(read(tableOf(operation, supply)), course);
  return {
    steps: undefined,
    identity: {},
    epoch: (epoch) => drawAll(operation, typeof supply === "function" ? supply(epoch) : supply, read),
  };
}

async function* drawAll(
  operation: string,
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  read: (batch: Batch) => Examples,
): AsyncGenerator<Examples, void> {
  let isEmpty = true;
  for await (const batch of batches) {
    isEmpty = false;
    yield read(batch);
  }
  if (!isEmpty) return;
  throw new NeuriteError({
    operation,
    got: "no batches",
    expected: "at least one in each epoch",
    hint: "a generator is gone through once: pass the function that makes it",
  });
}

/** Examples that are all there, as inputs, targets and perhaps weights. */
export function tableOf(operation: string, supply: Batch | Dataset<readonly Tensor[]>): Batch {
  if (!(supply instanceof Dataset)) return supply;
  return batchOf(operation, supply.take(Int32Array.from({ length: supply.count }, (_, i) => i)));
}

function batchOf(operation: string, columns: unknown): Batch {
  if (Array.isArray(columns) && columns.every((column) => column instanceof Tensor)) {
    const [x, y, weights] = columns;
    if (columns.length === 2) return [x, y];
    if (columns.length === 3) return [x, y, weights];
  }
  throw new NeuriteError({
    operation,
    got: "a dataset of another structure",
    expected: "one of [inputs, targets], or of [inputs, targets, sampleWeight]",
  });
}
