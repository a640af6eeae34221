import {
  add,
  div,
  fullLike,
  maximum,
  mul,
  neg,
  sqrt,
  square,
  sub,
  type Tensor,
  zerosLike,
} from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { type OptionsOf, readOptions } from "./options.ts";
import { perWeight } from "./per-weight.ts";

const adagradDefaults = { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 };
const adadeltaDefaults = { learningRate: 0.001, rho: 0.95, epsilon: 1e-7 };
const rmspropDefaults = { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };

/** Options of `adagrad`. */
export type AdagradOptions = OptionsOf<typeof adagradDefaults>;

/** Options of `adadelta`. */
export type AdadeltaOptions = OptionsOf<typeof adadeltaDefaults>;

/** Options of `rmsprop`. */
export type RmspropOptions = OptionsOf<typeof rmspropDefaults>;

/**
 * Adagrad, θ ← θ − η g / (√G + ε) with G ← G + g²: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online
 * Learning and Stochastic Optimization (JMLR 2011).
 *
 * Defaults are Keras's: `learningRate` η 0.001, `initialAccumulatorValue` of G 0.1, `epsilon` ε 1e-7. Throws for options
 * out of range.
 *
 * @example
 * ```ts
 * import { adagrad } from "neurite/optim";
 *
 * const optimizer = adagrad({ learningRate: 0.1 });
 * ```
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const settings = readOptions("adagrad", options, adagradDefaults);
  const { initialAccumulatorValue, epsilon } = settings;
  return perWeight("adagrad", settings, {
    memory: { accumulator: (parameter) => fullLike(parameter, initialAccumulatorValue) },
    step:
      ({ learningRate }) =>
      (gradient, [old]) => {
        const accumulator = add(old, square(gradient));
        return [div(mul(gradient, neg(learningRate)), add(sqrt(accumulator), epsilon)), accumulator];
      },
  });
}

/**
 * Adadelta, Algorithm 1 of Zeiler (arXiv:1212.5701): θ ← θ + ηΔ with Δ = −√(D + ε) / √(G + ε) · g, where G is the moving
 * average of g² and D that of Δ².
 *
 * Defaults are Keras's: `learningRate` η 0.001 (the paper has 1), `rho` 0.95, `epsilon` ε 1e-7. Throws for options out of
 * range.
 *
 * @example
 * ```ts
 * import { adadelta } from "neurite/optim";
 *
 * const optimizer = adadelta({ learningRate: 1 });
 * ```
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const settings = readOptions("adadelta", options, adadeltaDefaults);
  const { rho, epsilon } = settings;
  return perWeight("adadelta", settings, {
    memory: { gradients: zerosLike, deltas: zerosLike },
    step:
      ({ learningRate }) =>
      (gradient, [oldGradients, oldDeltas]) => {
        const gradients = averageSquare(oldGradients, gradient, rho);
        const delta = mul(gradient, sqrt(div(add(oldDeltas, epsilon), add(gradients, epsilon))));
        return [mul(delta, neg(learningRate)), gradients, averageSquare(oldDeltas, delta, rho)];
      },
  });
}

/**
 * RMSprop, θ ← θ − η g / (√v + ε) with v the moving average of g²: Tieleman and Hinton, Lecture 6e of Neural Networks for
 * Machine Learning (2012).
 *
 * Defaults are Keras's: `learningRate` η 0.001, `rho` of the average 0.9, `momentum` α 0, `epsilon` ε 1e-7. With momentum
 * the update is remembered, Δθ ← αΔθ − η g / (√v + ε). With `centered` (default false) v is the variance, the average of
 * g² less the square of that of g (Graves, arXiv:1308.0850). Throws for options out of range.
 *
 * @example
 * ```ts
 * import { rmsprop } from "neurite/optim";
 *
 * const optimizer = rmsprop({ learningRate: 0.01, momentum: 0.9 });
 * ```
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const settings = readOptions("rmsprop", options, rmspropDefaults);
  const { rho, momentum, epsilon, centered } = settings;
  return perWeight("rmsprop", settings, {
    memory: {
      v: zerosLike,
      ...(centered && { mean: zerosLike }),
      ...(momentum > 0 && { velocity: zerosLike }),
    },
    step:
      ({ learningRate }) =>
      (gradient, [oldV, ...others]) => {
        const v = averageSquare(oldV, gradient, rho);
        const fresh = [v];
        let spread = v;
        if (centered) {
          const mean = add(mul(others[0], rho), mul(gradient, 1 - rho));
          // Rounding may put a variance of 0 below it.
          spread = maximum(sub(v, square(mean)), 0);
          fresh.push(mean);
        }
        const slope = div(mul(gradient, neg(learningRate)), add(sqrt(spread), epsilon));
        if (momentum === 0) return [slope, ...fresh];
        const velocity = add(mul(others[others.length - 1], momentum), slope);
        return [velocity, ...fresh, velocity];
      },
  });
}

// ρ x̄² + (1 − ρ) x²
function averageSquare(old: Tensor, fresh: Tensor, rho: number): Tensor {
  return add(mul(old, rho), mul(square(fresh), 1 - rho));
}
