import { checkOptions } from "../../base/error.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { Callback } from "../callback.ts";
import { Monitor, type MonitorOptions, requireEpochs } from "./monitor.ts";
import { orNull, StateReader } from "./state.ts";

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** How many epochs may pass without a better one. Default 0. */
  readonly patience?: number;
  /** Whether the model ends with the weights of its best epoch. Default false: with the last ones. */
  readonly restoreBestWeights?: boolean;
}

/**
 * Stops training when a figure gets no better for `patience` epochs after its best: the simplest regularisation.
 *
 * Throws for unknown options, and after the first epoch where the figure is not measured.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 * import { earlyStopping, Sequential } from "neurite/train";
 *
 * const model = new Sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const history = await model.fit([[0], [1], [2], [3]], [[0], [2], [4], [6]], {
 *   epochs: 1000,
 *   validationSplit: 0.25,
 *   callbacks: [earlyStopping({ patience: 5, minDelta: 1e-4, restoreBestWeights: true })],
 *   verbose: 0,
 * });
 * ```
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const operation = "earlyStopping";
  checkOptions(operation, options, ["monitor", "mode", "minDelta", "patience", "restoreBestWeights"]);
  const { patience = 0, restoreBestWeights = false } = options;
  requireEpochs(operation, "patience", patience);
  const monitor = new Monitor(operation, options);
  let waited = 0;
  let bestWeights: Record<string, Tensor> = {};
  return {
    onTrainBegin: () => {
      monitor.best = undefined;
      waited = 0;
      bestWeights = {};
    },
    onEpochEnd: (_, logs, training) => {
      if (monitor.isBetter(logs)) {
        waited = 0;
        if (restoreBestWeights) bestWeights = training.model.getWeights();
        return;
      }
      waited++;
      if (waited >= patience) training.stop();
    },
    onTrainEnd: ({ model }) => model.setWeights(bestWeights),
    getState: () => ({ values: { best: orNull(monitor.best), waited }, tensors: bestWeights }),
    setState: (state) => {
      const read = new StateReader(operation, state);
      monitor.best = read.best("best");
      waited = read.count("waited");
      bestWeights = { ...state.tensors };
    },
  };
}
