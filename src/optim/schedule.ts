import { div, mul, type Tensor } from "../tensor/index.ts";
import type { OptimizerConfig, UpdateContext } from "./optimizer.ts";

/**
 * A learning rate that depends on the step: a pure function from the number of the step, a scalar that is 1 at the first,
 * to the rate. It becomes part of the compiled step, so that a new rate compiles nothing. One of a user's own may be a
 * plain function.
 */
export interface Schedule {
  (step: Tensor): Tensor;
  /** The name of the function that made it; a plain function has none, and is not saved with a model. */
  readonly type?: string;
  /** The options that made it. */
  readonly config?: OptimizerConfig;
  /** What a model shows as its learning rate; setting another one there scales the whole schedule. Default 1. */
  readonly learningRate?: number;
}

/** A constant learning rate, or one that follows a schedule. */
export type LearningRate = number | Schedule;

/** The rate a model starts with, and how it goes on. */
export interface Rates {
  readonly learningRate: number;
  readonly schedule?: Schedule;
}

/** The rate a model starts with, and how it goes on. */
export function ratesOf(rate: LearningRate): Rates {
  if (typeof rate === "number") return { learningRate: rate };
  return { learningRate: rate.learningRate ?? 1, schedule: rate };
}

/**
 * The learning rate of a step: that of the context, which a schedule scales by what it has become of its own.
 *
 * @example
 * ```ts
 * import { exponentialDecay, scheduledRate, sgd } from "neurite/optim";
 *
 * const { learningRate, schedule } = sgd({
 *   learningRate: exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.1 }),
 * });
 * scheduledRate(schedule, { step: tensor(2), learningRate }); // 0.05
 * ```
 */
export function scheduledRate(
  schedule: Schedule | undefined,
  { step, learningRate }: Pick<UpdateContext, "step" | "learningRate">,
): number | Tensor {
  if (schedule === undefined) return learningRate;
  return mul(div(schedule(step), schedule.learningRate ?? 1), learningRate);
}
