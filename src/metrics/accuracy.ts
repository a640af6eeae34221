import { checkOptions, NeuriteError } from "../base/error.ts";
import { perExample } from "../losses/loss.ts";
import { atLabels, labelsOf, requireClasses, targetLike } from "../losses/target.ts";
import { and, argmax, cast, eq, expandDims, gt, iota, lt, or, sum, type Tensor } from "../tensor/index.ts";

/**
 * Whether each example is right, 1 or 0, [batch]: `binaryAccuracy` for one output, `sparseCategoricalAccuracy` for labels,
 * `categoricalAccuracy` for a target of the prediction's shape. Throws for shapes that do not fit.
 *
 * @example
 * ```ts
 * import { accuracy } from "neurite/metrics";
 *
 * accuracy(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: "i32" })); // [1, 0]
 * ```
 */
export function accuracy(prediction: Tensor, target: Tensor): Tensor {
  const rank = prediction.shape.length;
  if (rank < 2 || prediction.shape[rank - 1] === 1) return binaryAccuracy(prediction, target);
  return isLabel(prediction, target)
    ? sparseCategoricalAccuracy(prediction, target)
    : categoricalAccuracy(prediction, target);
}

/**
 * The part of an example's outputs, probabilities of yes, that lie on the target's side of ½, [batch]; the target is 0 or
 * 1. Throws for shapes that differ.
 *
 * @example
 * ```ts
 * import { binaryAccuracy } from "neurite/metrics";
 *
 * binaryAccuracy(tensor([[0.9], [0.4]]), tensor([[1], [1]])); // [1, 0]
 * ```
 */
export function binaryAccuracy(prediction: Tensor, target: Tensor): Tensor {
  const wanted = targetLike("binaryAccuracy", prediction, target);
  return shareOf(eq(cast(gt(prediction, 0.5), prediction.dtype), wanted), prediction);
}

/**
 * Whether the largest score stands where the target's largest value does, 1 or 0, [batch]; both are [batch, …, classes].
 * Throws for shapes that differ.
 *
 * @example
 * ```ts
 * import { categoricalAccuracy } from "neurite/metrics";
 *
 * categoricalAccuracy(tensor([[0.1, 0.9]]), tensor([[0, 1]])); // [1]
 * ```
 */
export function categoricalAccuracy(prediction: Tensor, target: Tensor): Tensor {
  const wanted = targetLike("categoricalAccuracy", prediction, target);
  requireClasses("categoricalAccuracy", prediction);
  return shareOf(eq(argmax(prediction, { axis: -1 }), argmax(wanted, { axis: -1 })), prediction);
}

/**
 * Whether the largest score is that of the label, 1 or 0, [batch], for scores [batch, …, classes] and integer labels
 * [batch, …] or [batch, …, 1]. Throws for labels of another dtype or shape; a label out of range is reported when the
 * program runs.
 *
 * @example
 * ```ts
 * import { sparseCategoricalAccuracy } from "neurite/metrics";
 *
 * sparseCategoricalAccuracy(tensor([[0.1, 0.9]]), tensor([1], { dtype: "i32" })); // [1]
 * ```
 */
export function sparseCategoricalAccuracy(prediction: Tensor, target: Tensor): Tensor {
  const labels = labelsOf("sparseCategoricalAccuracy", prediction, target);
  return shareOf(eq(argmax(prediction, { axis: -1 }), labels), prediction);
}

/** Options of `topKAccuracy`. */
export interface TopKOptions {
  /** How many of the largest scores count; default 5. */
  readonly k?: number;
}

/**
 * Whether the class of each example is among the `k` with the largest scores, 1 or 0, [batch], for scores [batch, …,
 * classes] and labels, or a target of the prediction's shape; of equal scores the first come first.
 *
 * Throws for shapes that do not fit and unless k is a whole number of at least 1; a label out of range is reported when the
 * program runs.
 *
 * @example
 * ```ts
 * import { topKAccuracy } from "neurite/metrics";
 *
 * topKAccuracy(tensor([[0.5, 0.3, 0.2]]), tensor([1], { dtype: "i32" }), { k: 2 }); // [1]
 * ```
 */
export function topKAccuracy(prediction: Tensor, target: Tensor, options: TopKOptions = {}): Tensor {
  checkOptions("topKAccuracy", options, ["k"]);
  const { k = 5 } = options;
  if (!Number.isInteger(k) || k < 1) {
    throw new NeuriteError({
      operation: "topKAccuracy",
      got: `k: ${k}`,
      expected: "a whole number, at least 1",
    });
  }
  const labels = isLabel(prediction, target)
    ? labelsOf("topKAccuracy", prediction, target)
    : argmax(targetLike("topKAccuracy", prediction, target), { axis: -1 });
  requireClasses("topKAccuracy", prediction);
  const score = expandDims(atLabels(prediction, labels), -1);
  const isBefore = lt(iota(prediction.shape.slice(-1)), expandDims(labels, -1));
  const isAhead = or(gt(prediction, score), and(eq(prediction, score), isBefore));
  return shareOf(lt(sum(cast(isAhead, "i32"), { axis: -1 }), k), prediction);
}

/** Whether a target names classes, and does not give the probability of each. */
function isLabel(prediction: Tensor, target: Tensor): boolean {
  const rank = prediction.shape.length;
  return target.shape.length < rank || target.shape[rank - 1] === 1;
}

function shareOf(right: Tensor, { dtype }: Tensor): Tensor {
  return perExample(cast(right, dtype));
}
