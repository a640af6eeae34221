import type { Json } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Logs } from "./figures.ts";
import type { TensorsByPath } from "./trees.ts";

/** What callbacks may do with the model that learns. */
export interface Trainable {
  /** That of the next step. */
  learningRate: number;
  /** Copies of parameters and state by path. */
  getWeights(): Record<string, Tensor>;
  /** Replaces the weights with these paths. */
  setWeights(weights: TensorsByPath): void;
  /** Writes the model to a file, whole or not at all. */
  save(path: string): Promise<void>;
}

/** A call of `fit`, as callbacks see it. */
export interface Training {
  readonly model: Trainable;
  /** How many epochs are wanted. */
  readonly epochs: number;
  /** Ends training: after the batch, or after the epoch, that is told of. */
  stop(): void;
}

/** What a callback remembers, for a checkpoint: JSON, and tensors by name. */
export interface CallbackState {
  readonly values: Json;
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/**
 * What is told while a model learns: any of these, in a plain object. Training waits for promises
 * that are returned.
 *
 * @example
 * ```ts
 * import type { Callback } from "neurite/train";
 *
 * const goodEnough: Callback = {
 *   onEpochEnd: (epoch, { loss }, training) => {
 *     if (loss < 0.01) training.stop();
 *   },
 * };
 * ```
 */
export interface Callback {
  /** Before the first epoch, also of a run that goes on from a checkpoint. */
  onTrainBegin?(training: Training): unknown;
  /** Before every epoch, counted from 0. */
  onEpochBegin?(epoch: number, training: Training): unknown;
  /** After every step: how many of the epoch are done, and the means over its examples so far. */
  onBatchEnd?(batch: number, logs: Logs, training: Training): unknown;
  /** After every epoch, counted from 0: the means over all examples, and what was validated as `valLoss` and so on. */
  onEpochEnd?(epoch: number, logs: Logs, training: Training): unknown;
  /** After the last epoch; not where an error ends training. */
  onTrainEnd?(training: Training): unknown;
  /** What a run that goes on from a checkpoint has to know. */
  getState?(): CallbackState;
  /** Takes up what `getState` gave, after `onTrainBegin`. Throws for a state that is none of its own. */
  setState?(state: CallbackState): void;
}
