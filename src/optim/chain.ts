import { NeuriteError } from "../base/error.ts";
import { mul } from "../tensor/index.ts";
import { mapTensors, type Optimizer, type TensorTree, type Transformation } from "./optimizer.ts";
import { requireOptions } from "./options.ts";

/**
 * Several stages one after the other: the updates of each are the gradients of the next, and those of the last are added
 * to the parameters. The learning rate is that of the one optimizer among them; throws unless there is exactly one.
 *
 * @example
 * ```ts
 * import { adam, chain, scale } from "neurite/optim";
 *
 * const optimizer = chain(scale({ factor: 0.5 }), adam());
 * ```
 */
export function chain(...stages: readonly (Transformation | Optimizer)[]): Optimizer {
  const rates = stages.flatMap((stage) => ("learningRate" in stage ? [stage.learningRate] : []));
  if (rates.length !== 1) {
    throw new NeuriteError({
      operation: "chain",
      got: `${rates.length} optimizers in [${stages.map(({ type }) => type).join(", ")}]`,
      expected: "exactly one optimizer, whose learning rate counts",
    });
  }
  return {
    type: "chain",
    config: { stages: stages.map(({ type, config }) => ({ type, config })) },
    learningRate: rates[0],
    init: (params) => stages.map((stage) => stage.init(params)),
    update: (gradients, state, context) => {
      let updates = gradients;
      const states: TensorTree[] = [];
      for (const [i, stage] of stages.entries()) {
        const updated = stage.update(updates, Array.isArray(state) ? state[i] : undefined, context);
        updates = updated.updates;
        states.push(updated.state);
      }
      return { updates, state: states };
    },
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
  return {
    type: "scale",
    config: { factor },
    init: () => undefined,
    update: (gradients, state) => ({
      updates: mapTensors((gradient) => mul(gradient, factor), gradients),
      state,
    }),
  };
}
