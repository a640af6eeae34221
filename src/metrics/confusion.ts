import { isInteger } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { checkedLabels, labelsOf, requireClasses, targetLike } from "../losses/target.ts";
import {
  add,
  argmax,
  cast,
  div,
  eye,
  gt,
  maximum,
  mean,
  mul,
  ones,
  reshape,
  scatter,
  slice,
  stack,
  sum,
  type Tensor,
  zeros,
} from "../tensor/index.ts";
import { type Metric, wholeMetric } from "./metric.ts";

/**
 * How many examples of each class, by row, were taken for each class, by column: [classes, classes], as in scikit-learn.
 *
 * Classes are those of `accuracy`: labels or the probability of every class for scores [batch, …, classes], where the first
 * of the largest scores counts; yes and no, 1 and 0, for one output, on the two sides of ½. Throws for shapes that do not
 * fit; a label out of range is reported when the program runs.
 *
 * @example
 * ```ts
 * import { confusionMatrix } from "neurite/metrics";
 *
 * confusionMatrix(tensor([0.9, 0.2, 0.7]), tensor([1, 0, 0])); // [[1, 1], [0, 1]]
 * ```
 */
export const confusionMatrix: Metric = /*#__PURE__*/ wholeMetric(
  "confusionMatrix",
  countsFor("confusionMatrix"),
  (counts) => counts,
);

/**
 * Of the examples taken for a class, the part that is of it: true positives / (true positives + false positives).
 *
 * With two classes it is that of class 1; with more the mean over classes. A class nobody is taken for counts 0. Targets
 * and errors are those of `confusionMatrix`.
 *
 * @example
 * ```ts
 * import { precision } from "neurite/metrics";
 *
 * precision(tensor([0.9, 0.2, 0.7]), tensor([1, 0, 0])); // 0.5
 * ```
 */
export const precision: Metric = /*#__PURE__*/ wholeMetric("precision", countsFor("precision"), (counts) =>
  overClasses(div(hits(counts), atLeastOne(sum(counts, { axis: 0 })))),
);

/**
 * Of the examples of a class, the part that is taken for it: true positives / (true positives + false negatives).
 *
 * With two classes it is that of class 1; with more the mean over classes. A class without examples counts 0. Targets and
 * errors are those of `confusionMatrix`.
 *
 * @example
 * ```ts
 * import { recall } from "neurite/metrics";
 *
 * recall(tensor([0.9, 0.2, 0.7]), tensor([1, 0, 0])); // 1
 * ```
 */
export const recall: Metric = /*#__PURE__*/ wholeMetric("recall", countsFor("recall"), (counts) =>
  overClasses(div(hits(counts), atLeastOne(sum(counts, { axis: 1 })))),
);

/**
 * The harmonic mean of precision and recall, 2 · true positives / (examples of the class + examples taken for it).
 *
 * With two classes it is that of class 1; with more the mean over classes. A class that is nowhere counts 0. Targets and
 * errors are those of `confusionMatrix`.
 *
 * @example
 * ```ts
 * import { f1Score } from "neurite/metrics";
 *
 * f1Score(tensor([0.9, 0.2, 0.7]), tensor([1, 0, 0])); // 0.6667
 * ```
 */
export const f1Score: Metric = /*#__PURE__*/ wholeMetric("f1Score", countsFor("f1Score"), (counts) => {
  const examples = add(sum(counts, { axis: 0 }), sum(counts, { axis: 1 }));
  return overClasses(div(mul(hits(counts), 2), atLeastOne(examples)));
});

/** The counts of `confusionMatrix`. */
function countsFor(operation: string): (prediction: Tensor, target: Tensor) => Tensor {
  return (prediction, target) => {
    const { wanted, chosen, classes } = classesOf(operation, prediction, target);
    const count = sizeOf(wanted.shape);
    const places = stack([reshape(wanted, [count]), reshape(chosen, [count])], -1);
    const { dtype } = prediction;
    return scatter(zeros([classes, classes], dtype), places, ones([count], dtype), { mode: "add" });
  };
}

/** The class of each example and the one it is taken for, i32. */
function classesOf(
  operation: string,
  prediction: Tensor,
  target: Tensor,
): { readonly wanted: Tensor; readonly chosen: Tensor; readonly classes: number } {
  const { shape } = prediction;
  const classes = shape[shape.length - 1];
  if (shape.length < 2 || classes === 1) {
    const checked = isInteger(target.dtype) ? checkedLabels(target, 2) : target;
    const wanted = cast(gt(targetLike(operation, prediction, checked), 0.5), "i32");
    return { wanted, chosen: cast(gt(prediction, 0.5), "i32"), classes: 2 };
  }
  const chosen = argmax(prediction, { axis: -1 });
  const isLabel = target.shape.length < shape.length || target.shape[shape.length - 1] === 1;
  if (isLabel) return { wanted: labelsOf(operation, prediction, target), chosen, classes };
  const wanted = targetLike(operation, prediction, target);
  requireClasses(operation, prediction);
  return { wanted: argmax(wanted, { axis: -1 }), chosen, classes };
}

/** How many of each class were taken for it. */
function hits(counts: Tensor): Tensor {
  return sum(mul(counts, eye(counts.shape[0], counts.shape[0], counts.dtype)), { axis: 0 });
}

function atLeastOne(counts: Tensor): Tensor {
  return maximum(counts, 1);
}

/** Of figures for each class that of class 1 where there are two, else their mean. */
function overClasses(figures: Tensor): Tensor {
  return figures.shape[0] === 2 ? reshape(slice(figures, [1], [2]), []) : mean(figures);
}
