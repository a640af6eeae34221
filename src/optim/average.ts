import { NeuriteError } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { add, eq, mul, select, Tensor, zerosLike } from "../tensor/index.ts";
import { branch, mapTensors, type TensorTree, type Transformation } from "./optimizer.ts";
import { requireOptions, requireRange } from "./options.ts";

/** Options of `movingAverage`. */
export interface MovingAverageOptions {
  /** The part of the old average that each step keeps; default 0.99. */
  readonly momentum?: number;
}

/**
 * Keeps the moving average of the weights, θ̄ ← μθ̄ + (1 − μ)θ, which is often better than the last ones (Polyak and
 * Juditsky, 1992): the *last* stage of a `chain`. It starts at the weights after the first step, as in Keras, and changes
 * no update; `averagedWeights` reads it.
 *
 * @example
 * ```ts
 * import { adam, chain, movingAverage } from "neurite/optim";
 *
 * const optimizer = chain(adam(), movingAverage({ momentum: 0.999 }));
 * ```
 */
export function movingAverage(options: MovingAverageOptions = {}): Transformation {
  const settings = { momentum: 0.99, ...options };
  requireOptions("movingAverage", settings, { momentum: "number" });
  const { momentum } = settings;
  requireRange("movingAverage", "momentum", momentum, 0, 1);
  return {
    type: "movingAverage",
    config: { momentum },
    init: (params) => ({ average: mapTensors((parameter) => zerosLike(parameter), params) }),
    update: (updates, state, { params, step }) => {
      const isFirst = eq(step, 1);
      const average = mapTensors(
        (old, update, parameter) => {
          const fresh = add(parameter, update);
          return select(isFirst, fresh, add(mul(old, momentum), mul(fresh, 1 - momentum)));
        },
        branch(state, "average"),
        updates,
        params,
      );
      return { updates, state: { average } };
    },
  };
}

/**
 * The moving average of the weights that a `movingAverage` among the stages has kept, as a tree like that of the
 * parameters. Throws where there is none.
 *
 * @example
 * ```ts
 * import { averagedWeights, chain, movingAverage, sgd } from "neurite/optim";
 *
 * const optimizer = chain(sgd({ learningRate: 1 }), movingAverage());
 * const params = tensor([3, 4]);
 * const context = { params, step: tensor(1), learningRate: 1 };
 * const { state } = optimizer.update(tensor([1, 1]), optimizer.init(params), context);
 * averagedWeights(state); // [2, 3]
 * ```
 */
export function averagedWeights(state: TensorTree): TensorTree {
  const found = averageIn(state);
  if (found !== undefined) return found;
  throw new NeuriteError({
    operation: "averagedWeights",
    got: "a state without an average",
    expected: "that of an optimizer with movingAverage among its stages",
    hint: "chain(adam(), movingAverage())",
  });
}

function averageIn(state: TensorTree): TensorTree {
  if (Array.isArray(state)) return state.map(averageIn).find((average) => average !== undefined);
  if (state instanceof Tensor || !isPlainObject(state)) return undefined;
  return "average" in state ? state.average : averageIn(state.optimizer);
}
