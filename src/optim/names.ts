import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { accumulateGradients } from "./accumulate.ts";
import { adam, adamax, adamW, amsgrad, nadam } from "./adam.ts";
import { adadelta, adagrad, rmsprop } from "./adaptive.ts";
import { movingAverage } from "./average.ts";
import { chain, scale } from "./chain.ts";
import { clipByGlobalNorm, clipByNorm, clipByValue } from "./clipping.ts";
import { maxNorm } from "./constraints.ts";
import { decoupledWeightDecay, weightDecay } from "./decay.ts";
import type { Optimizer, Transformation } from "./optimizer.ts";
import type { Schedule } from "./schedule.ts";
import {
  cosineDecay,
  exponentialCooling,
  exponentialDecay,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  warmup,
} from "./schedules.ts";
import { gradientDescent, momentum, nesterov, sgd } from "./sgd.ts";
import { lion, rprop } from "./sign.ts";

/** Options read from JSON, which what they make checks. */
type Config = Readonly<Record<string, unknown>>;

/**
 * Reads the description of an optimizer, or of a stage of one.
 *
 * @inline
 */
type ReadStage = (description: unknown) => Transformation | Optimizer;

interface Maker<T> {
  /** `read` makes what stands in the options. */
  make(options: object, read: ReadStage): T;
}

/** Optimizers of a user's own, or stages of one, by type: each from its config; `read` makes what stands in that. */
export type CustomOptimizers = Readonly<
  Record<string, (options: object, read: ReadStage) => Transformation | Optimizer>
>;

/** The names of optimizers that need no options. */
export type OptimizerName =
  | "gradientDescent"
  | "sgd"
  | "momentum"
  | "nesterov"
  | "adagrad"
  | "adadelta"
  | "rmsprop"
  | "adam"
  | "adamW"
  | "amsgrad"
  | "nadam"
  | "adamax"
  | "lion"
  | "rprop";

const optimizers: Readonly<Record<OptimizerName, Maker<Optimizer>>> = {
  gradientDescent: { make: gradientDescent },
  sgd: { make: sgd },
  momentum: { make: momentum },
  nesterov: { make: nesterov },
  adagrad: { make: adagrad },
  adadelta: { make: adadelta },
  rmsprop: { make: rmsprop },
  adam: { make: adam },
  adamW: { make: adamW },
  amsgrad: { make: amsgrad },
  nadam: { make: nadam },
  adamax: { make: adamax },
  lion: { make: lion },
  rprop: { make: rprop },
};

const makers: Readonly<Record<string, Maker<Transformation | Optimizer>>> = {
  ...optimizers,
  scale: { make: scale },
  clipByValue: { make: clipByValue },
  clipByNorm: { make: clipByNorm },
  clipByGlobalNorm: { make: clipByGlobalNorm },
  weightDecay: { make: weightDecay },
  decoupledWeightDecay: { make: decoupledWeightDecay },
  maxNorm: { make: maxNorm },
  movingAverage: { make: movingAverage },
  chain: {
    make: ({ stages }: Config, read) => chain(...(Array.isArray(stages) ? stages.map(read) : [])),
  },
  accumulateGradients: {
    make: ({ optimizer, steps }: Config, read) =>
      accumulateGradients(wholeOptimizer(read(optimizer)), { steps: Number(steps) }),
  },
};

const schedules: Readonly<Record<string, Maker<Schedule>>> = {
  exponentialCooling: { make: exponentialCooling },
  exponentialDecay: { make: exponentialDecay },
  polynomialDecay: { make: polynomialDecay },
  cosineDecay: { make: cosineDecay },
  piecewiseConstantDecay: { make: piecewiseConstantDecay },
  warmup: { make: warmup },
  oneCycle: { make: oneCycle },
};

/**
 * The optimizer of a name, with its defaults, or the one given. Throws for an unknown name, suggesting the closest.
 *
 * @example
 * ```ts
 * import { optimizerOf } from "neurite/optim";
 *
 * const optimizer = optimizerOf("adam");
 * ```
 */
export function optimizerOf(optimizer: OptimizerName | Optimizer): Optimizer {
  if (typeof optimizer !== "string") return optimizer;
  if (!Object.hasOwn(optimizers, optimizer))
    throw unknownName("optimizer", optimizer, Object.keys(optimizers));
  return optimizers[optimizer].make({}, (description) => stageFrom(description, {}));
}

/**
 * The optimizer that `{type, config}` describes, read from JSON. Types of a user's own come as `custom`, from the config to the
 * optimizer. Throws for an unknown type, suggesting the closest, and for options that do not fit.
 *
 * @example
 * ```ts
 * import { optimizerFromConfig, sgd } from "neurite/optim";
 *
 * const json = JSON.stringify(sgd({ learningRate: 0.1 }));
 * const optimizer = optimizerFromConfig(JSON.parse(json));
 * ```
 */
export function optimizerFromConfig(description: unknown, custom: CustomOptimizers = {}): Optimizer {
  return wholeOptimizer(stageFrom(description, custom));
}

/** Throws for a stage, which has no learning rate. */
function wholeOptimizer(made: Transformation | Optimizer): Optimizer {
  if ("learningRate" in made) return made;
  throw new NeuriteError({
    operation: "optimizer",
    got: `'${made.type}'`,
    expected: "an optimizer, which has a learning rate",
    hint: "combine it with one by chain",
  });
}

function stageFrom(description: unknown, custom: CustomOptimizers): Transformation | Optimizer {
  const own = Object.entries(custom).map(([type, make]) => [type, { make }] as const);
  const known = { ...makers, ...Object.fromEntries(own) };
  return fromDescription("optimizer", known, description, (part) => stageFrom(part, custom));
}

/** What a description makes; a learning rate in it may be the description of a schedule. */
function fromDescription<T>(
  kind: string,
  makers: Readonly<Record<string, Maker<T>>>,
  description: unknown,
  read: ReadStage,
): T {
  const { type, config } = isPlainObject(description) ? description : { type: undefined, config: undefined };
  if (typeof type !== "string" || !isPlainObject(config)) {
    throw new NeuriteError({
      operation: kind,
      got: JSON.stringify(description),
      expected: '{"type": …, "config": {…}}',
    });
  }
  if (!Object.hasOwn(makers, type)) throw unknownName(kind, type, Object.keys(makers));
  const { learningRate } = config;
  if (!isPlainObject(learningRate)) return makers[type].make(config, read);
  return makers[type].make(
    { ...config, learningRate: fromDescription("schedule", schedules, learningRate, read) },
    read,
  );
}
