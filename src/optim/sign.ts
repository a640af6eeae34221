import { add, clip, div, gt, lt, mul, neg, onesLike, select, sign, zerosLike } from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { type OptionsOf, readOptions, requireRange } from "./options.ts";
import { perWeight } from "./per-weight.ts";

const lionDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.99 };
const rpropDefaults = {
  learningRate: 0.01,
  decrease: 0.5,
  increase: 1.2,
  minimumStep: 1e-6,
  maximumStep: 50,
};

/** Options of `lion`. */
export type LionOptions = OptionsOf<typeof lionDefaults>;

/** Options of `rprop`. */
export type RpropOptions = OptionsOf<typeof rpropDefaults>;

/**
 * Lion, θ ← θ − η sign(β₁ m + (1 − β₁) g), then m ← β₂ m + (1 − β₂) g: Chen et al., Symbolic Discovery of Optimization
 * Algorithms (arXiv:2302.06675). Their weight decay is `chain(lion(), decoupledWeightDecay(…))`.
 *
 * Defaults are Keras's: `learningRate` η 0.001, `beta1` 0.9, `beta2` 0.99. Throws for options out of range.
 *
 * @example
 * ```ts
 * import { lion } from "neurite/optim";
 *
 * const optimizer = lion({ learningRate: 1e-4 });
 * ```
 */
export function lion(options: LionOptions = {}): Optimizer {
  const settings = readOptions("lion", options, lionDefaults);
  const { beta1, beta2 } = settings;
  return perWeight("lion", settings, {
    memory: { m: zerosLike },
    step:
      ({ learningRate }) =>
      (gradient, [m]) => [
        mul(sign(add(mul(m, beta1), mul(gradient, 1 - beta1))), neg(learningRate)),
        add(mul(m, beta2), mul(gradient, 1 - beta2)),
      ],
  });
}

/**
 * Rprop, for gradients of all examples (lecture 4, "Optimization"): each weight has a step of its own, which grows while the
 * sign of its slope stays and shrinks where it changes; the weight then waits for a turn. The size of the slope does not
 * matter. Riedmiller and Braun (1993), in the form iRprop⁻ of Igel and Hüsken (2000).
 *
 * `learningRate`, the first step, is 0.01; the factors `decrease` 0.5 and `increase` 1.2; steps stay between `minimumStep`
 * 1e-6 and `maximumStep` 50: PyTorch's defaults. Throws for options out of range.
 *
 * @example
 * ```ts
 * import { minimize, rprop } from "neurite/optim";
 *
 * const { x } = minimize((x: Tensor) => sum(square(sub(x, 3))), tensor(0), { method: rprop() });
 * ```
 */
export function rprop(options: RpropOptions = {}): Optimizer {
  const settings = readOptions("rprop", options, rpropDefaults);
  const { decrease, increase, minimumStep, maximumStep } = settings;
  requireRange("rprop", "decrease", decrease, 0, 1);
  requireRange("rprop", "increase", increase, 1, Number.POSITIVE_INFINITY);
  requireRange("rprop", "maximumStep", maximumStep, minimumStep, Number.POSITIVE_INFINITY);
  return perWeight("rprop", settings, {
    // Steps are kept in units of the learning rate, so that a new rate counts at once.
    memory: { gradient: zerosLike, size: onesLike },
    step: ({ learningRate }) => {
      const [least, most] = [div(minimumStep, learningRate), div(maximumStep, learningRate)];
      return (gradient, [oldGradient, oldSize]) => {
        const agreement = mul(gradient, oldGradient);
        const turned = lt(agreement, 0);
        const factor = select(turned, decrease, select(gt(agreement, 0), increase, onesLike(gradient)));
        const size = clip(mul(oldSize, factor), least, most);
        const slope = select(turned, zerosLike(gradient), gradient);
        return [mul(mul(sign(slope), size), neg(learningRate)), slope, size];
      };
    },
  });
}
