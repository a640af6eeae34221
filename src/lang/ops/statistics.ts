import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { normalizeAxes, sizeOf } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { abs, add, div, sub } from "./arithmetic.ts";
import { exp, log, sqrt } from "./exponential.ts";
import { stopGradient } from "./identity.ts";
import { isFinite as elementIsFinite } from "./logic.ts";
import { rootOrZero, square } from "./mathematics.ts";
import { asTensor, cast, type TensorLike } from "./operand.ts";
import { max } from "./reductions.ts";
import { select } from "./select.ts";
import { type ReductionOptions, reshape, sum } from "./structure.ts";

// Truth values and integers are averaged as f32.
function asFloat(x: TensorLike): Tensor {
  const operand = asTensor(x);
  return isFloat(operand.dtype) ? operand : cast(operand, "f32");
}

function countOf(operation: string, { shape }: Tensor, axis: ReductionOptions["axis"]): number {
  return sizeOf(normalizeAxes(operation, axis, shape.length).map((reduced) => shape[reduced]));
}

/**
 * The mean over axes (all unless given); truth values and integers give f32, no elements give NaN.
 *
 * @example
 * ```ts
 * mean(tensor([[1, 2], [3, 4]]), { axis: 0 }); // [2, 3]
 * mean(eq(tensor([1, 2]), 2)); // 0.5: the fraction that is true
 * ```
 */
export function mean(x: TensorLike, options: ReductionOptions = {}): Tensor {
  const values = asFloat(x);
  return div(sum(values, options), countOf("mean", values, options.axis));
}

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReductionOptions {
  /** What the number of elements is reduced by: 0 (default) for the population, 1 for the unbiased estimate. */
  readonly correction?: number;
}

/**
 * The variance over axes (all unless given): the mean of the squared differences from the mean.
 *
 * @example
 * ```ts
 * variance(tensor([1, 2, 3])); // 0.6667
 * variance(tensor([1, 2, 3]), { correction: 1 }); // 1
 * ```
 */
export function variance(x: TensorLike, options: VarianceOptions = {}): Tensor {
  const { correction = 0, axis, keepDims = false } = options;
  const values = asFloat(x);
  const difference = sub(values, mean(values, { axis, keepDims: true }));
  return div(sum(square(difference), { axis, keepDims }), countOf("variance", values, axis) - correction);
}

/**
 * The standard deviation over axes (all unless given): the square root of the variance.
 *
 * @example
 * ```ts
 * std(tensor([1, 3])); // 1
 * ```
 */
export function std(x: TensorLike, options: VarianceOptions = {}): Tensor {
  return sqrt(variance(x, options));
}

/** Options of `norm`. */
export interface NormOptions extends ReductionOptions {
  /** 2 (default) is Euclidean; 1 sums absolute values; Infinity takes the largest. */
  readonly order?: 1 | 2 | typeof Infinity;
}

/**
 * The length of vectors along axes (of all elements unless given); the derivative of the Euclidean norm at 0 is 0.
 *
 * @example
 * ```ts
 * norm(tensor([[3, 4], [6, 8]]), { axis: 1 }); // [5, 10]
 * ```
 */
export function norm(x: TensorLike, options: NormOptions = {}): Tensor {
  const { order = 2 } = options;
  switch (order) {
    case 1:
      return sum(abs(x), options);
    case 2:
      return rootOrZero(sum(square(x), options));
    case Infinity:
      return max(abs(x), options);
    default:
      throw new NeuriteError({ operation: "norm", got: `order ${order}`, expected: "1, 2 or Infinity" });
  }
}

/** The largest value along the axes, to be subtracted before exp; 0 where it is not finite, and constant to autodiff. */
function shiftOf(x: Tensor, axis: ReductionOptions["axis"]): Tensor {
  const largest = max(x, { axis, keepDims: true });
  return stopGradient(select(elementIsFinite(largest), largest, 0));
}

/**
 * log Σ eˣ over axes (all unless given), without overflow.
 *
 * @example
 * ```ts
 * logSumExp(tensor([1000, 1000])); // 1000.6931
 * ```
 */
export function logSumExp(x: TensorLike, options: ReductionOptions = {}): Tensor {
  const { axis, keepDims = false } = options;
  const values = asTensor(x);
  const shift = shiftOf(values, axis);
  const total = sum(exp(sub(values, shift)), { axis, keepDims });
  return add(log(total), reshape(shift, total.shape));
}

/**
 * eˣ / Σ eˣ along an axis (default the last) or several: positive numbers with sum 1, without overflow.
 *
 * @example
 * ```ts
 * softmax(tensor([[0, Math.log(3)]])); // [[0.25, 0.75]]
 * ```
 */
export function softmax(x: TensorLike, axis: number | readonly number[] = -1): Tensor {
  const values = asTensor(x);
  const powers = exp(sub(values, stopGradient(max(values, { axis, keepDims: true }))));
  return div(powers, sum(powers, { axis, keepDims: true }));
}

/**
 * The logarithm of `softmax` along an axis (default the last) or several, exact also where softmax underflows.
 *
 * @example
 * ```ts
 * logSoftmax(tensor([0, 1000])); // [-1000, 0]
 * ```
 */
export function logSoftmax(x: TensorLike, axis: number | readonly number[] = -1): Tensor {
  const values = asTensor(x);
  const shifted = sub(values, stopGradient(max(values, { axis, keepDims: true })));
  return sub(shifted, log(sum(exp(shifted), { axis, keepDims: true })));
}
