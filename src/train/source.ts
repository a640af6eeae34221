import { NeuriteError } from "../base/error.ts";
import { Dataset } from "../data/index.ts";
import { random, Tensor } from "../tensor/index.ts";
import { countExamples, type Data, type Examples, type NamedData } from "./data.ts";

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
export function tableSource(examples: Examples, { batchSize, shuffle, seed }: TableCourse): Source {
  const dataset = new Dataset(examples);
  const key = random.key(seed);
  return {
    steps: Math.ceil(dataset.count / batchSize),
    identity: { examples: countExamples(examples), batchSize, shuffle, ...(shuffle && { seed }) },
    epoch: (epoch) => dataset.batches(batchSize, shuffle ? { key: random.foldIn(key, epoch) } : {}),
  };
}

/** Inputs with their targets, and perhaps how much each example counts. */
export type Batch =
  | readonly [x: Data | NamedData, y: Data | NamedData]
  | readonly [x: Data | NamedData, y: Data | NamedData, sampleWeight: Data];

/** Makes the batches of an epoch, counted from 0. */
export type BatchesOfEpoch = (epoch: number) => Iterable<Batch> | AsyncIterable<Batch>;

/** Batches that come one by one: something to go through in every epoch, or a function that begins each. */
export type Batches = AsyncIterable<Batch> | BatchesOfEpoch;

/** Batches that come one by one, each checked and made tensors by `read`. */
export function streamSource(batches: Batches, read: (batch: Batch) => Examples): Source {
  return {
    steps: undefined,
    identity: {},
    epoch: (epoch) => drawAll(typeof batches === "function" ? batches(epoch) : batches, read, epoch),
  };
}

async function* drawAll(
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  read: (batch: Batch) => Examples,
  epoch: number,
): AsyncGenerator<Examples, void> {
  let isEmpty = true;
  for await (const batch of batches) {
    isEmpty = false;
    yield read(batch);
  }
  if (!isEmpty) return;
  throw new NeuriteError({
    operation: `fit: epoch ${epoch + 1}`,
    got: "no batches",
    expected: "at least one",
    ...(epoch > 0 && { hint: "a generator is gone through once: pass the function that makes it" }),
  });
}

/** The tensors of a dataset of inputs and targets, and perhaps weights. */
export function columnsOf(dataset: Dataset<readonly Tensor[]>): Batch {
  const columns: unknown = dataset.take(Int32Array.from({ length: dataset.count }, (_, i) => i));
  if (Array.isArray(columns) && columns.every((column) => column instanceof Tensor)) {
    const [x, y, weights] = columns;
    if (columns.length === 2) return [x, y];
    if (columns.length === 3) return [x, y, weights];
  }
  throw new NeuriteError({
    operation: "fit",
    got: "a dataset of another structure",
    expected: "one of [inputs, targets], or of [inputs, targets, sampleWeight]",
  });
}
