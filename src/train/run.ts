import type { Callback, CallbackState, Trainable, Training } from "./callback.ts";
import { evaluateSource } from "./evaluate.ts";
import type { Figures, Logs } from "./figures.ts";
import { type Progress, progressFor } from "./progress.ts";
import type { Source } from "./source.ts";
import type { Trainer } from "./trainer.ts";
import { Turns } from "./yielding.ts";

/** The figures of each epoch by name: `loss`, the metrics, and those of validation, `valLoss`. */
export interface History {
  readonly loss: readonly number[];
  readonly [figure: string]: readonly number[];
}

/** How far a run has come, without what trainer and callbacks hold. */
export interface Standing {
  /** Epochs done. */
  readonly epoch: number;
  /** Batches of the running epoch that were learned. */
  readonly batch: number;
  readonly history: ReadonlyMap<string, readonly number[]>;
  readonly isStopped: boolean;
}

/** Where the state of a run is kept, so that it can go on after an interruption. */
export interface Keeper {
  /** Takes up what was kept, if there is something. */
  resume(): void;
  /** Called after every step, and again after the last of an epoch with all that comes then. */
  keep(isEpochDone: boolean): Promise<void> | undefined;
}

/** What a run works on. */
export interface RunParts {
  readonly model: Trainable;
  readonly trainer: Trainer;
  readonly source: Source;
  readonly validation: Source | undefined;
  readonly callbacks: readonly Callback[];
  readonly epochs: number;
}

/** A call of `fit`: goes through its batches again and again. */
export class Run implements Training {
  readonly model: Trainable;
  readonly epochs: number;
  readonly trainer: Trainer;
  readonly source: Source;
  readonly callbacks: readonly Callback[];
  private readonly validation: Source | undefined;
  private readonly turns = new Turns();
  private epoch = 0;
  private batch = 0;
  private running: Figures;
  private readonly history = new Map<string, number[]>();
  private isStopped = false;
  private isWatched = false;

  constructor({ model, trainer, source, validation, callbacks, epochs }: RunParts) {
    this.model = model;
    this.trainer = trainer;
    this.source = source;
    this.validation = validation;
    this.callbacks = callbacks;
    this.epochs = epochs;
    this.running = trainer.newFigures();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** What was measured in the running epoch. */
  get figures(): Figures {
    return this.running;
  }

  /** How far it has come. */
  get standing(): Standing {
    const { epoch, batch, history, isStopped } = this;
    return { epoch, batch, history, isStopped };
  }

  /** Goes on from there. */
  resume(
    { epoch, batch, history, isStopped }: Standing,
    states: readonly (CallbackState | undefined)[],
  ): void {
    this.epoch = epoch;
    this.batch = batch;
    this.isStopped = isStopped;
    for (const [name, values] of history) this.history.set(name, [...values]);
    this.callbacks.forEach((callback, i) => {
      const state = states[i];
      if (state !== undefined) callback.setState?.(state);
    });
  }

  /** Learns to the end, from the beginning or from what is kept. */
  async learn(verbose: 0 | 1 | 2, keeper?: Keeper): Promise<History> {
    for (const callback of this.callbacks) await callback.onTrainBegin?.(this);
    keeper?.resume();
    const { epochs, epoch, batch } = this;
    const progress = await progressFor(verbose, { epochs, steps: this.source.steps, epoch, batch });
    this.isWatched =
      progress.onBatchEnd !== undefined || this.callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
    try {
      while (this.batch > 0 || (this.epoch < epochs && !this.isStopped)) {
        await this.learnEpoch(progress, keeper);
        await keeper?.keep(true);
      }
    } finally {
      progress.stop();
    }
    for (const callback of this.callbacks) await callback.onTrainEnd?.(this);
    return { loss: [], ...Object.fromEntries(this.history) };
  }

  private async learnEpoch(progress: Progress, keeper: Keeper | undefined): Promise<void> {
    const { epoch } = this;
    if (this.batch === 0) {
      for (const callback of this.callbacks) await callback.onEpochBegin?.(epoch, this);
    }
    await this.learnBatches(progress, keeper);
    const learned = this.running.read();
    const figures =
      this.validation === undefined ? learned : { ...learned, ...(await this.validate(this.validation)) };
    for (const [name, value] of Object.entries(figures)) {
      const values = this.history.get(name);
      if (values === undefined) this.history.set(name, [value]);
      else values.push(value);
    }
    this.epoch++;
    this.batch = 0;
    this.running = this.trainer.newFigures();
    progress.onEpochEnd?.(epoch, figures);
    for (const callback of this.callbacks) await callback.onEpochEnd?.(epoch, figures, this);
  }

  private async learnBatches(progress: Progress, keeper: Keeper | undefined): Promise<void> {
    const { source, trainer, running, turns } = this;
    const batches = source.epoch(this.epoch);
    for (let drawn = 0; !(this.isStopped && this.batch > 0); drawn++) {
      const next = batches.next();
      const { done, value } = next instanceof Promise ? await next : next;
      if (done) return;
      // Those learned before the run was interrupted.
      if (drawn < this.batch) continue;
      trainer.train(value, running);
      this.batch++;
      if (this.isWatched) await this.tellBatch(progress, running.read());
      const kept = keeper?.keep(false);
      if (kept !== undefined) await kept;
      if (turns.areOver) await turns.rest();
    }
    await batches.return?.();
  }

  private tellBatch(progress: Progress, logs: Logs): Promise<void> | undefined {
    progress.onBatchEnd?.(this.batch, logs);
    const waiting = this.callbacks.flatMap((callback) => {
      const answer = callback.onBatchEnd?.(this.batch, logs, this);
      return answer instanceof Promise ? [answer] : [];
    });
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  private async validate(validation: Source): Promise<Record<string, number>> {
    const logs = await evaluateSource(this.trainer, validation, this.turns);
    return Object.fromEntries(
      Object.entries(logs).map(([name, value]) => [`val${name[0].toUpperCase()}${name.slice(1)}`, value]),
    );
  }
}
