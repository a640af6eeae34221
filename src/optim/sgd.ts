import { add, mul, neg, zerosLike } from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { type OptionsOf, readOptions, type SettingsOf } from "./options.ts";
import { perWeight, type Rule } from "./per-weight.ts";

const defaults = { learningRate: 0.01, momentum: 0, nesterov: false };

/** Options of `sgd`, `momentum` and `nesterov`. */
export type SgdOptions = OptionsOf<typeof defaults>;

/**
 * Gradient descent, β ← β − η∇L (lecture 4, "Optimization"): `sgd` under the name it has where the gradient is that of all
 * examples, as in `minimize`. `learningRate` η is 0.01.
 *
 * @example
 * ```ts
 * import { gradientDescent, minimize } from "neurite/optim";
 *
 * const { converged } = minimize((x: Tensor) => sum(square(x)), tensor([3, 4]), {
 *   method: gradientDescent({ learningRate: 0.1 }),
 * }); // true
 * ```
 */
export function gradientDescent(options: Pick<SgdOptions, "learningRate"> = {}): Optimizer {
  const settings = readOptions("gradientDescent", options, { learningRate: 0.01 });
  return perWeight("gradientDescent", settings, descent({ ...settings, momentum: 0, nesterov: false }));
}

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
  const settings = readOptions("sgd", options, defaults);
  return perWeight("sgd", settings, descent(settings));
}

/**
 * Gradient descent with momentum, Δβ ← αΔβ − η∇L, β ← β + Δβ (lecture 4, "Stochastic Gradient Descent"): `sgd` whose
 * `momentum` α is 0.9 by default.
 *
 * @example
 * ```ts
 * import { momentum } from "neurite/optim";
 *
 * const optimizer = momentum({ learningRate: 0.01 });
 * ```
 */
export function momentum(options: SgdOptions = {}): Optimizer {
  const settings = readOptions("momentum", options, { ...defaults, momentum: 0.9 });
  return perWeight("momentum", settings, descent(settings));
}

/**
 * Nesterov's accelerated gradient, Δβ ← αΔβ − η∇L(β + αΔβ), β ← β + Δβ (lecture 4, "Stochastic Gradient Descent", whose
 * ∇L(β + Δβ) leaves out the α of the step that momentum alone would make): `sgd` with `nesterov`, and a `momentum` α of
 * 0.9 by default. Y. Nesterov, A method for solving the convex programming problem with convergence rate O(1/k²) (1983).
 *
 * @example
 * ```ts
 * import { nesterov } from "neurite/optim";
 *
 * const optimizer = nesterov({ learningRate: 0.01 });
 * ```
 */
export function nesterov(options: Omit<SgdOptions, "nesterov"> = {}): Optimizer {
  const settings = readOptions("nesterov", options, { learningRate: 0.01, momentum: 0.9 });
  return perWeight("nesterov", settings, descent({ ...settings, nesterov: true }));
}

function descent({ momentum, nesterov }: SettingsOf<typeof defaults>): Rule {
  if (momentum === 0) {
    return {
      memory: {},
      step:
        ({ learningRate }) =>
        (gradient) => [mul(gradient, neg(learningRate))],
    };
  }
  return {
    memory: { velocity: zerosLike },
    step:
      ({ learningRate }) =>
      (gradient, [old]) => {
        const slope = mul(gradient, neg(learningRate));
        const velocity = add(mul(old, momentum), slope);
        return [nesterov ? add(mul(velocity, momentum), slope) : velocity, velocity];
      },
  };
}
