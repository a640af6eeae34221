import { type DType, dtypeFacts, isFloat, roundTo } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { checkShape, type Shape } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import { cast as castScalar, literal } from "../kernel/scalar.ts";
import type { Operand, Primitive } from "../program/primitive.ts";
import { Literal } from "../program/program.ts";
import { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { allocate } from "./host.ts";

/** What operations take: a tensor, or a number that takes the dtype of the tensors it meets. */
export type TensorLike = Tensor | number;

/** An operand of a primitive that takes no literals, as the tensor it is. */
export function tensorOf(operand: Operand | undefined): Tensor {
  if (operand instanceof Tensor) return operand;
  throw new Error("a literal stands where a primitive takes tensors only");
}

type FullParameters = { readonly shape: Shape; readonly value: number; readonly dtype: DType };

/** A tensor with one value everywhere. */
export const fullPrimitive: Primitive<FullParameters> = {
  name: "full",
  infer: (_, { shape, dtype }) => [{ dtype, shape }],
  batch: ({ size, parameters: { shape, value, dtype } }) => [full([size, ...shape], value, dtype)],
  reference: ({ outputs, parameters }) => [allocate(outputs[0]).fill(parameters.value)],
  lowering: { kind: "pointwise", value: ({ parameters: { dtype, value } }) => literal(dtype, value) },
  samples: [
    { inputs: [], parameters: { shape: [2, 3], value: 0.1, dtype: "f32" } },
    { inputs: [], parameters: { shape: [], value: -7, dtype: "i32" } },
  ],
};

/**
 * A tensor of a shape with one value everywhere; dtype f32 unless given. Throws when the dtype cannot hold the value.
 *
 * @example
 * ```ts
 * full([2, 3], 0.5);
 * ```
 */
export function full(shape: Shape, value: number, dtype: DType = "f32"): Tensor {
  checkShape("full", shape);
  checkValue("full", value, dtype);
  return bind(fullPrimitive, [], { shape: [...shape], value, dtype })[0];
}

type CastParameters = { readonly dtype: DType };

/** Conversion to another dtype. */
export const castPrimitive: Primitive<CastParameters> = {
  name: "cast",
  infer: ([x], { dtype }) => [{ dtype, shape: x.shape }],
  derivative: ({ tangents: [dx], parameters: { dtype } }) => [
    dx === undefined || !isFloat(dtype) ? undefined : cast(dx, dtype),
  ],
  transpose: ({ cotangents: [cotangent], types: [type] }) => [
    cotangent === undefined ? undefined : cast(cotangent, type.dtype),
  ],
  batch: ({ inputs, parameters }) => bind(castPrimitive, inputs, parameters),
  reference: ({ inputs: [x], outputs: [type] }) => {
    const result = allocate(type);
    for (let i = 0; i < result.length; i++) result[i] = convert(x.data[i], x.dtype, type.dtype);
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value: ({ parameters }, at, read) => castScalar(read(0, at), parameters.dtype),
  },
  samples: /*#__PURE__*/ (["f32", "f64", "i32", "u32", "u8", "bool"] as const).flatMap((from) =>
    (["f32", "f64", "i32", "u32", "u8", "bool"] as const)
      .filter((to) => to !== from)
      .map((dtype) => ({
        inputs: [{ dtype: from, shape: [2, 5] }],
        parameters: { dtype },
        ranges: [
          isFloat(from) ? ([-300, 300] as const) : from === "bool" ? ([0, 1] as const) : ([0, 255] as const),
        ],
      })),
  ),
};

// Integers wrap around between integer types (as typed arrays do); floats saturate.
function convert(value: number, from: DType, to: DType): number {
  return isFloat(from) || to === "bool" ? roundTo(to, value) : value;
}

/**
 * Converts to another dtype: float to integer rounds towards zero and saturates, NaN becomes 0; integers wrap around;
 * to bool means ≠ 0.
 *
 * @example
 * ```ts
 * cast(tensor([0.5, 2.9]), "i32"); // [0, 2]
 * ```
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  if (typeof x === "number") return full([], roundTo(dtype, x), dtype);
  if (x.dtype === dtype && !x.weak) return x;
  if (x.dtype === dtype) return new Tensor(x.dtype, x.shape, x.source);
  return bind(castPrimitive, [x], { dtype })[0];
}

/**
 * A tensor from a tensor or a number; numbers, also those that are arguments of `jit`, become f32 scalars unless a dtype
 * is given.
 *
 * @example
 * ```ts
 * asTensor(2).shape; // []
 * asTensor(2, "i32").dtype; // "i32"
 * ```
 */
export function asTensor(x: TensorLike, dtype: DType = "f32"): Tensor {
  if (typeof x === "number") return full([], x, dtype);
  return x.weak ? cast(x, dtype) : x;
}

/** Operands of one dtype; `weak` when all of them stood for JS numbers. */
export interface Lifted {
  readonly operands: readonly Operand[];
  readonly weak: boolean;
}

/**
 * Gives numbers the dtype of the tensors among the operands: literals for JS numbers, casts for number arguments of `jit`.
 * Numbers alone become f64 scalars that stay weak. Throws when tensors have different dtypes.
 */
export function lift(operation: string, operands: readonly TensorLike[]): Lifted {
  const strong = operands.filter((operand) => operand instanceof Tensor && !operand.weak);
  if (strong.length === 0) {
    const anyTensor = operands.some((operand) => operand instanceof Tensor);
    const lifted = operands.map((operand, i) => {
      if (operand instanceof Tensor) return operand;
      return anyTensor || i > 0 ? new Literal("f64", operand) : full([], operand, "f64");
    });
    return { operands: lifted, weak: true };
  }
  const dtype = commonDType(operation, asTensors(strong));
  const lifted = operands.map((operand) => {
    if (operand instanceof Tensor) return cast(operand, dtype);
    checkValue(operation, operand, dtype);
    return new Literal(dtype, operand);
  });
  return { operands: lifted, weak: false };
}

/** The dtype that all tensors have; throws when they differ. */
export function commonDType(operation: string, tensors: readonly Tensor[]): DType {
  const [{ dtype }] = tensors;
  const other = tensors.find((tensor) => tensor.dtype !== dtype);
  if (other !== undefined) {
    throw new NeuriteError({
      operation,
      got: `${formatType(tensors[0])} and ${formatType(other)}`,
      expected: "operands of one dtype",
      hint: `cast one of them: cast(x, "${isFloat(other.dtype) ? other.dtype : dtype}")`,
    });
  }
  return dtype;
}

function asTensors(operands: readonly TensorLike[]): Tensor[] {
  return operands.filter((operand) => operand instanceof Tensor);
}

/** Throws when a dtype cannot hold a number: a fraction for an integer, a negative number for an unsigned one. */
export function checkValue(operation: string, value: number, dtype: DType): void {
  if (typeof value !== "number") {
    throw new NeuriteError({
      operation,
      got: `${typeof value} ${String(value)}`,
      expected: "a tensor or a number",
    });
  }
  if (dtypeFacts[dtype].kind !== "float" && roundTo(dtype, value) !== value) {
    throw new NeuriteError({
      operation,
      got: `the number ${value} where the dtype is ${dtype}`,
      expected: `a value that ${dtype} can hold`,
      hint: `cast the tensor: cast(x, "f32")`,
    });
  }
}
