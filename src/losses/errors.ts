import { abs, le, mul, select, square, sub, type Tensor } from "../tensor/index.ts";
import { type LossOptions, readLossOptions, reduceLoss, requirePositive } from "./loss.ts";
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
  const reducing = readLossOptions("meanSquaredError", options);
  const wanted = targetLike("meanSquaredError", prediction, target);
  return reduceLoss("meanSquaredError", square(sub(prediction, wanted)), reducing);
}

/**
 * The mean of ½(ŷ − y)² over all values, whose gradient is ŷ − y (lecture 2, "How does learning work?", equation (1)); shapes
 * and reductions as in `meanSquaredError`, of which it is half.
 *
 * @example
 * ```ts
 * import { halfSquaredError } from "neurite/losses";
 *
 * halfSquaredError(tensor([[1], [2]]), tensor([[1], [4]])); // 1
 * ```
 */
export function halfSquaredError(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("halfSquaredError", options);
  const wanted = targetLike("halfSquaredError", prediction, target);
  return reduceLoss("halfSquaredError", mul(square(sub(prediction, wanted)), 0.5), reducing);
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
  const reducing = readLossOptions("meanAbsoluteError", options);
  const wanted = targetLike("meanAbsoluteError", prediction, target);
  return reduceLoss("meanAbsoluteError", abs(sub(prediction, wanted)), reducing);
}

/** Options of `huber`. */
export interface HuberOptions extends LossOptions {
  /** The error δ from which the loss is linear; default 1. */
  readonly delta?: number;
}

/**
 * The mean of ½e² for errors e = ŷ − y up to `delta` δ, and of δ|e| − ½δ² beyond: Huber, Robust Estimation of a Location
 * Parameter (1964). Shapes and reductions as in `meanSquaredError`. Throws unless δ is positive.
 *
 * @example
 * ```ts
 * import { huber } from "neurite/losses";
 *
 * huber(tensor([1, 5]), tensor([2, 1])); // 2
 * ```
 */
export function huber(prediction: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const reducing = readLossOptions("huber", options, ["delta"]);
  const { delta = 1 } = options;
  requirePositive("huber", "delta", delta);
  const error = sub(prediction, targetLike("huber", prediction, target));
  const size = abs(error);
  const linear = sub(mul(size, delta), delta ** 2 / 2);
  return reduceLoss("huber", select(le(size, delta), mul(square(error), 0.5), linear), reducing);
}
