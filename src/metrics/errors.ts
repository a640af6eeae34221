import * as losses from "../losses/index.ts";
import type { Tensor } from "../tensor/index.ts";

/**
 * The mean of (ŷ − y)² of each example, [batch]; shapes as in the loss.
 *
 * @example
 * ```ts
 * import { meanSquaredError } from "neurite/metrics";
 *
 * meanSquaredError(tensor([[1], [2]]), tensor([[1], [4]])); // [0, 4]
 * ```
 */
export function meanSquaredError(prediction: Tensor, target: Tensor): Tensor {
  return losses.meanSquaredError(prediction, target, { reduction: "none" });
}

/**
 * The mean of |ŷ − y| of each example, [batch]; shapes as in the loss.
 *
 * @example
 * ```ts
 * import { meanAbsoluteError } from "neurite/metrics";
 *
 * meanAbsoluteError(tensor([[1], [2]]), tensor([[1], [4]])); // [0, 2]
 * ```
 */
export function meanAbsoluteError(prediction: Tensor, target: Tensor): Tensor {
  return losses.meanAbsoluteError(prediction, target, { reduction: "none" });
}
