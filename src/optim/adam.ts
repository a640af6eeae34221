import {
  abs,
  add,
  div,
  expm1,
  maximum,
  mul,
  neg,
  onesLike,
  sqrt,
  square,
  sub,
  type Tensor,
  zerosLike,
} from "../tensor/index.ts";
import type { Optimizer, UpdateContext } from "./optimizer.ts";
import { type OptionsOf, readOptions, type SettingsOf } from "./options.ts";
import { perWeight, type Rule } from "./per-weight.ts";

const defaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const decayDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.004 };

/** Options of `adam`, `amsgrad` and `nadam`. */
export type AdamOptions = OptionsOf<typeof defaults>;

/** Options of `adamW`. */
export type AdamWOptions = OptionsOf<typeof decayDefaults>;

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
  const settings = readOptions("adam", options, defaults);
  return perWeight("adam", settings, moments(settings));
}

/**
 * Adam with decoupled weight decay, θ ← θ − η (m̂ / (√v̂ + ε) + λθ), of Loshchilov and Hutter (arXiv:1711.05101).
 *
 * Options and defaults are those of `adam`, and `weightDecay` λ, 0.004 as in Keras. Throws for options out of range.
 *
 * @example
 * ```ts
 * import { adamW } from "neurite/optim";
 *
 * const optimizer = adamW({ weightDecay: 0.01 });
 * ```
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  const settings = readOptions("adamW", options, decayDefaults);
  const { memory, step } = moments(settings);
  return perWeight("adamW", settings, {
    memory,
    step: (context) => {
      const updateOf = step(context);
      const decay = mul(context.learningRate, settings.weightDecay);
      return (gradient, old, parameter) => {
        const [update, ...fresh] = updateOf(gradient, old, parameter);
        return [sub(update, mul(parameter, decay)), ...fresh];
      };
    },
  });
}

/**
 * Adam that divides by the largest v so far, so that its steps never grow again: Reddi, Kale and Kumar, On the Convergence
 * of Adam and Beyond (ICLR 2018), with Adam's bias corrections. Options and defaults are those of `adam`.
 *
 * @example
 * ```ts
 * import { amsgrad } from "neurite/optim";
 *
 * const optimizer = amsgrad({ learningRate: 0.01 });
 * ```
 */
export function amsgrad(options: AdamOptions = {}): Optimizer {
  const settings = readOptions("amsgrad", options, defaults);
  const { beta1, beta2 } = settings;
  return perWeight("amsgrad", settings, {
    memory: { m: zerosLike, v: zerosLike, largest: zerosLike },
    step: (context) => {
      const corrected = correctionOf(settings, context);
      return (gradient, [oldM, oldV, oldLargest]) => {
        const m = average(oldM, gradient, beta1);
        const v = average(oldV, square(gradient), beta2);
        const largest = maximum(oldLargest, v);
        return [corrected(m, largest), m, v, largest];
      };
    },
  });
}

/**
 * Adam with Nesterov's momentum (lecture 4, "Adam & Nadam"; Dozat, ICLR 2016): θ ← θ − η / (√v̂ + ε) · (β₁ m̂ +
 * (1 − β₁) g / (1 − β₁ᵗ)). Options and defaults are those of `adam`.
 *
 * Keras and PyTorch have a schedule for β₁ as well, which the lecture has not.
 *
 * @example
 * ```ts
 * import { nadam } from "neurite/optim";
 *
 * const optimizer = nadam({ learningRate: 0.01 });
 * ```
 */
export function nadam(options: AdamOptions = {}): Optimizer {
  const settings = readOptions("nadam", options, defaults);
  const { beta1, beta2 } = settings;
  return perWeight("nadam", settings, {
    memory: { m: zerosLike, v: zerosLike },
    step: (context) => {
      const corrected = correctionOf(settings, context);
      return (gradient, [oldM, oldV]) => {
        const m = average(oldM, gradient, beta1);
        const v = average(oldV, square(gradient), beta2);
        return [corrected(average(m, gradient, beta1), v), m, v];
      };
    },
  });
}

/**
 * AdaMax, Algorithm 2 of Kingma and Ba (arXiv:1412.6980): θ ← θ − η / (1 − β₁ᵗ) · m / u with u ← max(β₂ u, |g| + ε).
 *
 * Options and defaults are those of `adam`; ε, which the paper has not, keeps u from 0.
 *
 * @example
 * ```ts
 * import { adamax } from "neurite/optim";
 *
 * const optimizer = adamax({ learningRate: 0.002 });
 * ```
 */
export function adamax(options: AdamOptions = {}): Optimizer {
  const settings = readOptions("adamax", options, defaults);
  const { beta1, beta2, epsilon } = settings;
  return perWeight("adamax", settings, {
    memory: { m: zerosLike, u: zerosLike },
    step: ({ step, learningRate }) => {
      const rate = neg(div(learningRate, biasOf(beta1, step)));
      return (gradient, [oldM, oldU]) => {
        const m = average(oldM, gradient, beta1);
        const u = maximum(mul(oldU, beta2), add(abs(gradient), epsilon));
        return [div(mul(m, rate), u), m, u];
      };
    },
  });
}

function moments(settings: SettingsOf<typeof defaults>): Rule {
  const { beta1, beta2 } = settings;
  return {
    memory: { m: zerosLike, v: zerosLike },
    step: (context) => {
      const corrected = correctionOf(settings, context);
      return (gradient, [oldM, oldV]) => {
        const m = average(oldM, gradient, beta1);
        const v = average(oldV, square(gradient), beta2);
        return [corrected(m, v), m, v];
      };
    },
  };
}

// βx̄ + (1 − β)x
function average(old: Tensor, fresh: Tensor, beta: number): Tensor {
  return add(mul(old, beta), mul(fresh, 1 - beta));
}

/**
 * −η m̂ / (√v̂ + ε) of m and v. With c₁ = 1 − β₁ᵗ and c₂ = 1 − β₂ᵗ this is −(η√c₂/c₁) m / (√v + ε√c₂): the corrections
 * are scalars, and each weight costs one root and one division.
 */
function correctionOf(
  { beta1, beta2, epsilon }: SettingsOf<typeof defaults>,
  { step, learningRate }: UpdateContext,
): (m: Tensor, v: Tensor) => Tensor {
  const root = sqrt(biasOf(beta2, step));
  const rate = neg(div(mul(root, learningRate), biasOf(beta1, step)));
  const least = mul(root, epsilon);
  return (m, v) => div(mul(m, rate), add(sqrt(v), least));
}

// 1 − βᵗ, with all digits also where βᵗ is close to 1.
function biasOf(beta: number, step: Tensor): Tensor {
  return beta === 0 ? onesLike(step) : neg(expm1(mul(step, Math.log(beta))));
}
