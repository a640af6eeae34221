import { checkOptions, NeuriteError } from "../../base/error.ts";
import type { Callback } from "../callback.ts";
import { Monitor, type MonitorOptions, requireEpochs } from "./monitor.ts";
import { orNull, StateReader } from "./state.ts";

/**
 * Sets the learning rate before each epoch to what the function makes of the epoch (from 0) and the rate so far. A rate
 * that changes from step to step is a schedule of the optimizer.
 *
 * @example
 * ```ts
 * import { learningRateScheduler } from "neurite/train";
 *
 * const callback = learningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.9));
 * ```
 */
export function learningRateScheduler(schedule: (epoch: number, learningRate: number) => number): Callback {
  return {
    onEpochBegin: (epoch, { model }) => {
      model.learningRate = schedule(epoch, model.learningRate);
    },
  };
}

/** Options of `reduceLearningRateOnPlateau`. */
export interface PlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by. Default 0.1. */
  readonly factor?: number;
  /** How many epochs may pass without a better one. Default 10. */
  readonly patience?: number;
  /** A change by less is none. Default 1e-4. */
  readonly minDelta?: number;
  /** How many epochs after a reduction are not counted. Default 0. */
  readonly cooldown?: number;
  /** The rate never gets lower. Default 0. */
  readonly minLearningRate?: number;
}

/**
 * Reduces the learning rate when a figure gets no better for `patience` epochs.
 *
 * Throws for unknown options, and after the first epoch where the figure is not measured.
 *
 * @example
 * ```ts
 * import { reduceLearningRateOnPlateau } from "neurite/train";
 *
 * const callback = reduceLearningRateOnPlateau({ monitor: "loss", factor: 0.5, patience: 3 });
 * ```
 */
export function reduceLearningRateOnPlateau(options: PlateauOptions = {}): Callback {
  const operation = "reduceLearningRateOnPlateau";
  checkOptions(operation, options, [
    "monitor",
    "mode",
    "minDelta",
    "factor",
    "patience",
    "cooldown",
    "minLearningRate",
  ]);
  const { factor = 0.1, patience = 10, cooldown = 0, minLearningRate = 0, minDelta = 1e-4 } = options;
  if (!(factor > 0 && factor < 1)) {
    throw new NeuriteError({ operation, got: `factor: ${factor}`, expected: "a number between 0 and 1" });
  }
  if (!(minLearningRate >= 0)) {
    throw new NeuriteError({
      operation,
      got: `minLearningRate: ${minLearningRate}`,
      expected: "a number, at least 0",
    });
  }
  requireEpochs(operation, "patience", patience);
  requireEpochs(operation, "cooldown", cooldown);
  const monitor = new Monitor(operation, { ...options, minDelta });
  let waited = 0;
  let cooling = 0;
  return {
    onTrainBegin: () => {
      monitor.best = undefined;
      waited = 0;
      cooling = 0;
    },
    onEpochEnd: (_, logs, { model }) => {
      if (cooling > 0) {
        cooling--;
        waited = 0;
      }
      if (monitor.isBetter(logs)) {
        waited = 0;
        return;
      }
      if (cooling > 0) return;
      waited++;
      if (waited < patience || model.learningRate <= minLearningRate) return;
      model.learningRate = Math.max(model.learningRate * factor, minLearningRate);
      cooling = cooldown;
      waited = 0;
    },
    getState: () => ({ values: { best: orNull(monitor.best), waited, cooling } }),
    setState: (state) => {
      const read = new StateReader(operation, state);
      monitor.best = read.best("best");
      waited = read.count("waited");
      cooling = read.count("cooling");
    },
  };
}
