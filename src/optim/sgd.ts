import { add, mul, neg, type Tensor, zerosLike } from "../tensor/index.ts";
import { branch, mapTensors, type Optimizer } from "./optimizer.ts";
import { type OptionsOf, requireOptions, requireRange } from "./options.ts";

const kinds = { learningRate: "number", momentum: "number", nesterov: "boolean" } as const;

/** Options of `sgd` and `momentum`. */
export type SgdOptions = OptionsOf<typeof kinds>;

/**
 * Stochastic gradient descent, β ← β − η∇L (lecture 4, "Stochastic Gradient Descent").
 *
 * `learningRate` η is 0.01. With `momentum` α (default 0) the update is remembered: Δβ ← αΔβ − η∇L, β ← β + Δβ. With
 * `nesterov` (default false) the gradient is that at the point the momentum leads to: as in Keras the weights *are*
 * that point, so that β ← β + αΔβ − η∇L with the new Δβ. Throws for options out of range.
 *
 * @example
 * ```ts
 * import { sgd } from "neurite/optim";
 *
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
 * ```
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  return descent("sgd", { learningRate: 0.01, momentum: 0, nesterov: false, ...options });
}

/**
 * Gradient descent with momentum, Δβ ← αΔβ − η∇L, β ← β + Δβ (lecture 4, "Stochastic Gradient Descent"): `sgd` whose
 * `momentum` α is 0.9 by default.
 *
 * @example
 * ```ts
 * import { momentum } from "neurite/optim";
 *
 * const optimizer = momentum({ learningRate: 0.01, nesterov: true });
 * ```
 */
export function momentum(options: SgdOptions = {}): Optimizer {
  return descent("momentum", { learningRate: 0.01, momentum: 0.9, nesterov: false, ...options });
}

/** `sgd` or `momentum` from options that were read. */
export function descentFromConfig(type: "sgd" | "momentum", config: object): Optimizer {
  requireOptions(type, config, kinds);
  return type === "sgd" ? sgd(config) : momentum(config);
}

function descent(type: "sgd" | "momentum", options: Required<SgdOptions>): Optimizer {
  requireOptions(type, options, kinds);
  const { learningRate, momentum, nesterov } = options;
  requireRange(type, "learningRate", learningRate, 0, Number.POSITIVE_INFINITY);
  requireRange(type, "momentum", momentum, 0, 1);
  return {
    type,
    config: { learningRate, momentum, nesterov },
    learningRate,
    init: (params) =>
      momentum === 0 ? undefined : { velocity: mapTensors((tensor) => zerosLike(tensor), params) },
    update: (gradients, state, context) => {
      const slope = (gradient: Tensor): Tensor => mul(gradient, neg(context.learningRate));
      if (momentum === 0) return { updates: mapTensors(slope, gradients), state };
      const velocity = mapTensors(
        (old, gradient) => add(mul(old, momentum), slope(gradient)),
        branch(state, "velocity"),
        gradients,
      );
      if (!nesterov) return { updates: velocity, state: { velocity } };
      const ahead = mapTensors((v, gradient) => add(mul(v, momentum), slope(gradient)), velocity, gradients);
      return { updates: ahead, state: { velocity } };
    },
  };
}
