import { isFloat, isInteger } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { formatType } from "../base/type.ts";
import {
  cast,
  eq,
  expandDims,
  iota,
  reshape,
  select,
  sum,
  type Tensor,
  take,
  withScope,
} from "../tensor/index.ts";

/**
 * A target in the shape and dtype of the prediction: [n] and [n, 1] count as equal. Throws for other shapes, and for a
 * prediction that is no float.
 */
export function targetLike(operation: string, prediction: Tensor, target: Tensor): Tensor {
  requireFloat(operation, prediction);
  if (!sameShape(squeezed(prediction), squeezed(target))) {
    throw new NeuriteError({
      operation,
      got: `a prediction of shape ${formatShape(prediction.shape)}, a target of shape ${formatShape(target.shape)}`,
      expected: `a target of shape ${formatShape(prediction.shape)}`,
      ...(isLabels(prediction, target) && { hint: "for labels as integers use the sparse form" }),
    });
  }
  const shaped = sameShape(prediction.shape, target.shape) ? target : reshape(target, prediction.shape);
  return cast(shaped, prediction.dtype);
}

/**
 * Labels as i32, one per row of scores [..., classes]: [...] or [..., 1]. Throws for other shapes and for floats; a label
 * that is no class is reported when the program runs.
 */
export function labelsOf(operation: string, prediction: Tensor, target: Tensor): Tensor {
  requireFloat(operation, prediction);
  requireClasses(operation, prediction);
  if (!isInteger(target.dtype)) {
    throw new NeuriteError({
      operation,
      got: `labels ${formatType(target)}`,
      expected: "labels i32, u32 or u8",
      hint: sameShape(prediction.shape, target.shape) ? forEachClass : `cast(labels, "i32")`,
    });
  }
  const rows = prediction.shape.slice(0, -1);
  if (!sameShape(target.shape, rows) && !sameShape(target.shape, [...rows, 1])) {
    throw new NeuriteError({
      operation,
      got: `a prediction of shape ${formatShape(prediction.shape)}, labels of shape ${formatShape(target.shape)}`,
      expected: `labels of shape ${formatShape(rows)}, or ${formatShape([...rows, 1])}`,
      ...(sameShape(prediction.shape, target.shape) && { hint: forEachClass }),
    });
  }
  return checkedLabels(reshape(target, rows), prediction.shape[rows.length]);
}

const forEachClass = "for a probability of each class use categorical in place of sparse categorical";

/** The same labels, as i32; one outside 0 … classes − 1 is reported when the program runs. */
export function checkedLabels(labels: Tensor, classes: number): Tensor {
  // Reading the list 0, 1, 2 … at the labels gives the labels and reports what lies outside, in one fused kernel.
  return withScope("labels", () => take(iota(classes), labels));
}

/** Where each row of scores [..., classes] stands at its label. */
export function isAtLabel(prediction: Tensor, labels: Tensor): Tensor {
  // Comparing with all classes, and not gathering, fuses and has no scatter in the backward pass.
  return eq(expandDims(labels, -1), iota(prediction.shape.slice(-1)));
}

/** The score of each row's label. */
export function atLabels(prediction: Tensor, labels: Tensor): Tensor {
  return sum(select(isAtLabel(prediction, labels), prediction, 0), { axis: -1 });
}

/** Throws unless there are two classes or more along the last axis. */
export function requireClasses(operation: string, { shape }: Tensor): void {
  if (shape.length > 0 && shape[shape.length - 1] > 1) return;
  throw new NeuriteError({
    operation,
    got: `a prediction of shape ${formatShape(shape)}`,
    expected: "scores of two classes or more on the last axis",
    hint: "for one output use binaryCrossentropy and binaryAccuracy, after a sigmoid",
  });
}

function requireFloat(operation: string, prediction: Tensor): void {
  if (isFloat(prediction.dtype)) return;
  throw new NeuriteError({
    operation,
    got: `a prediction ${formatType(prediction)}`,
    expected: "f32 or f64",
    hint: "the prediction comes first, then the target",
  });
}

function isLabels(prediction: Tensor, target: Tensor): boolean {
  return sameShape(prediction.shape.slice(0, -1), target.shape);
}

// Without a last axis of one.
function squeezed({ shape }: Tensor): readonly number[] {
  return shape.length > 1 && shape[shape.length - 1] === 1 ? shape.slice(0, -1) : shape;
}
