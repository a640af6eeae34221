import { perExample } from "../losses/loss.ts";
import { labelsOf, requireClasses, targetLike } from "../losses/target.ts";
import { argmax, cast, eq, gt, type Tensor } from "../tensor/index.ts";

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
  const isLabel = target.shape.length < rank || target.shape[rank - 1] === 1;
  return isLabel ? sparseCategoricalAccuracy(prediction, target) : categoricalAccuracy(prediction, target);
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

function shareOf(right: Tensor, { dtype }: Tensor): Tensor {
  return perExample(cast(right, dtype));
}
