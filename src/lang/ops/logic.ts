import { isFloat } from "../../base/dtype.ts";
import { normalizeAxes, sizeOf } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { abs } from "./arithmetic.ts";
import { and, eq, lt, ne, not, or, xor } from "./comparison.ts";
import { asTensor, full, type TensorLike } from "./operand.ts";
import { reducedShape } from "./reduction-family.ts";
import { max, min } from "./reductions.ts";
import { select } from "./select.ts";
import type { ReductionOptions } from "./structure.ts";

/**
 * Takes x where the condition (bool) holds and y elsewhere, broadcast to one shape.
 *
 * @example
 * ```ts
 * const x = tensor([-1, 2]);
 * where(gt(x, 0), x, 0); // [0, 2]
 * ```
 */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  return select(condition, x, y);
}

/**
 * True where x is NaN.
 *
 * @example
 * ```ts
 * isNaN(tensor([0, Number.NaN])); // [false, true]
 * ```
 */
function elementIsNaN(x: TensorLike): Tensor {
  return ne(x, x);
}

/**
 * True where x is ∞ or −∞.
 *
 * @example
 * ```ts
 * isInf(tensor([0, -Infinity])); // [false, true]
 * ```
 */
export function isInf(x: TensorLike): Tensor {
  const operand = asTensor(x);
  return isFloat(operand.dtype) ? eq(abs(operand), Infinity) : full(operand.shape, 0, "bool");
}

/**
 * True where x is neither NaN nor infinite.
 *
 * @example
 * ```ts
 * isFinite(tensor([0, Number.NaN, Infinity])); // [true, false, false]
 * ```
 */
function elementIsFinite(x: TensorLike): Tensor {
  const operand = asTensor(x);
  return isFloat(operand.dtype) ? lt(abs(operand), Infinity) : full(operand.shape, 1, "bool");
}

export { elementIsFinite as isFinite, elementIsNaN as isNaN };

// Truth values stay; other elements are true unless 0.
function truth(x: TensorLike): Tensor {
  const operand = asTensor(x);
  return operand.dtype === "bool" ? operand : ne(operand, 0);
}

/**
 * x ∧ y of truth values; elements of other dtypes are true unless 0.
 *
 * @example
 * ```ts
 * logicalAnd(tensor([1, 0]), tensor([true, true])); // [true, false]
 * ```
 */
export function logicalAnd(x: TensorLike, y: TensorLike): Tensor {
  return and(truth(x), truth(y));
}

/**
 * x ∨ y of truth values; elements of other dtypes are true unless 0.
 *
 * @example
 * ```ts
 * logicalOr(tensor([1, 0]), tensor([false, false])); // [true, false]
 * ```
 */
export function logicalOr(x: TensorLike, y: TensorLike): Tensor {
  return or(truth(x), truth(y));
}

/**
 * True where exactly one operand is; elements of other dtypes are true unless 0.
 *
 * @example
 * ```ts
 * logicalXor(tensor([1, 0]), tensor([true, true])); // [false, true]
 * ```
 */
export function logicalXor(x: TensorLike, y: TensorLike): Tensor {
  return xor(truth(x), truth(y));
}

/**
 * ¬x; elements of other dtypes than bool are true unless 0.
 *
 * @example
 * ```ts
 * logicalNot(tensor([2, 0])); // [false, true]
 * ```
 */
export function logicalNot(x: TensorLike): Tensor {
  return not(truth(x));
}

/**
 * True where any element along the axes (all unless given) is true, or not 0; false for none.
 *
 * @example
 * ```ts
 * any(tensor([[true, false], [false, false]]), { axis: 1 }); // [true, false]
 * ```
 */
export function any(x: TensorLike, options: ReductionOptions = {}): Tensor {
  const values = truth(x);
  return emptyReduction("any", values, options, 0) ?? max(values, options);
}

/**
 * True where every element along the axes (all unless given) is true, or not 0; true for none.
 *
 * @example
 * ```ts
 * all(tensor([[true, false], [true, true]]), { axis: 1 }); // [false, true]
 * ```
 */
export function all(x: TensorLike, options: ReductionOptions = {}): Tensor {
  const values = truth(x);
  return emptyReduction("all", values, options, 1) ?? min(values, options);
}

function emptyReduction(
  operation: string,
  { shape }: Tensor,
  { axis, keepDims = false }: ReductionOptions,
  value: number,
): Tensor | undefined {
  const axes = normalizeAxes(operation, axis, shape.length);
  if (sizeOf(axes.map((reduced) => shape[reduced])) > 0) return undefined;
  return full(reducedShape(shape, axes, keepDims), value, "bool");
}
