import { checkOptions, NeuriteError } from "../base/error.ts";
import { slice, type Tensor } from "../tensor/index.ts";
import type { Callback, Trainable } from "./callback.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import { countExamples, type Data, type Examples, type NamedData } from "./data.ts";
import { dataFault } from "./diagnose.ts";
import type { PerOutput } from "./objective.ts";
import { requireCount } from "./options.ts";
import { type History, Run } from "./run.ts";
import {
  type Batch,
  type ExamplesArguments,
  isStream,
  type Request,
  requireTable,
  type Source,
  type Supply,
  sourceOf,
  tableOf,
  tableSource,
} from "./source.ts";
import type { Trainer } from "./trainer.ts";
import type { Weighting } from "./weights.ts";

/** Options of `fit`. */
export interface FitOptions {
  /** How often all examples are gone through. Default 1. */
  readonly epochs?: number;
  /** Examples in a step; the last batch of an epoch may be smaller. Default 32. */
  readonly batchSize?: number;
  /**
   * Inputs, targets and perhaps sample weights that are not learned from, a dataset of them, or batches that come one by one;
   * evaluated after each epoch. Default none.
   */
  readonly validationData?: Supply;
  /** The share of the last examples that is held out as validation data. Default none. */
  readonly validationSplit?: number;
  /** Whether each epoch goes through the examples in an order of its own. Default true. */
  readonly shuffle?: boolean;
  /** Decides these orders. Default: the model's. */
  readonly seed?: number;
  /**
   * One number for each example, at least 0, by which its loss is multiplied; metrics stay as they are. For all outputs, or
   * for each by name. Default 1.
   */
  readonly sampleWeight?: Data | NamedData;
  /**
   * One number for each class, at least 0: as `sampleWeight`, for all examples of the class. For all outputs, or for each by
   * name. Default 1.
   */
  readonly classWeight?: PerOutput<readonly number[]>;
  /** 0: nothing; 1: a progress bar, or a line for each epoch where there is no terminal; 2: lines. Default 1. */
  readonly verbose?: 0 | 1 | 2;
  /** What is told of each epoch and batch, in this order. Default none. */
  readonly callbacks?: readonly Callback[];
  /** Where training writes down how far it is, and goes on from if it was interrupted. Default nowhere. */
  readonly checkpoint?: CheckpointOptions;
}

/** What `fit` is called with: examples that are all there, or batches that come one by one. */
export type FitArguments = ExamplesArguments<FitOptions>;

/** Goes through the examples again and again; resolves to the figures of each epoch. */
export async function fitModel(
  model: Trainable,
  trainer: Trainer,
  { supply, options = {} }: Request<FitOptions>,
  modelSeed: number,
): Promise<History> {
  checkFitOptions(options);
  const { epochs = 1, verbose = 1, callbacks = [], checkpoint } = options;
  const { source, validation } = readSources(trainer, supply, options, modelSeed);
  const run = new Run({ model, trainer, source, validation, callbacks, epochs });
  if (checkpoint === undefined) return await run.learn(verbose);
  const { openCheckpoint } = await import("./checkpoint.ts");
  return await run.learn(verbose, await openCheckpoint(run, checkpoint));
}

const optionNames: readonly (keyof FitOptions)[] = [
  "epochs",
  "batchSize",
  "validationData",
  "validationSplit",
  "shuffle",
  "seed",
  "sampleWeight",
  "classWeight",
  "verbose",
  "callbacks",
  "checkpoint",
];

/** The options that say how to cut a table into batches: those that come one by one are cut already. */
const tableOptions: readonly (keyof FitOptions)[] = [
  "batchSize",
  "validationSplit",
  "shuffle",
  "seed",
  "sampleWeight",
];

function checkFitOptions(options: FitOptions): void {
  checkOptions("fit", options, optionNames);
  const { epochs = 1, batchSize = 32, validationData, validationSplit } = options;
  requireCount("fit", "epochs", epochs);
  requireCount("fit", "batchSize", batchSize);
  if (validationSplit !== undefined && !(validationSplit > 0 && validationSplit < 1)) {
    throw new NeuriteError({
      operation: "fit",
      got: `validationSplit: ${validationSplit}`,
      expected: "a share between 0 and 1",
    });
  }
  if (validationSplit !== undefined && validationData !== undefined) {
    throw new NeuriteError({
      operation: "fit",
      got: "validationData and validationSplit",
      expected: "one of them",
    });
  }
}

interface Sources {
  readonly source: Source;
  readonly validation: Source | undefined;
}

/** The batches to learn from and those to validate with; examples that are all there are checked. */
function readSources(trainer: Trainer, supply: Supply, options: FitOptions, modelSeed: number): Sources {
  const { batchSize = 32, shuffle = true, seed = modelSeed, validationSplit, validationData } = options;
  const course = { batchSize, shuffle, seed };
  const inOrder = { ...course, shuffle: false };
  const read = (batch: Batch): Examples => readTable(trainer, "fit", batch, options);
  if (validationSplit !== undefined && !isStream(supply)) {
    const [learned, heldOut] = divide(read(tableOf("fit", supply)), validationSplit);
    return { source: tableSource(learned, course), validation: tableSource(heldOut, inOrder) };
  }
  const place = "fit: validationData";
  const validation =
    validationData &&
    sourceOf(place, validationData, inOrder, (batch) => readTable(trainer, place, batch, {}));
  requireTable("fit", supply, options, tableOptions);
  return { source: sourceOf("fit", supply, course, read), validation };
}

function readTable(trainer: Trainer, operation: string, batch: Batch, weighting: Weighting): Examples {
  const [x, y, sampleWeight = weighting.sampleWeight] = batch;
  const { classWeight } = weighting;
  const examples = trainer.read(operation, x, y, {
    ...(sampleWeight !== undefined && { sampleWeight }),
    ...(classWeight !== undefined && { classWeight }),
  });
  requireFinite(operation, examples);
  return examples;
}

/** Throws for data that hold NaN or infinities, which would spoil all that is learned. */
function requireFinite(operation: string, examples: Examples): void {
  const fault = dataFault(examples);
  if (fault !== undefined) {
    throw new NeuriteError({ operation, got: fault.got, expected: "finite numbers", hint: fault.hint });
  }
}

/** The first examples, and the share of the last ones that is held out. */
function divide(examples: Examples, share: number): readonly [learned: Examples, heldOut: Examples] {
  const count = countExamples(examples);
  const first = Math.floor(count * (1 - share));
  if (first === 0 || first === count) {
    throw new NeuriteError({
      operation: "fit",
      got: `validationSplit: ${share} of ${count} examples`,
      expected: "at least one example on each side",
    });
  }
  const rows = ({ x, y, weights }: Examples, start: number, end: number): Examples => {
    const cut = (all: Tensor): Tensor => slice(all, [start], [end]);
    return { x: x.map(cut), y: y.map(cut), weights: weights.map(cut) };
  };
  return [rows(examples, 0, first), rows(examples, first, count)];
}
