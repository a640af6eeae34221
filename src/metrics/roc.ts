import { isInteger } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, sizeOf } from "../base/shape.ts";
import { checkedLabels, labelsOf, targetLike } from "../losses/target.ts";
import {
  add,
  cast,
  clip,
  cumsum,
  div,
  floor,
  gt,
  maximum,
  mul,
  reshape,
  scatter,
  slice,
  sortBy,
  stack,
  sub,
  sum,
  type Tensor,
  zeros,
} from "../tensor/index.ts";
import type { Metric } from "./metric.ts";

const bins = 1024;

/**
 * The area under the ROC curve: how often an example of class 1 has a larger score than one of class 0, where equal ones
 * count half (Hanley and McNeil, 1982). 0 where one of the classes is missing.
 *
 * For one output or two classes, [batch], [batch, 1] or [batch, 2], whose second is the score of class 1; targets are 0 and
 * 1, labels, or probabilities of both classes. Called with all examples it is exact, for scores of any size; models, which
 * see batches, count probabilities in 1024 intervals, and those of one interval as equal. Throws for other shapes.
 *
 * @example
 * ```ts
 * import { rocAuc } from "neurite/metrics";
 *
 * rocAuc(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])); // 0.75
 * ```
 */
export const rocAuc: Metric = /*#__PURE__*/ Object.assign(
  function rocAuc(prediction: Tensor, target: Tensor): Tensor {
    const { scores, positives } = examplesOf(prediction, target);
    // A stable sort keeps the order of equal scores: first those of class 0 before those of class 1, then after them.
    const [ordered, byClass] = sortBy(positives, [scores, positives]).slice(1);
    const [swapped, byOther] = sortBy(positives, [scores, positives], { descending: true }).slice(1);
    const most = pairsInOrder(sortBy(ordered, [byClass])[1]);
    const least = pairsInOrder(sortBy(swapped, [byOther])[1]);
    return areaOf(div(add(most, least), 2), sum(sub(1, positives)), sum(positives));
  },
  {
    accumulation: {
      sums(prediction: Tensor, target: Tensor): Tensor {
        const { scores, positives } = examplesOf(prediction, target);
        const intervals = cast(clip(floor(mul(scores, bins)), 0, bins - 1), "i32");
        const ofBoth = stack([sub(1, positives), positives], -1);
        return scatter(zeros([bins, 2], prediction.dtype), reshape(intervals, [-1, 1]), ofBoth, {
          mode: "add",
        });
      },
      result(sums: Tensor): Tensor {
        const column = (k: number): Tensor => reshape(slice(sums, [0, k], [bins, k + 1]), [bins]);
        const [negatives, positives] = [column(0), column(1)];
        const below = sub(cumsum(negatives), div(negatives, 2));
        return areaOf(sum(mul(positives, below)), sum(negatives), sum(positives));
      },
    },
  },
);

/** Pairs of an example of class 0 and a later one of class 1. */
function pairsInOrder(positives: Tensor): Tensor {
  return sum(mul(positives, cumsum(sub(1, positives))));
}

function areaOf(pairs: Tensor, negatives: Tensor, positives: Tensor): Tensor {
  return div(pairs, maximum(mul(negatives, positives), 1));
}

/** The scores of class 1 and whether each example is of it, 1 or 0, both [examples]. */
function examplesOf(
  prediction: Tensor,
  target: Tensor,
): { readonly scores: Tensor; readonly positives: Tensor } {
  const { shape, dtype } = prediction;
  const flat = (x: Tensor): Tensor => reshape(x, [sizeOf(x.shape)]);
  if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) {
    const checked = isInteger(target.dtype) ? checkedLabels(target, 2) : target;
    const wanted = targetLike("rocAuc", prediction, checked);
    return { scores: flat(prediction), positives: flat(cast(gt(wanted, 0.5), dtype)) };
  }
  if (shape.length !== 2 || shape[1] !== 2) {
    throw new NeuriteError({
      operation: "rocAuc",
      got: `a prediction of shape ${formatShape(shape)}`,
      expected: "one output or two classes: [batch], [batch, 1] or [batch, 2]",
    });
  }
  const second = (x: Tensor): Tensor => flat(slice(x, [0, 1], [shape[0], 2]));
  const isLabel = target.shape.length === 1 || target.shape[1] === 1;
  const wanted = isLabel
    ? labelsOf("rocAuc", prediction, target)
    : second(targetLike("rocAuc", prediction, target));
  return { scores: second(prediction), positives: cast(gt(cast(wanted, dtype), 0.5), dtype) };
}
