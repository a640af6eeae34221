import {
  cast,
  expandDims,
  gt,
  mul,
  neg,
  relu,
  select,
  square,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";
import { type Loss, type LossOptions, readLossOptions, reduceLoss } from "./loss.ts";
import { atLabels, isAtLabel, labelsOf, targetLike } from "./target.ts";

/**
 * The mean of max(0, 1 − y ŷ) for targets y, −1 or 1, and scores ŷ (lecture 3, "Hinge loss"); a target of 0 or false counts
 * as −1. Shapes and reductions as in `meanSquaredError`.
 *
 * @example
 * ```ts
 * import { hinge } from "neurite/losses";
 *
 * hinge(tensor([[0.5], [2], [-1]]), tensor([[1], [1], [1]])); // 0.8333
 * ```
 */
export function hinge(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("hinge", options);
  return reduceLoss("hinge", shortfall("hinge", prediction, target), reducing);
}

/**
 * The mean of max(0, 1 − y ŷ)²; targets, shapes and reductions as in `hinge`.
 *
 * @example
 * ```ts
 * import { squaredHinge } from "neurite/losses";
 *
 * squaredHinge(tensor([[0.5], [-1]]), tensor([[1], [1]])); // 2.125
 * ```
 */
export function squaredHinge(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("squaredHinge", options);
  return reduceLoss("squaredHinge", square(shortfall("squaredHinge", prediction, target)), reducing);
}

/**
 * The perceptron's loss, the mean of max(0, −ŷ t) for targets t, −1 or 1, and scores ŷ (lecture 1, "Forward pass":
 * ℰ = max(0, −z₇t)); a target of 0 or false counts as −1. Shapes and reductions as in `meanSquaredError`.
 *
 * @example
 * ```ts
 * import { perceptron } from "neurite/losses";
 *
 * perceptron(tensor([[0.5], [-3]]), tensor([[1], [1]])); // 1.5
 * ```
 */
export function perceptron(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("perceptron", options);
  const t = sidesOf("perceptron", prediction, target);
  return reduceLoss("perceptron", relu(neg(mul(prediction, t))), reducing);
}

/**
 * The one-vs-all hinge, the mean of Σ max(0, 1 − (f[y] − f[k])) over the classes k other than the label y (lecture 4, "Loss
 * functions as usual").
 *
 * The prediction holds scores f, [batch, …, classes], labels are integers [batch, …] or [batch, …, 1]; reductions and
 * errors are those of `sparseCategoricalCrossentropy`.
 *
 * @example
 * ```ts
 * import { oneVsAllHinge } from "neurite/losses";
 *
 * oneVsAllHinge(tensor([[2, 1.5, 0]]), tensor([0], { dtype: "i32" })); // 0.5
 * ```
 */
export const oneVsAllHinge: Loss = /*#__PURE__*/ Object.assign(
  function oneVsAllHinge(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
    const reducing = readLossOptions("oneVsAllHinge", options);
    const labels = labelsOf("oneVsAllHinge", prediction, target);
    const lead = sub(expandDims(atLabels(prediction, labels), -1), prediction);
    const others = select(isAtLabel(prediction, labels), 0, relu(sub(1, lead)));
    return reduceLoss("oneVsAllHinge", sum(others, { axis: -1 }), reducing);
  },
  { takesLabels: true } as const,
);

// max(0, 1 − y ŷ)
function shortfall(operation: string, prediction: Tensor, target: Tensor): Tensor {
  return relu(sub(1, mul(prediction, sidesOf(operation, prediction, target))));
}

// −1 or 1
function sidesOf(operation: string, prediction: Tensor, target: Tensor): Tensor {
  const wanted = targetLike(operation, prediction, target);
  return sub(mul(cast(gt(wanted, 0), prediction.dtype), 2), 1);
}
