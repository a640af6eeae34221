import { NeuriteError } from "../../base/error.ts";
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { constant } from "../kernel/coordinate.ts";
import type { Operand, Primitive } from "../program/primitive.ts";
import { Literal } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { broadcastStrides, copyStrided } from "./host.ts";
import { asTensor, type TensorLike, tensorOf } from "./operand.ts";
import { type ReductionParameters, reduceAxes, reducedShape, reduction } from "./reduction-family.ts";

// Broadcast and sum are each other's transpose, and need reshape: one file.

type BroadcastParameters = { readonly shape: Shape; readonly axes: readonly number[] };

/** Repeats elements: operand axis k becomes axis `axes[k]` of `shape`, with the same extent or from extent 1. */
export const broadcastPrimitive: Primitive<BroadcastParameters> = {
  name: "broadcast",
  infer: ([x], { shape, axes }) => {
    checkBroadcast(x, shape, axes);
    return [{ dtype: x.dtype, shape }];
  },
  derivative: ({ tangents: [dx], parameters: { shape, axes } }) => [
    dx === undefined ? undefined : broadcastAlong(dx, shape, axes),
  ],
  transpose: ({ cotangents: [cotangent], types: [type], parameters: { axes } }) => {
    if (cotangent === undefined) return [undefined];
    const repeated = cotangent.shape.flatMap((extent, axis) => {
      const from = axes.indexOf(axis);
      return from < 0 || type.shape[from] !== extent ? [axis] : [];
    });
    return [reshape(sum(cotangent, { axis: repeated }), type.shape)];
  },
  batch: ({ inputs, size, parameters: { shape, axes } }) =>
    bind(broadcastPrimitive, inputs, { shape: [size, ...shape], axes: [0, ...axes.map((axis) => axis + 1)] }),
  reference: ({ inputs: [x], outputs: [type], parameters: { axes } }) => {
    const strides = new Array<number>(type.shape.length).fill(0);
    const own = broadcastStrides(x.shape);
    for (const [k, axis] of axes.entries()) strides[axis] = own[k];
    return [copyStrided(x, type, strides)];
  },
  lowering: {
    kind: "pointwise",
    value: ({ inputs: [x], parameters: { axes } }, at, read) =>
      read(
        0,
        axes.map((axis, k) => (x.shape[k] === 1 ? constant(0) : at[axis])),
      ),
  },
  samples: [
    { inputs: [{ dtype: "f32", shape: [3, 1] }], parameters: { shape: [2, 3, 4], axes: [1, 2] } },
    { inputs: [{ dtype: "f32", shape: [2] }], parameters: { shape: [2, 3], axes: [0] } },
    { inputs: [{ dtype: "i32", shape: [] }], parameters: { shape: [4], axes: [] } },
  ],
};

function checkBroadcast(x: TensorType, shape: Shape, axes: readonly number[]): void {
  const fits =
    axes.length === x.shape.length &&
    axes.every(
      (axis, k) => (k === 0 || axis > axes[k - 1]) && (x.shape[k] === shape[axis] || x.shape[k] === 1),
    );
  if (!fits) {
    throw new NeuriteError({
      operation: "broadcast",
      got: `${formatType(x)} along axes ${formatShape(axes)} of ${formatShape(shape)}`,
      expected: "one ascending axis per axis of the tensor, with an equal extent or from extent 1",
    });
  }
}

/** Broadcasts with operand axis k at axis `axes[k]` (ascending) of the shape; other axes are new. */
export function broadcastAlong(x: TensorLike, shape: Shape, axes: readonly number[]): Tensor {
  const operand = asTensor(x);
  if (sameShape(operand.shape, shape)) return operand;
  return bind(broadcastPrimitive, [operand], { shape: [...shape], axes: [...axes] })[0];
}

/**
 * Repeats a tensor to a shape by NumPy's rule: axes aligned from the right, extent 1 and missing axes repeated.
 * Throws when the shapes do not fit.
 *
 * @example
 * ```ts
 * broadcastTo(tensor([1, 2, 3]), [2, 3]); // [[1, 2, 3], [1, 2, 3]]
 * ```
 */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  const operand = asTensor(x);
  checkShape("broadcastTo", shape);
  if (!sameShape(broadcastShapes("broadcastTo", operand.shape, shape), shape)) {
    throw new NeuriteError({
      operation: "broadcastTo",
      got: `${formatType(operand)} to shape ${formatShape(shape)}`,
      expected: "a shape that is at least as large along every axis",
    });
  }
  const missing = shape.length - operand.shape.length;
  return broadcastAlong(
    operand,
    shape,
    operand.shape.map((_, axis) => axis + missing),
  );
}

/** Operands broadcast to one shape; literals fit any shape and stay. */
export function broadcastOperands(operation: string, operands: readonly Operand[]): Operand[] {
  const shapes = operands.flatMap((operand) => (operand instanceof Literal ? [] : [operand.shape]));
  const shape = broadcastShapes(operation, ...shapes);
  return operands.map((operand) => {
    if (operand instanceof Literal || sameShape(operand.shape, shape)) return operand;
    return broadcastTo(operand, shape);
  });
}

/** Sum over axes. */
export const sumPrimitive: Primitive<ReductionParameters> = /*#__PURE__*/ reduction("sum", {
  dtypes: ["f32", "f64", "i32", "u32", "u8"],
  derivative: ({ tangents: [dx], parameters: { axes, keepDims } }) => [
    dx === undefined ? undefined : sum(dx, { axis: axes, keepDims }),
  ],
  transpose: ({ cotangents: [cotangent], types: [type], parameters }) => [
    cotangent === undefined ? undefined : spread(cotangent, type.shape, parameters),
  ],
  batchTotal: ({ inputs: [x], parameters: { axes, keepDims } }) => {
    const values = tensorOf(x);
    const total = sum(values, { axis: [0, ...axes.map((axis) => axis + 1)] });
    return [reshape(total, reducedShape(values.shape.slice(1), axes, keepDims))];
  },
  lower: (_, value) => ({ stages: [{ combine: "sum", value }], value: ([total]) => total }),
  reference: (values) => values.reduce((total, value) => total + value, 0),
});

/** Broadcasts what a reduction left back to the shape it came from. */
export function spread(x: Tensor, shape: Shape, { axes, keepDims }: ReductionParameters): Tensor {
  const all = shape.map((_, axis) => axis);
  return broadcastAlong(x, shape, keepDims ? all : all.filter((axis) => !axes.includes(axis)));
}

/** Which axes a reduction takes away; all of them unless given. */
export interface ReductionOptions {
  /** An axis or several; negative ones count from the end. */
  readonly axis?: number | readonly number[] | undefined;
  /** Keep the reduced axes with extent 1; default false. */
  readonly keepDims?: boolean;
}

/**
 * The sum of elements over axes (all unless given). Integers wrap around; for bool cast first.
 *
 * @example
 * ```ts
 * sum(tensor([[1, 2], [3, 4]]), { axis: 0 }); // [4, 6]
 * ```
 */
export function sum(x: TensorLike, options: ReductionOptions = {}): Tensor {
  if (typeof options.axis === "object" && options.axis.length === 0) return asTensor(x);
  return reduceAxes(sumPrimitive, x, options.axis, options.keepDims ?? false);
}

type ReshapeParameters = { readonly shape: Shape };

/** The same elements in the same order under another shape. */
export const reshapePrimitive: Primitive<ReshapeParameters> = {
  name: "reshape",
  infer: ([x], { shape }) => {
    if (sizeOf(x.shape) !== sizeOf(shape)) throw sizesDiffer(x, shape);
    return [{ dtype: x.dtype, shape }];
  },
  derivative: ({ tangents: [dx], parameters: { shape } }) => [
    dx === undefined ? undefined : reshape(dx, shape),
  ],
  transpose: ({ cotangents: [cotangent], types: [type] }) => [
    cotangent === undefined ? undefined : reshape(cotangent, type.shape),
  ],
  batch: ({ inputs, size, parameters: { shape } }) =>
    bind(reshapePrimitive, inputs, { shape: [size, ...shape] }),
  reference: ({ inputs: [x] }) => [x.data.slice()],
  lowering: { kind: "alias" },
  samples: [
    { inputs: [{ dtype: "f32", shape: [2, 6] }], parameters: { shape: [3, 4] } },
    { inputs: [{ dtype: "bool", shape: [4] }], parameters: { shape: [1, 4, 1] }, ranges: [[0, 1]] },
  ],
};

function sizesDiffer(x: TensorType, shape: Shape): NeuriteError {
  return new NeuriteError({
    operation: "reshape",
    got: `${formatType(x)} to shape ${formatShape(shape)}`,
    expected: `a shape of ${sizeOf(x.shape)} elements`,
  });
}

/**
 * The same elements, row-major, under another shape; one extent may be −1 and is computed.
 * Throws when the numbers of elements differ.
 *
 * @example
 * ```ts
 * reshape(tensor([1, 2, 3, 4, 5, 6]), [2, -1]); // [[1, 2, 3], [4, 5, 6]]
 * ```
 */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const operand = asTensor(x);
  const wanted = resolveShape(operand, shape);
  if (sameShape(operand.shape, wanted)) return operand;
  return bind(reshapePrimitive, [operand], { shape: wanted })[0];
}

function resolveShape(x: Tensor, shape: Shape): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown < 0) {
    checkShape("reshape", shape);
    return [...shape];
  }
  const known = shape.filter((_, axis) => axis !== unknown);
  checkShape("reshape", known);
  const extent = sizeOf(x.shape) / sizeOf(known);
  if (!Number.isInteger(extent)) {
    throw new NeuriteError({
      operation: "reshape",
      got: `${formatType(x)} to shape ${formatShape(shape)}`,
      expected: `extents that divide ${sizeOf(x.shape)} elements`,
    });
  }
  return shape.with(unknown, extent);
}

type TransposeParameters = { readonly axes: readonly number[] };

/** Permutes axes: output axis k is operand axis `axes[k]`. */
export const transposePrimitive: Primitive<TransposeParameters> = {
  name: "transpose",
  infer: ([x], { axes }) => [{ dtype: x.dtype, shape: axes.map((axis) => x.shape[axis]) }],
  derivative: ({ tangents: [dx], parameters: { axes } }) => [
    dx === undefined ? undefined : transpose(dx, axes),
  ],
  transpose: ({ cotangents: [cotangent], parameters: { axes } }) => [
    cotangent === undefined ? undefined : transpose(cotangent, inversePermutation(axes)),
  ],
  batch: ({ inputs, parameters: { axes } }) =>
    bind(transposePrimitive, inputs, { axes: [0, ...axes.map((axis) => axis + 1)] }),
  reference: ({ inputs: [x], outputs: [type], parameters: { axes } }) => {
    const strides = stridesOf(x.shape);
    return [
      copyStrided(
        x,
        type,
        axes.map((axis) => strides[axis]),
      ),
    ];
  },
  lowering: {
    kind: "pointwise",
    value: ({ parameters: { axes } }, at, read) =>
      read(
        0,
        inversePermutation(axes).map((position) => at[position]),
      ),
  },
  samples: [
    { inputs: [{ dtype: "f32", shape: [2, 3, 4] }], parameters: { axes: [2, 0, 1] } },
    { inputs: [{ dtype: "i32", shape: [3, 2] }], parameters: { axes: [1, 0] } },
  ],
};

function inversePermutation(axes: readonly number[]): number[] {
  const inverse = new Array<number>(axes.length);
  for (const [position, axis] of axes.entries()) inverse[axis] = position;
  return inverse;
}

/**
 * Permutes the axes: axis k of the result is axis `axes[k]` of `x`; without `axes` their order is reversed.
 *
 * @example
 * ```ts
 * transpose(tensor([[1, 2, 3], [4, 5, 6]])); // [[1, 4], [2, 5], [3, 6]]
 * ```
 */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  const operand = asTensor(x);
  const rank = operand.shape.length;
  const order =
    axes === undefined
      ? operand.shape.map((_, axis) => rank - 1 - axis)
      : axes.map((axis) => normalizeAxis("transpose", axis, rank));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new NeuriteError({
      operation: "transpose",
      got: `axes ${formatShape(order)} for ${formatType(operand)}`,
      expected: `each of its ${rank} axes once`,
    });
  }
  if (order.every((axis, position) => axis === position)) return operand;
  return bind(transposePrimitive, [operand], { axes: order })[0];
}
