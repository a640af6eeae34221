import { add, div, eq, mod, mul, select, type Tensor, zerosLike } from "../tensor/index.ts";
import { branch, mapTensors, type Optimizer } from "./optimizer.ts";
import { requireCount, requireOptions } from "./options.ts";

/** Options of `accumulateGradients`. */
export interface AccumulationOptions {
  /** How many gradients make one update; at least 1. */
  readonly steps: number;
}

/**
 * An optimizer that moves at every `steps`-th gradient only, by the mean of the last `steps` ones: as a batch that many
 * times as large, in the memory of a small one. Its schedule and bias corrections count updates, not gradients.
 *
 * @example
 * ```ts
 * import { accumulateGradients, adam } from "neurite/optim";
 *
 * const optimizer = accumulateGradients(adam(), { steps: 4 });
 * ```
 */
export function accumulateGradients(optimizer: Optimizer, options: AccumulationOptions): Optimizer {
  requireOptions("accumulateGradients", options, { steps: "number" });
  const { steps } = options;
  requireCount("accumulateGradients", "steps", steps);
  const { type, config, learningRate, schedule } = optimizer;
  return {
    type: "accumulateGradients",
    config: { steps, optimizer: { type, config } },
    learningRate,
    ...(schedule && { schedule }),
    init: (params) => ({
      sums: mapTensors((parameter) => zerosLike(parameter), params),
      optimizer: optimizer.init(params),
    }),
    update: (gradients, state, context) => {
      const sums = mapTensors(add, branch(state, "sums"), gradients);
      const means = mapTensors((sum) => mul(sum, 1 / steps), sums);
      const isDue = eq(mod(context.step, steps), 0);
      const old = branch(state, "optimizer");
      const updated = optimizer.update(means, old, { ...context, step: div(context.step, steps) });
      const zeroWhenDue = (sum: Tensor): Tensor => select(isDue, 0, sum);
      return {
        updates: mapTensors((update) => select(isDue, update, 0), updated.updates),
        state: {
          sums: mapTensors(zeroWhenDue, sums),
          optimizer: mapTensors((fresh, before) => select(isDue, fresh, before), updated.state, old),
        },
      };
    },
  };
}
