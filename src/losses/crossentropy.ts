import { isInteger } from "../base/dtype.ts";
import {
  add,
  clip,
  eq,
  exp,
  expandDims,
  iota,
  log,
  logSoftmax,
  max,
  maximum,
  mul,
  neg,
  select,
  softplus,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";
import { type CrossentropyOptions, type Loss, readCrossentropyOptions, reduceLoss } from "./loss.ts";
import { checkedLabels, labelsOf, requireClasses, targetLike } from "./target.ts";

// Keeps the logarithm of a probability finite, as in Keras.
const leastProbability = 1e-7;

/**
 * The mean of −y log ŷ − (1 − y) log(1 − ŷ) (lecture 3, "Final model"), for yes-or-no targets y, 0 or 1 or
 * between, and probabilities ŷ of yes.
 *
 * Prediction and target have one shape, [batch, …]; [n] and [n, 1] count as equal; targets may be integers or bools. With
 * `fromLogits` the prediction is z before the sigmoid, and the loss log(1 + eᶻ) − y z overflows nowhere; probabilities are
 * kept 10⁻⁷ away from 0 and 1. With `reduction` `none` the result is the mean of each example, [batch], with `sum` the sum
 * of these. Throws for shapes that differ; an integer other than 0 and 1 is reported when the program runs.
 *
 * @example
 * ```ts
 * import { binaryCrossentropy } from "neurite/losses";
 *
 * binaryCrossentropy(tensor([[0.9], [0.2]]), tensor([[1], [0]])); // 0.1643
 * binaryCrossentropy(tensor([[100], [-100]]), tensor([[1], [1]]), { fromLogits: true }); // 50
 * ```
 */
export const binaryCrossentropy: Loss = /*#__PURE__*/ Object.assign(
  function binaryCrossentropy(prediction: Tensor, target: Tensor, options: CrossentropyOptions = {}): Tensor {
    const { reduction, fromLogits } = readCrossentropyOptions("binaryCrossentropy", options);
    const checked = isInteger(target.dtype) ? checkedLabels(target, 2) : target;
    const y = targetLike("binaryCrossentropy", prediction, checked);
    return reduceLoss(fromLogits ? binaryOfLogits(prediction, y) : binary(prediction, y), reduction);
  },
  { logitsOf: "sigmoid" } as const,
);

function binaryOfLogits(z: Tensor, y: Tensor): Tensor {
  return sub(softplus(z), mul(y, z));
}

function binary(prediction: Tensor, y: Tensor): Tensor {
  const p = clip(prediction, leastProbability, 1 - leastProbability);
  return neg(add(mul(y, log(p)), mul(sub(1, y), log(sub(1, p)))));
}

/**
 * The mean of −Σ y log ŷ over classes, for targets y that hold the probability of every class (1 for one of them and 0 for
 * the others), and predicted probabilities ŷ.
 *
 * Prediction and target have one shape, [batch, …, classes]. With `fromLogits` the prediction is z before the softmax;
 * probabilities are kept at 10⁻⁷ and above, and are not normalised again. With `reduction` `none` the result is one value
 * per example, [batch], with `sum` the sum of these. Throws for shapes that differ and for less than two classes.
 *
 * @example
 * ```ts
 * import { categoricalCrossentropy } from "neurite/losses";
 *
 * categoricalCrossentropy(tensor([[0.5, 0.3, 0.2]]), tensor([[1, 0, 0]])); // 0.6931
 * ```
 */
export const categoricalCrossentropy: Loss = /*#__PURE__*/ Object.assign(
  function categoricalCrossentropy(
    prediction: Tensor,
    target: Tensor,
    options: CrossentropyOptions = {},
  ): Tensor {
    const { reduction, fromLogits } = readCrossentropyOptions("categoricalCrossentropy", options);
    const y = targetLike("categoricalCrossentropy", prediction, target);
    requireClasses("categoricalCrossentropy", prediction);
    const logarithms = fromLogits ? logSoftmax(prediction) : log(maximum(prediction, leastProbability));
    return reduceLoss(neg(sum(mul(y, logarithms), { axis: -1 })), reduction);
  },
  { logitsOf: "softmax" } as const,
);

/**
 * The mean of −log ŷ[y] (lecture 4, "Loss functions as usual"), for labels y = 0 … classes − 1 and predicted probabilities
 * ŷ of all classes.
 *
 * The prediction is [batch, …, classes], labels are integers (i32, u32 or u8) [batch, …] or [batch, …, 1]. With `fromLogits`
 * the prediction is z before the softmax, and the gradient softmax(z) − [class = y] is exact also where a softmax
 * underflows; probabilities are kept at 10⁻⁷ and above. With `reduction` `none` the result is one value per example,
 * [batch], with `sum` the sum of these. Throws for labels of another dtype or shape and for less than two classes; a label
 * out of range is reported when the program runs.
 *
 * @example
 * ```ts
 * import { sparseCategoricalCrossentropy } from "neurite/losses";
 *
 * sparseCategoricalCrossentropy(tensor([[0.5, 0.3, 0.2]]), tensor([0], { dtype: "i32" })); // 0.6931
 * ```
 */
export const sparseCategoricalCrossentropy: Loss = /*#__PURE__*/ Object.assign(
  function sparseCategoricalCrossentropy(
    prediction: Tensor,
    target: Tensor,
    options: CrossentropyOptions = {},
  ): Tensor {
    const { reduction, fromLogits } = readCrossentropyOptions("sparseCategoricalCrossentropy", options);
    const labels = labelsOf("sparseCategoricalCrossentropy", prediction, target);
    // Comparing with all classes, and not gathering, fuses and has no scatter in the backward pass.
    const chosen = eq(expandDims(labels, -1), iota(prediction.shape.slice(-1)));
    const atLabel = (values: Tensor): Tensor => sum(select(chosen, values, 0), { axis: -1 });
    if (!fromLogits) {
      return reduceLoss(neg(log(maximum(atLabel(prediction), leastProbability))), reduction);
    }
    // log Σ e^(z − m) − (z[y] − m): the shift m is subtracted before anything is lost to rounding, and cancels.
    const shifted = sub(prediction, stopGradient(max(prediction, { axis: -1, keepDims: true })));
    return reduceLoss(sub(log(sum(exp(shifted), { axis: -1 })), atLabel(shifted)), reduction);
  },
  { logitsOf: "softmax" } as const,
);
