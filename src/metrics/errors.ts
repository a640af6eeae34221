import { sizeOf } from "../base/shape.ts";
import * as losses from "../losses/index.ts";
import { targetLike } from "../losses/target.ts";
import {
  cast,
  div,
  eq,
  fullLike,
  gt,
  mean,
  mul,
  reshape,
  select,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";
import { type Metric, wholeMetric } from "./metric.ts";

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

/**
 * The root of the mean of (ŷ − y)² over all values of all examples; shapes as in the loss `meanSquaredError`.
 *
 * @example
 * ```ts
 * import { rootMeanSquaredError } from "neurite/metrics";
 *
 * rootMeanSquaredError(tensor([[1], [2]]), tensor([[4], [6]])); // 3.5355
 * ```
 */
export const rootMeanSquaredError: Metric = /*#__PURE__*/ wholeMetric(
  "rootMeanSquaredError",
  (prediction, target) => {
    const error = sub(prediction, targetLike("rootMeanSquaredError", prediction, target));
    const squares = sum(square(error));
    return stack([squares, fullLike(squares, sizeOf(error.shape))]);
  },
  (sums) => sqrt(div(part(sums, 0), part(sums, 1))),
);

/**
 * R², the part of the targets' variance that is explained, 1 − Σ(y − ŷ)² / Σ(y − ȳ)², as the mean over outputs; at most 1,
 * and 0 for the mean of the targets. Where an output's target does not vary it is 1 if it is met and 0 if not, as in
 * scikit-learn.
 *
 * Shapes as in the loss `meanSquaredError`; the sums are f64, so that a large mean costs no digits.
 *
 * @example
 * ```ts
 * import { r2Score } from "neurite/metrics";
 *
 * r2Score(tensor([1, 2, 4]), tensor([1, 2, 3])); // 0.5
 * ```
 */
export const r2Score: Metric = /*#__PURE__*/ wholeMetric(
  "r2Score",
  (prediction, target) => {
    const examples = prediction.shape[0];
    const rows = (x: Tensor): Tensor => reshape(cast(x, "f64"), [examples, -1]);
    const y = rows(targetLike("r2Score", prediction, target));
    const overExamples = (values: Tensor): Tensor => sum(values, { axis: 0 });
    const errors = overExamples(square(sub(rows(prediction), y)));
    return stack([errors, overExamples(square(y)), overExamples(y), fullLike(errors, examples)]);
  },
  (sums) => {
    const [errors, squares, total, count] = [0, 1, 2, 3].map((k) => part(sums, k));
    const spread = sub(squares, div(square(total), count));
    // What is left of equal numbers is rounding.
    const varies = gt(spread, mul(squares, 1e-13));
    const explained = sub(1, div(errors, select(varies, spread, 1)));
    return mean(select(varies, explained, cast(eq(errors, 0), errors.dtype)));
  },
);

/** One of the figures that are stacked along the first axis. */
function part(sums: Tensor, k: number): Tensor {
  const others = sums.shape.slice(1);
  return reshape(slice(sums, [k], [k + 1]), others);
}
