import { NeuriteError } from "../base/error.ts";
import { mul } from "../tensor/index.ts";
import {
  mapTensors,
  type Optimizer,
  type TensorTree,
  type Transformation,
  type UpdateContext,
} from "./optimizer.ts";
import { requireOptions } from "./options.ts";
import { scheduledRate } from "./schedule.ts";

/**
 * Several stages one after the other: the updates of each are the gradients of the next, and those of the last are added
 * to the parameters. The learning rate is that of the one optimizer among them; throws unless there is exactly one.
 *
 * @example
 * ```ts
 * import { adam, chain, clipByGlobalNorm, decoupledWeightDecay } from "neurite/optim";
 *
 * const optimizer = chain(clipByGlobalNorm({ limit: 1 }), adam(), decoupledWeightDecay({ rate: 0.01 }));
 * ```
 */
export function chain(...stages: readonly (Transformation | Optimizer)[]): Optimizer {
  const optimizers = stages.flatMap((stage) => ("learningRate" in stage ? [stage] : []));
  if (optimizers.length !== 1) {
    throw new NeuriteError({
      operation: "chain",
      got: `${optimizers.length} optimizers in [${stages.map(({ type }) => type).join(", ")}]`,
      expected: "exactly one optimizer, whose learning rate counts",
    });
  }
  const [{ learningRate, schedule }] = optimizers;
  return {
    type: "chain",
    config: { stages: stages.map(({ type, config }) => ({ type, config })) },
    learningRate,
    ...(schedule && { schedule }),
    init: (params) => stages.map((stage) => stage.init(params)),
    update: (gradients, state, context) => {
      // The optimizer follows its schedule itself, the other stages follow it too.
      const scheduled = { ...context, learningRate: scheduledRate(schedule, context) };
      let updates = gradients;
      const states: TensorTree[] = [];
      for (const [i, stage] of stages.entries()) {
        const own = Array.isArray(state) ? state[i] : undefined;
        const updated = stage.update(updates, own, "learningRate" in stage ? context : scheduled);
        updates = updated.updates;
        states.push(updated.state);
      }
      return { updates, state: states };
    },
  };
}

/** A stage of `chain` that remembers nothing. */
export function statelessStage(
  type: string,
  config: Transformation["config"],
  updates: (gradients: TensorTree, context: UpdateContext) => TensorTree,
): Transformation {
  return {
    type,
    config,
    init: () => undefined,
    update: (gradients, state, context) => ({ updates: updates(gradients, context), state }),
  };
}

/**
 * Multiplies every gradient (before an optimizer in `chain`) or every update (after it) by `factor`.
 *
 * @example
 * ```ts
 * import { chain, scale, sgd } from "neurite/optim";
 *
 * const uphill = chain(sgd(), scale({ factor: -1 }));
 * ```
 */
export function scale(options: { readonly factor: number }): Transformation {
  requireOptions("scale", options, { factor: "number" });
  const { factor } = options;
  return statelessStage("scale", { factor }, (gradients) =>
    mapTensors((gradient) => mul(gradient, factor), gradients),
  );
}
