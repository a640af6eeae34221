import { isInteger } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape } from "../base/shape.ts";
import { formatType } from "../base/type.ts";
import { add, cast, matmul, mul, reshape, type Tensor, take, tensor } from "../tensor/index.ts";
import { checkedLabels } from "./target.ts";

/**
 * The weight of each example, [batch], from a weight for each class: what a loss takes as `weights`.
 *
 * Targets are labels (integers, [batch] or [batch, 1]), the probability of every class ([batch, classes]), or yes and no as
 * 0 and 1 ([batch] or [batch, 1], with two weights). Throws for other shapes and for weights that are negative or not
 * finite; a label out of range is reported when the program runs.
 *
 * @example
 * ```ts
 * import { classWeights } from "neurite/losses";
 *
 * classWeights(tensor([0, 1, 1], { dtype: "i32" }), [1, 5]); // [1, 5, 5]
 * ```
 */
export function classWeights(target: Tensor, weights: readonly number[]): Tensor {
  const wrong = weights.find((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (wrong !== undefined || weights.length < 2) {
    throw new NeuriteError({
      operation: "classWeights",
      got: wrong === undefined ? `${weights.length} weights` : `a weight ${wrong}`,
      expected: "a number ≥ 0 for each class",
    });
  }
  const { shape } = target;
  const isColumn = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (isColumn && isInteger(target.dtype)) {
    return take(tensor(weights), checkedLabels(reshape(target, [shape[0]]), weights.length));
  }
  const y = cast(target, "f32");
  if (isColumn && weights.length === 2) {
    return reshape(add(mul(y, weights[1] - weights[0]), weights[0]), [shape[0]]);
  }
  if (shape.length === 2 && shape[1] === weights.length) return matmul(y, tensor(weights));
  throw new NeuriteError({
    operation: "classWeights",
    got: `a target ${formatType(target)} with ${weights.length} weights`,
    expected: `labels ${formatShape([shape[0] ?? 1])}, or ${formatShape([shape[0] ?? 1, weights.length])}`,
  });
}
