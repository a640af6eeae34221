import { abs, square, sub, type Tensor } from "../tensor/index.ts";
import { type LossOptions, readLossOptions, reduceLoss } from "./loss.ts";
import { targetLike } from "./target.ts";

/**
 * The mean of (ŷ − y)² over all values (lecture 4, "Loss functions as usual").
 *
 * Prediction and target have one shape, [batch, …]; [n] and [n, 1] count as equal, and targets take the dtype of the
 * prediction. With `reduction` `none` the result is the mean of each example, [batch], with `sum` the sum of these. Throws
 * for shapes that differ.
 *
 * @example
 * ```ts
 * import { meanSquaredError } from "neurite/losses";
 *
 * meanSquaredError(tensor([[1], [2]]), tensor([[1], [4]])); // 2
 * ```
 */
export function meanSquaredError(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = readLossOptions("meanSquaredError", options);
  const wanted = targetLike("meanSquaredError", prediction, target);
  return reduceLoss(square(sub(prediction, wanted)), reduction);
}

/**
 * The mean of |ŷ − y| over all values; shapes and reductions as in `meanSquaredError`.
 *
 * @example
 * ```ts
 * import { meanAbsoluteError } from "neurite/losses";
 *
 * meanAbsoluteError(tensor([[1], [2]]), tensor([[1], [4]])); // 1
 * ```
 */
export function meanAbsoluteError(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction } = readLossOptions("meanAbsoluteError", options);
  const wanted = targetLike("meanAbsoluteError", prediction, target);
  return reduceLoss(abs(sub(prediction, wanted)), reduction);
}
