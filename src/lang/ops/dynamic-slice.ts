import { NeuriteError } from "../../base/error.ts";
import { formatShape, type Shape, sameShape, stridesOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { type Coordinate, constant, dynamicCoordinate, plus } from "../kernel/coordinate.ts";
import * as scalar from "../kernel/scalar.ts";
import type { HostArray, Operand, Primitive, Read } from "../program/primitive.ts";
import { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { concatenate } from "./concatenate.ts";
import { zeros, zerosLike } from "./create.ts";
import { allocate, forEachIndex, positionOf } from "./host.ts";
import { asTensor, cast, type TensorLike, tensorOf } from "./operand.ts";
import { broadcastTo, reshape } from "./structure.ts";

// Reading and writing a window at a run-time place are each other's transpose: one file.

/** The first `batch` axes of all operands run along together; starts has one entry per remaining axis on its last axis. */
type DynamicSliceParameters = { readonly sizes: Shape; readonly batch: number };

/** The window of the given sizes at a run-time start, clamped so that it lies inside. */
export const dynamicSlicePrimitive: Primitive<DynamicSliceParameters> = {
  name: "dynamicSlice",
  infer: ([x, starts], { sizes, batch }) => {
    checkWindow("dynamicSlice", x, [...x.shape.slice(0, batch), ...sizes], starts, batch);
    return [{ dtype: x.dtype, shape: [...x.shape.slice(0, batch), ...sizes] }];
  },
  derivative: ({ inputs: [, starts], tangents: [dx], parameters }) =>
    dx === undefined ? [undefined] : bind(dynamicSlicePrimitive, [dx, starts], parameters),
  transpose: ({ cotangents: [cotangent], inputs: [, starts], types: [type], parameters: { batch } }) => {
    if (cotangent === undefined || starts === undefined) return [undefined, undefined];
    const blank = zeros(type.shape, type.dtype);
    return [bind(dynamicUpdateSlicePrimitive, [blank, cotangent, starts], { batch })[0], undefined];
  },
  batch: ({ inputs, batched, size, parameters: { sizes, batch } }) =>
    bind(dynamicSlicePrimitive, allBatched(inputs, batched, size), { sizes, batch: batch + 1 }),
  reference: ({ inputs: [x, starts], outputs: [type], parameters: { batch } }) => {
    const result = allocate(type);
    forEachPlace(x, starts, type.shape, batch, (inWindow, inX) => {
      result[inWindow] = x.data[inX];
    });
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value: ({ inputs: [x], outputs: [type], parameters: { batch } }, at, read) =>
      read(0, shifted(x.shape, type.shape, at, batch, read, 1)),
  },
  samples: [
    {
      inputs: [
        { dtype: "f32", shape: [5, 4] },
        { dtype: "i32", shape: [2] },
      ],
      parameters: { sizes: [2, 3], batch: 0 },
      ranges: [
        [-2, 2],
        [-2, 6],
      ],
    },
    {
      inputs: [
        { dtype: "f32", shape: [2, 4] },
        { dtype: "i32", shape: [2, 1] },
      ],
      parameters: { sizes: [3], batch: 1 },
    },
  ],
};

/** A copy in which the window at a run-time start is replaced. */
export const dynamicUpdateSlicePrimitive: Primitive<{ readonly batch: number }> = {
  name: "dynamicUpdateSlice",
  infer: ([x, update, starts], { batch }) => {
    if (update.dtype !== x.dtype) {
      throw new NeuriteError({
        operation: "dynamicUpdateSlice",
        got: `${formatType(update)} for ${formatType(x)}`,
        expected: "one dtype",
        hint: `cast one of them: cast(x, "${x.dtype}")`,
      });
    }
    checkWindow("dynamicUpdateSlice", x, update.shape, starts, batch);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  derivative: ({ inputs: [x, update, starts], tangents: [dx, dupdate], parameters }) => {
    const operands = [dx ?? zerosLike(tensorOf(x)), dupdate ?? zerosLike(tensorOf(update)), starts];
    return bind(dynamicUpdateSlicePrimitive, operands, parameters);
  },
  transpose: ({ cotangents: [cotangent], inputs: [x, update, starts], types, parameters: { batch } }) => {
    if (cotangent === undefined || starts === undefined) return [undefined, undefined, undefined];
    const window = types[1].shape;
    const blank = (): Tensor => zeros(window, cotangent.dtype);
    return [
      x === undefined
        ? bind(dynamicUpdateSlicePrimitive, [cotangent, blank(), starts], { batch })[0]
        : undefined,
      update === undefined
        ? bind(dynamicSlicePrimitive, [cotangent, starts], { sizes: window.slice(batch), batch })[0]
        : undefined,
      undefined,
    ];
  },
  batch: ({ inputs, batched, size, parameters: { batch } }) =>
    bind(dynamicUpdateSlicePrimitive, allBatched(inputs, batched, size), { batch: batch + 1 }),
  reference: ({ inputs: [x, update, starts], parameters: { batch } }) => {
    const result = x.data.slice();
    forEachPlace(x, starts, update.shape, batch, (inWindow, inX) => {
      result[inX] = update.data[inWindow];
    });
    return [result];
  },
  lowering: {
    kind: "scatter",
    form: ({ inputs: [x, update], parameters: { batch } }) => ({
      initial: 0,
      space: update.shape,
      inner: [],
      at: (space, _, read) => ({
        stages: [],
        level: "outer",
        mode: "set",
        target: () => ({ at: shifted(x.shape, update.shape, space, batch, read, 2), guards: [] }),
        value: () => read(1, space),
      }),
    }),
  },
  samples: [
    {
      inputs: [
        { dtype: "f32", shape: [5, 4] },
        { dtype: "f32", shape: [2, 3] },
        { dtype: "i32", shape: [2] },
      ],
      parameters: { batch: 0 },
      ranges: [
        [-2, 2],
        [-2, 2],
        [-2, 6],
      ],
    },
    {
      inputs: [
        { dtype: "f32", shape: [2, 4] },
        { dtype: "f32", shape: [2, 3] },
        { dtype: "i32", shape: [2, 1] },
      ],
      parameters: { batch: 1 },
    },
  ],
};

function checkWindow(
  operation: string,
  x: TensorType,
  window: Shape,
  starts: TensorType,
  batch: number,
): void {
  const leading = x.shape.slice(0, batch);
  const fits =
    window.length === x.shape.length &&
    window.every((extent, axis) => (axis < batch ? extent === x.shape[axis] : extent <= x.shape[axis]));
  if (!fits) {
    throw new NeuriteError({
      operation,
      got: `a window ${formatShape(window.slice(batch))} of ${formatType(x)}`,
      expected: "an extent per axis, at most that of the tensor",
    });
  }
  if (starts.dtype !== "i32" || !sameShape(starts.shape, [...leading, x.shape.length - batch])) {
    throw new NeuriteError({
      operation,
      got: `starts ${formatType(starts)} for ${formatType(x)}`,
      expected: formatType({ dtype: "i32", shape: [...leading, x.shape.length - batch] }),
    });
  }
}

function allBatched(inputs: readonly Operand[], batched: readonly boolean[], size: number): Tensor[] {
  return inputs
    .map(tensorOf)
    .map((input, i) => (batched[i] ? input : broadcastTo(input, [size, ...input.shape])));
}

/** Calls `visit` with the linear positions of every window element in the window and in x. */
function forEachPlace(
  x: HostArray,
  starts: HostArray,
  window: Shape,
  batch: number,
  visit: (inWindow: number, inX: number) => void,
): void {
  const strides = stridesOf(x.shape);
  const startStrides = stridesOf(starts.shape);
  const rank = x.shape.length - batch;
  forEachIndex(window, (index, position) => {
    const firstStart = positionOf(index.slice(0, batch), startStrides);
    let target = positionOf(index, strides);
    for (let k = 0; k < rank; k++) {
      const limit = x.shape[batch + k] - window[batch + k];
      target += Math.max(0, Math.min(starts.data[firstStart + k], limit)) * strides[batch + k];
    }
    visit(position, target);
  });
}

/** Window coordinates moved by the clamped starts, which are operand `startsInput`. */
function shifted(
  shape: Shape,
  window: Shape,
  at: readonly Coordinate[],
  batch: number,
  read: Read,
  startsInput: number,
): Coordinate[] {
  return at.map((coordinate, axis) => {
    const limit = shape[axis] - window[axis];
    if (axis < batch || limit === 0) return coordinate;
    const start = read(startsInput, [...at.slice(0, batch), constant(axis - batch)]);
    return plus(coordinate, dynamicCoordinate(scalar.max(scalar.min(start, limit), 0)));
  });
}

/** Where a window starts: one integer per axis, or an i32 tensor of them. */
export type Starts = Tensor | readonly TensorLike[];

/**
 * The window of `sizes` that starts at run-time positions, which are clamped so that it lies inside the tensor.
 *
 * @example
 * ```ts
 * dynamicSlice(tensor([1, 2, 3, 4]), [cast(2, "i32")], [2]); // [3, 4]
 * ```
 */
export function dynamicSlice(x: TensorLike, starts: Starts, sizes: Shape): Tensor {
  const operand = asTensor(x);
  return bind(dynamicSlicePrimitive, [operand, startsTensor(starts)], { sizes: [...sizes], batch: 0 })[0];
}

/**
 * A copy of `x` in which the window that starts at run-time positions (clamped as in `dynamicSlice`) is `update`.
 *
 * @example
 * ```ts
 * dynamicUpdateSlice(zeros([4]), tensor([1, 2]), [1]); // [0, 1, 2, 0]
 * ```
 */
export function dynamicUpdateSlice(x: TensorLike, update: TensorLike, starts: Starts): Tensor {
  const operand = asTensor(x);
  const window = asTensor(update, operand.dtype);
  return bind(dynamicUpdateSlicePrimitive, [operand, window, startsTensor(starts)], { batch: 0 })[0];
}

function startsTensor(starts: Starts): Tensor {
  if (starts instanceof Tensor) return cast(starts, "i32");
  if (starts.length === 0) return zeros([0], "i32");
  return concatenate(starts.map((start) => reshape(asTensor(start, "i32"), [1])));
}
