import { add, div, maximum, mul, sqrt, square, sub, sum, type Tensor } from "../tensor/index.ts";
import { statelessStage } from "./chain.ts";
import type { ClipOptions } from "./clipping.ts";
import { mapTensors, type Transformation } from "./optimizer.ts";
import { requireOptions, requirePositive } from "./options.ts";

/**
 * Keeps the norm of the weights that lead to each unit at most `limit`, by scaling those that an update would make longer
 * (Srivastava et al., JMLR 15, 2014): the *last* stage of a `chain`. Units lie along the last axis; biases stay as they are.
 *
 * @example
 * ```ts
 * import { adam, chain, maxNorm } from "neurite/optim";
 *
 * const optimizer = chain(adam(), maxNorm({ limit: 3 }));
 * ```
 */
export function maxNorm(options: ClipOptions): Transformation {
  requireOptions("maxNorm", options, { limit: "number" });
  const { limit } = options;
  requirePositive("maxNorm", "limit", limit);
  return statelessStage("maxNorm", { limit }, (updates, { params }) =>
    mapTensors((update, weights) => shorten(update, weights, limit), updates, params),
  );
}

function shorten(update: Tensor, weights: Tensor, limit: number): Tensor {
  const { shape } = weights;
  if (shape.length < 2) return update;
  const fresh = add(weights, update);
  const axis = shape.map((_, i) => i).slice(0, -1);
  const norms = sqrt(sum(square(fresh), { axis, keepDims: true }));
  return sub(mul(fresh, div(limit, maximum(norms, limit))), weights);
}
