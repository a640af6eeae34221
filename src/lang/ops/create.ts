import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { asTensor, full, type TensorLike } from "./operand.ts";

/**
 * A tensor of zeros; dtype f32 unless given.
 *
 * @example
 * ```ts
 * zeros([2, 3]);
 * ```
 */
export function zeros(shape: Shape, dtype: DType = "f32"): Tensor {
  return full(shape, 0, dtype);
}

/**
 * A tensor of ones; dtype f32 unless given.
 *
 * @example
 * ```ts
 * ones([2, 3]);
 * ```
 */
export function ones(shape: Shape, dtype: DType = "f32"): Tensor {
  return full(shape, 1, dtype);
}

/**
 * A tensor with one value everywhere, of the shape and, unless given, the dtype of another.
 *
 * @example
 * ```ts
 * fullLike(tensor([1, 2]), 7); // [7, 7]
 * ```
 */
export function fullLike(x: TensorLike, value: number, dtype?: DType): Tensor {
  const like = asTensor(x);
  return full(like.shape, value, dtype ?? like.dtype);
}

/**
 * Zeros of the shape and, unless given, the dtype of another tensor.
 *
 * @example
 * ```ts
 * zerosLike(tensor([1, 2])); // [0, 0]
 * ```
 */
export function zerosLike(x: TensorLike, dtype?: DType): Tensor {
  return fullLike(x, 0, dtype);
}

/**
 * Ones of the shape and, unless given, the dtype of another tensor.
 *
 * @example
 * ```ts
 * onesLike(tensor([1, 2])); // [1, 1]
 * ```
 */
export function onesLike(x: TensorLike, dtype?: DType): Tensor {
  return fullLike(x, 1, dtype);
}
