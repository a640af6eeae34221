import { checkOptions, NeuriteError } from "../base/error.ts";
import {
  add,
  cos,
  div,
  floor,
  fullLike,
  gt,
  lt,
  maximum,
  minimum,
  mul,
  pow,
  select,
  sub,
  type Tensor,
} from "../tensor/index.ts";
import type { OptimizerConfig } from "./optimizer.ts";
import { requireCount, requireOptions, requirePositive, requireRange } from "./options.ts";
import { type LearningRate, ratesOf, type Schedule } from "./schedule.ts";

/** Options of `exponentialDecay`. */
export interface ExponentialDecayOptions {
  readonly initialLearningRate: number;
  /** After how many steps the rate has been multiplied by `decayRate`. */
  readonly decaySteps: number;
  /** A factor, at most 1 unless the rate is to grow. */
  readonly decayRate: number;
  /** Whether the rate stays as it is in between, and falls in steps. Default false. */
  readonly staircase?: boolean;
}

/** Options of `polynomialDecay`. */
export interface PolynomialDecayOptions {
  readonly initialLearningRate: number;
  /** How many steps it takes to the end; the rate stays there. */
  readonly decaySteps: number;
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: a straight line. */
  readonly power?: number;
}

/** Options of `cosineDecay`. */
export interface CosineDecayOptions {
  readonly initialLearningRate: number;
  /** How many steps it takes to the end; the rate stays there. */
  readonly decaySteps: number;
  /** The part of the rate that is left at the end; default 0. */
  readonly alpha?: number;
}

/** Options of `piecewiseConstantDecay`. */
export interface PiecewiseConstantDecayOptions {
  /** Rising numbers of steps after which the next value counts. */
  readonly boundaries: readonly number[];
  /** One rate more than there are boundaries. */
  readonly values: readonly number[];
}

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** The rate at the peak. */
  readonly maximumLearningRate: number;
  /** How many steps the cycle takes; the rate stays at its end. */
  readonly steps: number;
  /** The part of the steps in which the rate rises; default 0.3. */
  readonly warmupShare?: number;
  /** The peak over the first rate; default 25. */
  readonly initialDivisor?: number;
  /** The first rate over the last; default 10,000. */
  readonly finalDivisor?: number;
}

/**
 * Exponential cooling, η = η₀ᵗ at step t = 1, 2, … (lecture 4, "Stochastic Gradient Descent"), with `base` η₀ between 0
 * and 1.
 *
 * @example
 * ```ts
 * import { exponentialCooling, sgd } from "neurite/optim";
 *
 * const rate = exponentialCooling({ base: 0.5 });
 * const optimizer = sgd({ learningRate: rate });
 * rate(tensor(3)); // 0.125
 * ```
 */
export function exponentialCooling(options: { readonly base: number }): Schedule {
  requireOptions("exponentialCooling", options, { base: "number" });
  const { base } = options;
  requirePositive("exponentialCooling", "base", base);
  requireRange("exponentialCooling", "base", base, 0, 1);
  return schedule("exponentialCooling", { base }, base, (step) => pow(base, step));
}

/**
 * The rate falls by a factor, η₀ rᵗ⁄ᵀ after t steps; with `staircase` at every T-th step.
 *
 * @example
 * ```ts
 * import { exponentialDecay } from "neurite/optim";
 *
 * const rate = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true });
 * rate(tensor(20)); // 0.05
 * ```
 */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const settings = { staircase: false, ...options };
  requireOptions("exponentialDecay", settings, {
    initialLearningRate: "number",
    decaySteps: "number",
    decayRate: "number",
    staircase: "boolean",
  });
  const { initialLearningRate, decaySteps, decayRate, staircase } = settings;
  requirePositive("exponentialDecay", "initialLearningRate", initialLearningRate);
  requireCount("exponentialDecay", "decaySteps", decaySteps);
  requirePositive("exponentialDecay", "decayRate", decayRate);
  return schedule("exponentialDecay", settings, initialLearningRate, (step) => {
    const times = div(sub(step, 1), decaySteps);
    return mul(pow(decayRate, staircase ? floor(times) : times), initialLearningRate);
  });
}

/**
 * The rate falls from one value to another, (η₀ − η₁)(1 − t⁄T)ᵖ + η₁ after t of T steps.
 *
 * @example
 * ```ts
 * import { polynomialDecay } from "neurite/optim";
 *
 * const rate = polynomialDecay({ initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0 });
 * rate(tensor(6)); // 0.05
 * ```
 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const settings = { endLearningRate: 0.0001, power: 1, ...options };
  requireOptions("polynomialDecay", settings, {
    initialLearningRate: "number",
    decaySteps: "number",
    endLearningRate: "number",
    power: "number",
  });
  const { initialLearningRate, decaySteps, endLearningRate, power } = settings;
  requirePositive("polynomialDecay", "initialLearningRate", initialLearningRate);
  requireCount("polynomialDecay", "decaySteps", decaySteps);
  requireRange("polynomialDecay", "endLearningRate", endLearningRate, 0, Number.POSITIVE_INFINITY);
  requirePositive("polynomialDecay", "power", power);
  return schedule("polynomialDecay", settings, initialLearningRate, (step) => {
    const left = pow(sub(1, shareOf(step, decaySteps)), power);
    return add(mul(left, initialLearningRate - endLearningRate), endLearningRate);
  });
}

/**
 * The rate falls along half a cosine, η₀ ((1 − α)(1 + cos(πt⁄T))⁄2 + α) after t of T steps: Loshchilov and Hutter
 * (arXiv:1608.03983) without restarts.
 *
 * @example
 * ```ts
 * import { cosineDecay } from "neurite/optim";
 *
 * const rate = cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 });
 * rate(tensor(6)); // 0.05
 * ```
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const settings = { alpha: 0, ...options };
  requireOptions("cosineDecay", settings, {
    initialLearningRate: "number",
    decaySteps: "number",
    alpha: "number",
  });
  const { initialLearningRate, decaySteps, alpha } = settings;
  requirePositive("cosineDecay", "initialLearningRate", initialLearningRate);
  requireCount("cosineDecay", "decaySteps", decaySteps);
  requireRange("cosineDecay", "alpha", alpha, 0, Number.POSITIVE_INFINITY);
  return schedule("cosineDecay", settings, initialLearningRate, (step) =>
    alongCosine(initialLearningRate, alpha * initialLearningRate, shareOf(step, decaySteps)),
  );
}

/**
 * One rate after another: the first up to the first boundary, in steps taken, and so on.
 *
 * @example
 * ```ts
 * import { piecewiseConstantDecay } from "neurite/optim";
 *
 * const rate = piecewiseConstantDecay({ boundaries: [100, 200], values: [0.1, 0.01, 0.001] });
 * rate(tensor(150)); // 0.01
 * ```
 */
export function piecewiseConstantDecay(options: PiecewiseConstantDecayOptions): Schedule {
  checkOptions("piecewiseConstantDecay", options, ["boundaries", "values"]);
  const { boundaries, values } = options;
  requireRates(options);
  return schedule("piecewiseConstantDecay", { boundaries, values }, values[0], (step) =>
    boundaries.reduce(
      (rate, boundary, i) => select(gt(sub(step, 1), boundary), values[i + 1], rate),
      fullLike(step, values[0]),
    ),
  );
}

/**
 * A rate, or another schedule, that is reached from 0 on a straight line in the first `steps` steps; a schedule begins
 * after them. Goyal et al. (arXiv:1706.02677).
 *
 * @example
 * ```ts
 * import { adam, cosineDecay, warmup } from "neurite/optim";
 *
 * const cosine = cosineDecay({ initialLearningRate: 0.01, decaySteps: 900 });
 * const optimizer = adam({ learningRate: warmup({ learningRate: cosine, steps: 100 }) });
 * ```
 */
export function warmup(options: { readonly learningRate: LearningRate; readonly steps: number }): Schedule {
  requireOptions("warmup", options, { learningRate: "rate", steps: "number" });
  const { steps } = options;
  requireCount("warmup", "steps", steps);
  const { learningRate, schedule: next } = ratesOf(options.learningRate);
  requirePositive("warmup", "learningRate", learningRate);
  const described =
    next === undefined ? learningRate : { type: next.type ?? "schedule", config: next.config ?? {} };
  return schedule("warmup", { learningRate: described, steps }, learningRate, (step) => {
    const rising = mul(sub(step, 1), learningRate / steps);
    const after = next === undefined ? learningRate : next(maximum(sub(step, steps), 1));
    return select(lt(sub(step, 1), steps), rising, after);
  });
}

/**
 * One cycle: the rate rises along half a cosine to its peak, and falls along another one to nearly nothing. Smith and Topin
 * (arXiv:1708.07120), with the defaults of PyTorch's `OneCycleLR`.
 *
 * @example
 * ```ts
 * import { oneCycle, sgd } from "neurite/optim";
 *
 * const optimizer = sgd({ learningRate: oneCycle({ maximumLearningRate: 0.1, steps: 1000 }), momentum: 0.9 });
 * ```
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const settings = { warmupShare: 0.3, initialDivisor: 25, finalDivisor: 1e4, ...options };
  requireOptions("oneCycle", settings, {
    maximumLearningRate: "number",
    steps: "number",
    warmupShare: "number",
    initialDivisor: "number",
    finalDivisor: "number",
  });
  const { maximumLearningRate: peak, steps, warmupShare, initialDivisor, finalDivisor } = settings;
  requirePositive("oneCycle", "maximumLearningRate", peak);
  requireCount("oneCycle", "steps", steps);
  requireRange("oneCycle", "warmupShare", warmupShare, 0, 1);
  requirePositive("oneCycle", "initialDivisor", initialDivisor);
  requirePositive("oneCycle", "finalDivisor", finalDivisor);
  const first = peak / initialDivisor;
  const turn = warmupShare * steps - 1;
  const fall = steps - 1 - turn;
  return schedule("oneCycle", settings, peak, (step) => {
    const done = minimum(sub(step, 1), steps - 1);
    const falling = alongCosine(peak, first / finalDivisor, div(sub(done, turn), Math.max(fall, 1)));
    if (turn <= 0) return falling;
    return select(gt(done, turn), falling, alongCosine(first, peak, div(done, turn)));
  });
}

function schedule(
  type: string,
  config: OptimizerConfig,
  learningRate: number,
  rate: (step: Tensor) => Tensor,
): Schedule {
  return Object.assign((step: Tensor): Tensor => rate(step), { type, config, learningRate });
}

/** The part of `steps` steps that has been taken before a step, at most 1. */
function shareOf(step: Tensor, steps: number): Tensor {
  return minimum(div(sub(step, 1), steps), 1);
}

/** From one rate to another, along half a cosine for shares from 0 to 1. */
function alongCosine(from: number, to: number, share: Tensor): Tensor {
  return add(mul(add(cos(mul(share, Math.PI)), 1), (from - to) / 2), to);
}

function requireRates({ boundaries, values }: PiecewiseConstantDecayOptions): void {
  if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
    throw new NeuriteError({
      operation: "piecewiseConstantDecay",
      got: `boundaries: ${JSON.stringify(boundaries)}, values: ${JSON.stringify(values)}`,
      expected: "two lists, with one value more than there are boundaries",
    });
  }
  for (const value of values) requirePositive("piecewiseConstantDecay", "values", value);
  for (const [i, boundary] of boundaries.entries()) {
    if (i === 0) requireCount("piecewiseConstantDecay", "boundaries", boundary);
    else
      requireRange(
        "piecewiseConstantDecay",
        "boundaries",
        boundary,
        boundaries[i - 1] + 1,
        Number.POSITIVE_INFINITY,
      );
  }
}
