import { type DType, dtypeFacts } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { formatType } from "../../base/type.ts";
import * as scalar from "../kernel/scalar.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { asTensor, type TensorLike } from "./operand.ts";

/** The 32 bits of every element read as another dtype. */
export const bitcastPrimitive: Primitive<{ readonly dtype: DType }> = {
  name: "bitcast",
  infer: ([x], { dtype }) => {
    if (dtypeFacts[x.dtype].bytes !== 4 || dtypeFacts[dtype].bytes !== 4) {
      throw new NeuriteError({
        operation: "bitcast",
        got: `${formatType(x)} as ${dtype}`,
        expected: "f32, i32 and u32 only",
      });
    }
    return [{ dtype, shape: x.shape }];
  },
  batch: ({ inputs, parameters }) => bind(bitcastPrimitive, inputs, parameters),
  reference: ({ inputs: [x], parameters: { dtype } }) => {
    const copy = x.data.slice();
    return [dtypeFacts[dtype].view(copy.buffer, 0, copy.length)];
  },
  lowering: {
    kind: "pointwise",
    value: ({ parameters: { dtype } }, at, read) => scalar.bitcast(read(0, at), dtype),
  },
  samples: [
    { inputs: [{ dtype: "f32", shape: [2, 3] }], parameters: { dtype: "i32" } },
    { inputs: [{ dtype: "u32", shape: [4] }], parameters: { dtype: "i32" }, ranges: [[0, 4294967295]] },
    { inputs: [{ dtype: "i32", shape: [4] }], parameters: { dtype: "f32" }, ranges: [[0, 2139095039]] },
  ],
};

/**
 * The 32 bits of every element read as another dtype of 32 bits (f32, i32 or u32).
 *
 * @example
 * ```ts
 * bitcast(tensor([1]), "i32"); // [0x3f800000]
 * ```
 */
export function bitcast(x: TensorLike, dtype: DType): Tensor {
  const operand = asTensor(x);
  return operand.dtype === dtype ? operand : bind(bitcastPrimitive, [operand], { dtype })[0];
}
