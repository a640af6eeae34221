import { checkOptions } from "../../base/error.ts";
import type { Callback } from "../callback.ts";
import type { Logs } from "../figures.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import { orNull, StateReader } from "./state.ts";

/** Options of `modelCheckpoint`. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether only a model is saved that is better than all before. Default false. */
  readonly saveBestOnly?: boolean;
}

/**
 * Saves the model after each epoch, or each that is the best so far; `path` may be a function of the epoch (from 0) and its
 * figures. To go on after an interruption, use the option `checkpoint` of `fit`, which keeps all of a run.
 *
 * Throws for unknown options, for a path that cannot be written, and where the figure is not measured.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 * import { modelCheckpoint, Sequential } from "neurite/train";
 *
 * const model = new Sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const best = modelCheckpoint("/tmp/best.safetensors", { monitor: "loss", saveBestOnly: true });
 * await model.fit([[0], [1], [2]], [[0], [2], [4]], { epochs: 5, callbacks: [best], verbose: 0 });
 * ```
 */
export function modelCheckpoint(
  path: string | ((epoch: number, logs: Logs) => string),
  options: ModelCheckpointOptions = {},
): Callback {
  const operation = "modelCheckpoint";
  checkOptions(operation, options, ["monitor", "mode", "minDelta", "saveBestOnly"]);
  const { saveBestOnly = false } = options;
  const monitor = new Monitor(operation, options);
  return {
    onTrainBegin: () => {
      monitor.best = undefined;
    },
    onEpochEnd: async (epoch, logs, { model }) => {
      if (saveBestOnly && !monitor.isBetter(logs)) return;
      await model.save(typeof path === "string" ? path : path(epoch, logs));
    },
    getState: () => ({ values: { best: orNull(monitor.best) } }),
    setState: (state) => {
      monitor.best = new StateReader(operation, state).best("best");
    },
  };
}
