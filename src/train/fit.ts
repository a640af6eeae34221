import { checkOptions, NeuriteError } from "../base/error.ts";
import { Dataset } from "../data/index.ts";
import { random, slice } from "../tensor/index.ts";
import type { Data } from "./data.ts";
import { exampleFault } from "./diagnose.ts";
import { evaluateExamples } from "./evaluate.ts";
import { Means } from "./means.ts";
import { progressFor } from "./progress.ts";
import type { Examples, Logs, Trainer } from "./trainer.ts";
import { Turns } from "./yielding.ts";

/** What is told while a model learns. */
export interface Callback {
  /** After every step: how many of the epoch are done, and the means over its examples so far. */
  onBatchEnd?(batch: number, logs: Logs): void;
  /** After every epoch, counted from 0: the means over all examples, and what was validated as `valLoss` and so on. */
  onEpochEnd?(epoch: number, logs: Logs): void;
}

/** Options of `fit`. */
export interface FitOptions {
  /** How often all examples are gone through. Default 1. */
  readonly epochs?: number;
  /** Examples in a step; the last batch of an epoch may be smaller. Default 32. */
  readonly batchSize?: number;
  /** Inputs and targets that are not learned from, evaluated after each epoch. Default none. */
  readonly validationData?: readonly [x: Data, y: Data];
  /** The share of the last examples that is held out as validation data. Default none. */
  readonly validationSplit?: number;
  /** Whether each epoch goes through the examples in an order of its own. Default true. */
  readonly shuffle?: boolean;
  /** Decides these orders. Default: the model's. */
  readonly seed?: number;
  /** 0: nothing; 1: a progress bar, or a line for each epoch where there is no terminal; 2: lines. Default 1. */
  readonly verbose?: 0 | 1 | 2;
  readonly callbacks?: readonly Callback[];
}

/** The figures of each epoch by name: `loss`, the metrics, and those of validation, `valLoss`. */
export interface History {
  readonly loss: readonly number[];
  readonly [figure: string]: readonly number[];
}

/** The options of `fit` that say how to go through the examples. */
export type Course = Required<Omit<FitOptions, "validationData" | "validationSplit">>;

/** The options of `fit` with their defaults; throws for what does not fit. */
export function readCourse(options: FitOptions, seed: number): Course {
  checkOptions("fit", options, [
    "epochs",
    "batchSize",
    "validationData",
    "validationSplit",
    "shuffle",
    "seed",
    "verbose",
    "callbacks",
  ]);
  const { validationData, validationSplit, ...course } = options;
  const { epochs = 1, batchSize = 32 } = course;
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
  return { shuffle: true, seed, verbose: 1, callbacks: [], ...course, epochs, batchSize };
}

/** Throws unless an option is a whole number of at least one. */
export function requireCount(operation: string, option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new NeuriteError({ operation, got: `${option}: ${value}`, expected: "a whole number, at least 1" });
}

/** Throws for data that hold NaN or infinities, which would spoil all that is learned. */
function requireFinite(operation: string, { x, y }: Examples): void {
  const fault = exampleFault("inputs", x) ?? exampleFault("targets", y);
  if (fault !== undefined) {
    throw new NeuriteError({ operation, got: fault.got, expected: "finite numbers", hint: fault.hint });
  }
}

/** The examples to learn from and those to validate with, all of them checked. */
export function divide(
  trainer: Trainer,
  x: Data,
  y: Data,
  { validationData, validationSplit }: FitOptions,
): { training: Examples; validation: Examples | undefined } {
  const all = trainer.read("fit", x, y);
  requireFinite("fit", all);
  if (validationData !== undefined) {
    const validation = trainer.read("fit: validationData", ...validationData);
    requireFinite("fit: validationData", validation);
    return { training: all, validation };
  }
  if (validationSplit === undefined) return { training: all, validation: undefined };
  const count = all.x.shape[0];
  const first = Math.floor(count * (1 - validationSplit));
  if (first === 0 || first === count) {
    throw new NeuriteError({
      operation: "fit",
      got: `validationSplit: ${validationSplit} of ${count} examples`,
      expected: "at least one example on each side",
    });
  }
  const rows = (start: number, end: number): Examples => ({
    x: slice(all.x, [start], [end]),
    y: slice(all.y, [start], [end]),
  });
  return { training: rows(0, first), validation: rows(first, count) };
}

/** Goes through the examples again and again; resolves to the figures of each epoch. */
export async function fitExamples(
  trainer: Trainer,
  examples: Examples,
  validation: Examples | undefined,
  course: Course,
): Promise<History> {
  const { epochs, batchSize, shuffle, seed, verbose } = course;
  const dataset = new Dataset([examples.x, examples.y] as const);
  const progress = await progressFor(verbose, epochs, Math.ceil(dataset.count / batchSize));
  const callbacks = [progress, ...course.callbacks];
  const isWatched = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  const history = new Map<string, number[]>();
  const key = random.key(seed);
  const turns = new Turns();
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const means = new Means();
      const order = shuffle ? { key: random.foldIn(key, epoch) } : {};
      let batch = 0;
      for (const [x, y] of dataset.batches(batchSize, order)) {
        means.add(trainer.train(x, y), x.shape[0]);
        batch++;
        if (isWatched) for (const callback of callbacks) callback.onBatchEnd?.(batch, means.read());
        if (turns.areOver) await turns.rest();
      }
      let figures = means.read();
      if (validation !== undefined) {
        const validated = await evaluateExamples(trainer, validation, batchSize, turns);
        figures = { ...figures, ...asValidation(validated) };
      }
      for (const [name, value] of Object.entries(figures)) {
        const values = history.get(name);
        if (values === undefined) history.set(name, [value]);
        else values.push(value);
      }
      for (const callback of callbacks) callback.onEpochEnd?.(epoch, figures);
    }
  } finally {
    progress.stop();
  }
  return { loss: [], ...Object.fromEntries(history) };
}

/** `loss` becomes `valLoss`. */
function asValidation(logs: Logs): Record<string, number> {
  return Object.fromEntries(
    Object.entries(logs).map(([name, value]) => [`val${name[0].toUpperCase()}${name.slice(1)}`, value]),
  );
}
