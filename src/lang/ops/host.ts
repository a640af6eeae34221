import { dtypeFacts, type TypedArray } from "../../base/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../base/shape.ts";
import type { TensorType } from "../../base/type.ts";
import type { HostArray } from "../program/primitive.ts";

/** A zeroed array for the elements of a tensor type. */
export function allocate(type: TensorType): TypedArray {
  return dtypeFacts[type.dtype].create(sizeOf(type.shape));
}

/** Calls `visit(index, position)` for every index of a shape in row-major order; `index` is reused. */
export function forEachIndex(
  shape: Shape,
  visit: (index: readonly number[], position: number) => void,
): void {
  const index = new Array<number>(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let position = 0; position < size; position++) {
    visit(index, position);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] += 1;
      if (index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

/** output[index] = input[offset + Σ index · strides], the reference rule of broadcast, transpose, slice and flip. */
export function copyStrided(
  input: HostArray,
  output: TensorType,
  strides: readonly number[],
  offset = 0,
): TypedArray {
  const result = allocate(output);
  forEachIndex(output.shape, (index, position) => {
    result[position] = input.data[positionOf(index, strides, offset)];
  });
  return result;
}

/** offset + Σ index · strides */
export function positionOf(index: readonly number[], strides: readonly number[], offset = 0): number {
  let position = offset;
  for (let axis = 0; axis < index.length; axis++) position += index[axis] * strides[axis];
  return position;
}

/** Row-major strides with 0 for axes of extent 1, so that a broadcast reads them again and again. */
export function broadcastStrides(shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
}
