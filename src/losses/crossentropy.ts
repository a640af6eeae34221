import { isInteger } from "../base/dtype.ts";
import {
  add,
  clip,
  exp,
  log,
  logSoftmax,
  max,
  maximum,
  mean,
  mul,
  neg,
  softplus,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";
import {
  type CrossentropyOptions,
  type Loss,
  type LossOptions,
  readCrossentropyOptions,
  readLossOptions,
  reduceLoss,
} from "./loss.ts";
import { atLabels, checkedLabels, labelsOf, requireClasses, targetLike } from "./target.ts";

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
    const reducing = readCrossentropyOptions("binaryCrossentropy", options);
    const values = binaryCrossentropies("binaryCrossentropy", prediction, target, reducing);
    return reduceLoss("binaryCrossentropy", values, reducing);
  },
  { logitsOf: "sigmoid" } as const,
);

/** The cross-entropy of each yes or no. */
export function binaryCrossentropies(
  operation: string,
  prediction: Tensor,
  target: Tensor,
  { fromLogits, labelSmoothing }: Required<Pick<CrossentropyOptions, "fromLogits" | "labelSmoothing">>,
): Tensor {
  const checked = isInteger(target.dtype) ? checkedLabels(target, 2) : target;
  const y = smoothed(targetLike(operation, prediction, checked), labelSmoothing, 2);
  return fromLogits ? binaryOfLogits(prediction, y) : binary(prediction, y);
}

// A share of each target is given to all classes alike.
function smoothed(target: Tensor, share: number, classes: number): Tensor {
  return share === 0 ? target : add(mul(target, 1 - share), share / classes);
}

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
    const reducing = readCrossentropyOptions("categoricalCrossentropy", options);
    const wanted = targetLike("categoricalCrossentropy", prediction, target);
    requireClasses("categoricalCrossentropy", prediction);
    const y = smoothed(wanted, reducing.labelSmoothing, classesOf(prediction));
    const { fromLogits } = reducing;
    const logarithms = fromLogits ? logSoftmax(prediction) : log(maximum(prediction, leastProbability));
    return reduceLoss("categoricalCrossentropy", neg(sum(mul(y, logarithms), { axis: -1 })), reducing);
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
    const reducing = readCrossentropyOptions("sparseCategoricalCrossentropy", options);
    const labels = labelsOf("sparseCategoricalCrossentropy", prediction, target);
    const { fromLogits, labelSmoothing } = reducing;
    const values = fromLogits
      ? sparseOfLogits(prediction, labels, labelSmoothing)
      : sparse(prediction, labels, labelSmoothing);
    return reduceLoss("sparseCategoricalCrossentropy", values, reducing);
  },
  { logitsOf: "softmax", takesLabels: true } as const,
);

/**
 * The mean of −f[y] for labels y and logarithms of probabilities f, which a last layer `logSoftmax` gives (lecture 4, "Loss
 * functions as usual": −log p(y|x)).
 *
 * The prediction is [batch, …, classes], labels are integers [batch, …] or [batch, …, 1]; reductions and errors are those
 * of `sparseCategoricalCrossentropy`.
 *
 * @example
 * ```ts
 * import { negativeLogLikelihood } from "neurite/losses";
 *
 * negativeLogLikelihood(log(tensor([[0.5, 0.3, 0.2]])), tensor([0], { dtype: "i32" })); // 0.6931
 * ```
 */
export const negativeLogLikelihood: Loss = /*#__PURE__*/ Object.assign(
  function negativeLogLikelihood(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
    const reducing = readLossOptions("negativeLogLikelihood", options);
    const labels = labelsOf("negativeLogLikelihood", prediction, target);
    return reduceLoss("negativeLogLikelihood", neg(atLabels(prediction, labels)), reducing);
  },
  { takesLabels: true } as const,
);

function sparse(prediction: Tensor, labels: Tensor, labelSmoothing: number): Tensor {
  const atLabel = neg(log(maximum(atLabels(prediction, labels), leastProbability)));
  if (labelSmoothing === 0) return atLabel;
  const everywhere = neg(mean(log(maximum(prediction, leastProbability)), { axis: -1 }));
  return add(mul(atLabel, 1 - labelSmoothing), mul(everywhere, labelSmoothing));
}

// log Σ e^(z − m) − (z[y] − m): the shift m is subtracted before anything is lost to rounding, and cancels.
function sparseOfLogits(z: Tensor, labels: Tensor, labelSmoothing: number): Tensor {
  const shifted = sub(z, stopGradient(max(z, { axis: -1, keepDims: true })));
  const atLabel = atLabels(shifted, labels);
  const wanted =
    labelSmoothing === 0
      ? atLabel
      : add(mul(atLabel, 1 - labelSmoothing), mul(mean(shifted, { axis: -1 }), labelSmoothing));
  return sub(log(sum(exp(shifted), { axis: -1 })), wanted);
}

function classesOf({ shape }: Tensor): number {
  return shape[shape.length - 1];
}
