import { NeuriteError } from "../../base/error.ts";
import { normalizeAxis, sizeOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { plus } from "../kernel/coordinate.ts";
import * as scalar from "../kernel/scalar.ts";
import type { Primitive } from "../program/primitive.ts";
import { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { zerosLike } from "./create.ts";
import { allocate } from "./host.ts";
import { slice } from "./movement.ts";
import { asTensor, lift, type TensorLike, tensorOf } from "./operand.ts";
import { broadcastTo } from "./structure.ts";

type ConcatenateParameters = { readonly axis: number };

/** Joins tensors along an axis. */
export const concatenatePrimitive: Primitive<ConcatenateParameters> = {
  name: "concatenate",
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    const other = inputs.find((type) => !fits(type, first, axis));
    if (other !== undefined) {
      throw new NeuriteError({
        operation: "concatenate",
        got: `${formatType(first)} and ${formatType(other)} along axis ${axis}`,
        expected: "tensors of one dtype whose shapes differ along that axis only",
      });
    }
    const extent = inputs.reduce((total, { shape }) => total + shape[axis], 0);
    return [{ dtype: first.dtype, shape: first.shape.with(axis, extent) }];
  },
  derivative: ({ inputs, tangents, parameters: { axis } }) => {
    const terms = tangents.map((tangent, i) => tangent ?? zerosLike(tensorOf(inputs[i])));
    return [concatenate(terms, axis)];
  },
  transpose: ({ cotangents: [cotangent], inputs, types, parameters: { axis } }) => {
    const starts = startsOf(types, axis);
    return inputs.map((input, i) => {
      if (input !== undefined || cotangent === undefined) return undefined;
      const low = cotangent.shape.map((_, d) => (d === axis ? starts[i] : 0));
      const high = cotangent.shape.map((extent, d) =>
        d === axis ? starts[i] + types[i].shape[axis] : extent,
      );
      return slice(cotangent, low, high);
    });
  },
  batch: ({ inputs, batched, size, parameters: { axis } }) => {
    const shaped = inputs
      .map(tensorOf)
      .map((input, i) => (batched[i] ? input : broadcastTo(input, [size, ...input.shape])));
    return bind(concatenatePrimitive, shaped, { axis: axis + 1 });
  },
  reference: ({ inputs, outputs: [type], parameters: { axis } }) => {
    const result = allocate(type);
    const outer = sizeOf(type.shape.slice(0, axis));
    let position = 0;
    for (let block = 0; block < outer; block++) {
      for (const { data } of inputs) {
        const length = data.length / outer;
        result.set(data.subarray(block * length, (block + 1) * length), position);
        position += length;
      }
    }
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value: ({ inputs, parameters: { axis } }, at, read) => {
      const starts = startsOf(inputs, axis);
      const parts = inputs.map(({ shape }, i) => {
        const coordinate = plus(at[axis], -starts[i]);
        const guards = [{ coordinate, extent: shape[axis] }];
        return { guards, value: read(i, at.with(axis, coordinate), guards) };
      });
      return parts
        .slice(0, -1)
        .reduceRight(
          (rest, { guards, value }) => scalar.select(scalar.inside(guards), value, rest),
          parts[parts.length - 1].value,
        );
    },
  },
  samples: [
    {
      inputs: [
        { dtype: "f32", shape: [2, 3] },
        { dtype: "f32", shape: [2, 1] },
        { dtype: "f32", shape: [2, 2] },
      ],
      parameters: { axis: 1 },
    },
    {
      inputs: [
        { dtype: "i32", shape: [2] },
        { dtype: "i32", shape: [3] },
      ],
      parameters: { axis: 0 },
    },
  ],
};

function fits(type: TensorType, first: TensorType, axis: number): boolean {
  return (
    type.dtype === first.dtype &&
    type.shape.length === first.shape.length &&
    type.shape.every((extent, d) => d === axis || extent === first.shape[d])
  );
}

function startsOf(types: readonly TensorType[], axis: number): number[] {
  let next = 0;
  return types.map(({ shape }) => {
    const start = next;
    next += shape[axis];
    return start;
  });
}

/**
 * Joins tensors of one dtype along an axis (default the first); the other extents must agree.
 *
 * @example
 * ```ts
 * concatenate([tensor([1, 2]), tensor([3])]); // [1, 2, 3]
 * ```
 */
export function concatenate(tensors: readonly TensorLike[], axis = 0): Tensor {
  if (tensors.length === 0) {
    throw new NeuriteError({ operation: "concatenate", got: "no tensors", expected: "at least one" });
  }
  const operands = tensorsOfOneDType("concatenate", tensors);
  const normalized = normalizeAxis("concatenate", axis, operands[0].shape.length);
  return operands.length === 1 ? operands[0] : bind(concatenatePrimitive, operands, { axis: normalized })[0];
}

/** Numbers and tensors as tensors of the dtype that the tensors have, f32 for numbers alone. */
export function tensorsOfOneDType(operation: string, values: readonly TensorLike[]): Tensor[] {
  const { operands, weak } = lift(operation, values);
  return operands.map((operand, i) => {
    if (weak) return asTensor(values[i]);
    return operand instanceof Tensor ? operand : asTensor(operand.value, operand.dtype);
  });
}
