import type { DType } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { checkShape, normalizeAxis, type Shape } from "../../base/shape.ts";
import * as scalar from "../kernel/scalar.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { allocate, forEachIndex } from "./host.ts";

type IotaParameters = { readonly shape: Shape; readonly axis: number; readonly dtype: DType };

/** The position of every element along an axis. */
export const iotaPrimitive: Primitive<IotaParameters> = {
  name: "iota",
  infer: (_, { shape, dtype }) => [{ dtype, shape }],
  batch: ({ size, parameters: { shape, axis, dtype } }) => [iota([size, ...shape], axis + 1, dtype)],
  reference: ({ outputs: [type], parameters: { axis } }) => {
    const result = allocate(type);
    forEachIndex(type.shape, (index, position) => {
      result[position] = index[axis];
    });
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value: ({ parameters: { axis, dtype } }, at) => scalar.cast(scalar.coordinateValue(at[axis]), dtype),
  },
  samples: [
    { inputs: [], parameters: { shape: [5], axis: 0, dtype: "i32" } },
    { inputs: [], parameters: { shape: [2, 3], axis: 1, dtype: "f32" } },
  ],
};

/**
 * The position of every element along an axis (default the first): 0, 1, 2, …; dtype i32 unless given.
 *
 * @example
 * ```ts
 * iota(4); // [0, 1, 2, 3]
 * iota([2, 3], 1); // [[0, 1, 2], [0, 1, 2]]
 * ```
 */
export function iota(shape: number | Shape, axis = 0, dtype: DType = "i32"): Tensor {
  const extents = typeof shape === "number" ? [shape] : [...shape];
  checkShape("iota", extents);
  if (dtype === "bool") {
    throw new NeuriteError({ operation: "iota", got: "dtype bool", expected: "a dtype of numbers" });
  }
  return bind(iotaPrimitive, [], {
    shape: extents,
    axis: normalizeAxis("iota", axis, extents.length),
    dtype,
  })[0];
}
