import { clip, div, maximum, mul, sqrt, square, sum, type Tensor } from "../tensor/index.ts";
import { statelessStage } from "./chain.ts";
import { mapTensors, squaredNorm, type Transformation } from "./optimizer.ts";
import { requireOptions, requirePositive } from "./options.ts";

/** The option of the stages that clip gradients. */
export interface ClipOptions {
  /** The largest value or norm that is left as it is; positive. */
  readonly limit: number;
}

/**
 * Keeps every entry of a gradient between −`limit` and `limit`: a stage before an optimizer in `chain`.
 *
 * @example
 * ```ts
 * import { chain, clipByValue, sgd } from "neurite/optim";
 *
 * const optimizer = chain(clipByValue({ limit: 0.5 }), sgd());
 * ```
 */
export function clipByValue(options: ClipOptions): Transformation {
  const limit = limitOf("clipByValue", options);
  return statelessStage("clipByValue", { limit }, (gradients) =>
    mapTensors((gradient) => clip(gradient, -limit, limit), gradients),
  );
}

/**
 * Scales the gradient g of each tensor by min(1, limit / ‖g‖), which keeps its direction: a stage before an optimizer in
 * `chain`.
 *
 * @example
 * ```ts
 * import { chain, clipByNorm, sgd } from "neurite/optim";
 *
 * const optimizer = chain(clipByNorm({ limit: 1 }), sgd());
 * ```
 */
export function clipByNorm(options: ClipOptions): Transformation {
  const limit = limitOf("clipByNorm", options);
  return statelessStage("clipByNorm", { limit }, (gradients) =>
    mapTensors((gradient) => mul(gradient, scaleTo(limit, sum(square(gradient)))), gradients),
  );
}

/**
 * Scales all gradients by min(1, limit / ‖g‖) with the norm of all of them together, as Pascanu, Mikolov and Bengio do
 * against exploding gradients (arXiv:1211.5063): a stage before an optimizer in `chain`.
 *
 * @example
 * ```ts
 * import { adam, chain, clipByGlobalNorm } from "neurite/optim";
 *
 * const optimizer = chain(clipByGlobalNorm({ limit: 1 }), adam());
 * ```
 */
export function clipByGlobalNorm(options: ClipOptions): Transformation {
  const limit = limitOf("clipByGlobalNorm", options);
  return statelessStage("clipByGlobalNorm", { limit }, (gradients) => {
    const scale = scaleTo(limit, squaredNorm(gradients));
    return mapTensors((gradient) => mul(gradient, scale), gradients);
  });
}

// min(1, limit / ‖g‖), which is 1 for g = 0
function scaleTo(limit: number, squares: Tensor): Tensor {
  return div(limit, maximum(sqrt(squares), limit));
}

function limitOf(operation: string, options: ClipOptions): number {
  requireOptions(operation, options, { limit: "number" });
  requirePositive(operation, "limit", options.limit);
  return options.limit;
}
