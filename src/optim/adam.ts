import {
  add,
  asTensor,
  div,
  expm1,
  mul,
  neg,
  reciprocal,
  sqrt,
  square,
  type Tensor,
  zerosLike,
} from "../tensor/index.ts";
import { branch, mapTensors, type Optimizer } from "./optimizer.ts";
import { type OptionsOf, requireOptions, requireRange } from "./options.ts";

const kinds = { learningRate: "number", beta1: "number", beta2: "number", epsilon: "number" } as const;

/** Options of `adam`. */
export type AdamOptions = OptionsOf<typeof kinds>;

/**
 * Adam, Algorithm 1 of Kingma and Ba (arXiv:1412.6980; lecture 4, "Adam"): θ ← θ − η m̂ / (√v̂ + ε).
 *
 * Defaults are Keras's: `learningRate` η 0.001, `beta1` 0.9, `beta2` 0.999, `epsilon` ε 1e-7. Keras itself adds ε to the
 * uncorrected √v, the "epsilon hat" of the paper's section 2, which is another number. Throws for options out of range.
 *
 * @example
 * ```ts
 * import { adam } from "neurite/optim";
 *
 * const optimizer = adam({ learningRate: 0.01 });
 * ```
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const config = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, ...options };
  requireOptions("adam", config, kinds);
  const { learningRate, beta1, beta2, epsilon } = config;
  requireRange("adam", "learningRate", learningRate, 0, Number.POSITIVE_INFINITY);
  requireRange("adam", "beta1", beta1, 0, 1);
  requireRange("adam", "beta2", beta2, 0, 1);
  requireRange("adam", "epsilon", epsilon, 0, Number.POSITIVE_INFINITY);
  return {
    type: "adam",
    config,
    learningRate,
    init: (params) => ({
      m: mapTensors((tensor) => zerosLike(tensor), params),
      v: mapTensors((tensor) => zerosLike(tensor), params),
    }),
    update: (gradients, state, { step, learningRate: rate }) => {
      // mₜ = β₁ mₜ₋₁ + (1 − β₁) gₜ
      const m = mapTensors(
        (old, gradient) => add(mul(old, beta1), mul(gradient, 1 - beta1)),
        branch(state, "m"),
        gradients,
      );
      // vₜ = β₂ vₜ₋₁ + (1 − β₂) gₜ²
      const v = mapTensors(
        (old, gradient) => add(mul(old, beta2), mul(square(gradient), 1 - beta2)),
        branch(state, "v"),
        gradients,
      );
      // θₜ − θₜ₋₁ = −η m̂ₜ / (√v̂ₜ + ε)
      const factor = neg(mul(rate, inverseCorrection(beta1, step)));
      const correction = inverseCorrection(beta2, step);
      const updates = mapTensors(
        (mean, spread) => div(mul(mean, factor), add(sqrt(mul(spread, correction)), epsilon)),
        m,
        v,
      );
      return { updates, state: { m, v } };
    },
  };
}

/** `adam` from options that were read. */
export function adamFromConfig(config: object): Optimizer {
  requireOptions("adam", config, kinds);
  return adam(config);
}

// 1 / (1 − βᵗ), with all digits also where βᵗ is close to 1.
function inverseCorrection(beta: number, step: Tensor): Tensor {
  if (beta === 0) return asTensor(1);
  return reciprocal(neg(expm1(mul(step, Math.log(beta)))));
}
