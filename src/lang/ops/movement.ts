import { NeuriteError } from "../../base/error.ts";
import { formatShape, normalizeAxes, stridesOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { type Coordinate, dynamicCoordinate, type Guard, plus, times } from "../kernel/coordinate.ts";
import * as scalar from "../kernel/scalar.ts";
import type { Operand, Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { allocate, copyStrided, forEachIndex, positionOf } from "./host.ts";
import { asTensor, checkValue, type TensorLike } from "./operand.ts";

// Slice and pad are each other's transpose: one file.

type SliceParameters = {
  readonly start: readonly number[];
  readonly stop: readonly number[];
  readonly strides: readonly number[];
};

/** Elements start, start + stride, … before stop along every axis; strides are positive. */
export const slicePrimitive: Primitive<SliceParameters> = {
  name: "slice",
  infer: ([x], { start, stop, strides }) => {
    const fits =
      start.length === x.shape.length &&
      x.shape.every((extent, axis) => 0 <= start[axis] && start[axis] <= stop[axis] && stop[axis] <= extent);
    if (!fits || strides.some((stride) => stride < 1)) {
      throw new NeuriteError({
        operation: "slice",
        got: `${formatShape(start)} to ${formatShape(stop)} by ${formatShape(strides)} of ${formatType(x)}`,
        expected: "0 ≤ start ≤ stop ≤ extent and a positive stride for every axis",
      });
    }
    return [
      { dtype: x.dtype, shape: start.map((low, axis) => Math.ceil((stop[axis] - low) / strides[axis])) },
    ];
  },
  derivative: ({ tangents: [dx], parameters }) => [
    dx === undefined ? undefined : bind(slicePrimitive, [dx], parameters)[0],
  ],
  transpose: ({ cotangents: [cotangent], types: [type], parameters: { start, strides } }) => {
    if (cotangent === undefined) return [undefined];
    const interior = strides.map((stride, axis) => (cotangent.shape[axis] > 1 ? stride - 1 : 0));
    const high = type.shape.map(
      (extent, axis) => extent - start[axis] - spread(cotangent.shape[axis], interior[axis]),
    );
    return [bindPad(cotangent, { low: start, high, interior, value: 0 })];
  },
  batch: ({ inputs, size, parameters: { start, stop, strides } }) =>
    bind(slicePrimitive, inputs, { start: [0, ...start], stop: [size, ...stop], strides: [1, ...strides] }),
  reference: ({ inputs: [x], outputs: [type], parameters: { start, strides } }) => {
    const own = stridesOf(x.shape);
    const steps = own.map((stride, axis) => stride * strides[axis]);
    return [copyStrided(x, type, steps, positionOf(start, own))];
  },
  lowering: {
    kind: "pointwise",
    value: ({ parameters: { start, strides } }, at, read) =>
      read(
        0,
        at.map((coordinate, axis) => plus(times(coordinate, strides[axis]), start[axis])),
      ),
  },
  samples: [
    {
      inputs: [{ dtype: "f32", shape: [4, 7] }],
      parameters: { start: [1, 0], stop: [3, 6], strides: [1, 2] },
    },
    { inputs: [{ dtype: "f32", shape: [5] }], parameters: { start: [2], stop: [2], strides: [1] } },
    { inputs: [{ dtype: "i32", shape: [9] }], parameters: { start: [1], stop: [9], strides: [3] } },
  ],
};

/** A position along an axis, counted from the end when negative; `undefined` is the first or the last one. */
export type SliceBound = number | undefined;

/**
 * A rectangular part of a tensor: per axis the elements start, start + stride, … before stop, as Python's
 * `x[start:stop:stride]`; axes without an entry are taken whole. Throws for positions outside the tensor.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * slice(x, [0, 1], [1, 3]); // [[2, 3]]
 * slice(x, [], [], [1, -1]); // [[3, 2, 1], [6, 5, 4]]
 * ```
 */
export function slice(
  x: TensorLike,
  start: readonly SliceBound[],
  stop: readonly SliceBound[] = [],
  strides: readonly number[] = [],
): Tensor {
  const operand = asTensor(x);
  const rank = operand.shape.length;
  if (Math.max(start.length, stop.length, strides.length) > rank) {
    throw new NeuriteError({
      operation: "slice",
      got: `bounds of ${Math.max(start.length, stop.length, strides.length)} axes for ${formatType(operand)}`,
      expected: `at most ${rank}`,
    });
  }
  const ranges = operand.shape.map((extent, axis) =>
    axisRange(operand, axis, extent, start[axis], stop[axis], strides[axis] ?? 1),
  );
  const whole = ranges.every(
    ({ low, high, stride }, axis) => low === 0 && high === operand.shape[axis] && stride === 1,
  );
  const part = whole
    ? operand
    : bind(slicePrimitive, [operand], {
        start: ranges.map(({ low }) => low),
        stop: ranges.map(({ high }) => high),
        strides: ranges.map(({ stride }) => stride),
      })[0];
  const flipped = ranges.flatMap(({ reversed }, axis) => (reversed ? [axis] : []));
  return flipped.length === 0 ? part : flip(part, flipped);
}

interface AxisRange {
  readonly low: number;
  readonly high: number;
  readonly stride: number;
  readonly reversed: boolean;
}

function axisRange(
  x: Tensor,
  axis: number,
  extent: number,
  start: SliceBound,
  stop: SliceBound,
  stride: number,
): AxisRange {
  const resolve = (bound: number): number => {
    const position = bound < 0 ? bound + extent : bound;
    if (Number.isInteger(position) && position >= 0 && position <= extent) return position;
    throw new NeuriteError({
      operation: "slice",
      got: `position ${bound} on axis ${axis} of ${formatType(x)}`,
      expected: `an integer from ${-extent} to ${extent}`,
    });
  };
  if (!Number.isInteger(stride) || stride === 0) {
    throw new NeuriteError({
      operation: "slice",
      got: `stride ${stride}`,
      expected: "an integer other than 0",
    });
  }
  const step = Math.abs(stride);
  if (stride > 0) {
    const low = resolve(start ?? 0);
    return { low, high: Math.max(low, resolve(stop ?? extent)), stride: step, reversed: false };
  }
  // From `first` down to, but not including, `end`.
  const first = Math.min(resolve(start ?? extent), extent - 1);
  const end = stop === undefined ? -1 : resolve(stop);
  const count = Math.max(0, Math.ceil((first - end) / step));
  if (count === 0) return { low: 0, high: 0, stride: 1, reversed: false };
  return { low: first - (count - 1) * step, high: first + 1, stride: step, reversed: true };
}

type PadParameters = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** How many padding elements stand between neighbours. */
  readonly interior: readonly number[];
  readonly value: number;
};

/** Writes a constant before, after and between the elements along every axis. */
export const padPrimitive: Primitive<PadParameters> = {
  name: "pad",
  infer: ([x], { low, high, interior }) => [
    {
      dtype: x.dtype,
      shape: x.shape.map((extent, axis) => low[axis] + spread(extent, interior[axis]) + high[axis]),
    },
  ],
  derivative: ({ tangents: [dx], parameters }) => [
    dx === undefined ? undefined : bindPad(dx, { ...parameters, value: 0 }),
  ],
  transpose: ({ cotangents: [cotangent], types: [type], parameters: { low, interior } }) => {
    if (cotangent === undefined) return [undefined];
    const stop = low.map((position, axis) => position + spread(type.shape[axis], interior[axis]));
    const strides = interior.map((gap) => gap + 1);
    return bind(slicePrimitive, [cotangent], { start: low, stop, strides });
  },
  batch: ({ inputs: [x], parameters: { low, high, interior, value } }) => [
    bindPad(x, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior], value }),
  ],
  reference: ({ inputs: [x], outputs: [type], parameters: { low, interior, value } }) => {
    const result = allocate(type).fill(value);
    const strides = stridesOf(type.shape);
    const steps = strides.map((stride, axis) => stride * (interior[axis] + 1));
    const offset = positionOf(low, strides);
    forEachIndex(x.shape, (index, position) => {
      result[positionOf(index, steps, offset)] = x.data[position];
    });
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value: ({ inputs: [x], parameters: { low, interior, value } }, at, read) => {
      const places = at.map((coordinate, axis) =>
        placeInside(x, axis, plus(coordinate, -low[axis]), interior),
      );
      const inside = read(
        0,
        places.map((place) => place.coordinate),
        places.map((place) => place.guard),
        value,
      );
      return places
        .flatMap((place) => (place.onElement === undefined ? [] : [place.onElement]))
        .reduce((element, condition) => scalar.select(condition, element, value), inside);
    },
  },
  samples: [
    {
      inputs: [{ dtype: "f32", shape: [2, 3] }],
      parameters: { low: [1, 0], high: [0, 2], interior: [0, 0], value: 1 },
    },
    {
      inputs: [{ dtype: "f32", shape: [3, 2] }],
      parameters: { low: [1, 2], high: [2, 0], interior: [2, 1], value: 0 },
    },
    { inputs: [{ dtype: "i32", shape: [3] }], parameters: { low: [2], high: [1], interior: [0], value: 7 } },
  ],
};

// Where an output position lies among the elements: with gaps only every (gap + 1)-th position is one.
function placeInside(x: TensorType, axis: number, position: Coordinate, interior: readonly number[]) {
  const guard: Guard = { coordinate: position, extent: spread(x.shape[axis], interior[axis]) };
  if (interior[axis] === 0) return { coordinate: position, guard, onElement: undefined };
  const step = interior[axis] + 1;
  const value = scalar.coordinateValue(position);
  return {
    coordinate: dynamicCoordinate(scalar.div(value, step)),
    guard,
    onElement: scalar.eq(scalar.rem(value, step), 0),
  };
}

function spread(extent: number, gap: number): number {
  return extent === 0 ? 0 : (extent - 1) * (gap + 1) + 1;
}

function bindPad(x: Operand, parameters: PadParameters): Tensor {
  return bind(padPrimitive, [x], parameters)[0];
}

/** Elements written before and after along an axis: one number for both sides. */
export type PadWidth = number | readonly [low: number, high: number];

/**
 * Surrounds a tensor with a constant (default 0): one width, or [low, high], per axis.
 *
 * @example
 * ```ts
 * pad(tensor([1, 2]), [[1, 2]]); // [0, 1, 2, 0, 0]
 * ```
 */
export function pad(x: TensorLike, widths: readonly PadWidth[], value = 0): Tensor {
  const operand = asTensor(x);
  const low = widths.map((width) => (typeof width === "number" ? width : width[0]));
  const high = widths.map((width) => (typeof width === "number" ? width : width[1]));
  if (
    widths.length !== operand.shape.length ||
    ![...low, ...high].every((width) => Number.isInteger(width) && width >= 0)
  ) {
    throw new NeuriteError({
      operation: "pad",
      got: `widths ${JSON.stringify(widths)} for ${formatType(operand)}`,
      expected: "a non-negative integer, or a pair of them, per axis",
    });
  }
  if ([...low, ...high].every((width) => width === 0)) return operand;
  checkValue("pad", value, operand.dtype);
  return bindPad(operand, { low, high, interior: low.map(() => 0), value });
}

type FlipParameters = { readonly axes: readonly number[] };

/** Reverses the order along axes. */
export const flipPrimitive: Primitive<FlipParameters> = {
  name: "flip",
  infer: ([x]) => [x],
  derivative: ({ tangents: [dx], parameters: { axes } }) => [dx === undefined ? undefined : flip(dx, axes)],
  transpose: ({ cotangents: [cotangent], parameters: { axes } }) => [
    cotangent === undefined ? undefined : flip(cotangent, axes),
  ],
  batch: ({ inputs, parameters: { axes } }) =>
    bind(flipPrimitive, inputs, { axes: axes.map((axis) => axis + 1) }),
  reference: ({ inputs: [x], outputs: [type], parameters: { axes } }) => {
    const strides = stridesOf(x.shape);
    const last = axes.reduce((offset, axis) => offset + (x.shape[axis] - 1) * strides[axis], 0);
    const signed = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
    return [copyStrided(x, type, signed, last)];
  },
  lowering: {
    kind: "pointwise",
    value: ({ inputs: [x], parameters: { axes } }, at, read) =>
      read(
        0,
        at.map((coordinate, axis) =>
          axes.includes(axis) ? plus(times(coordinate, -1), x.shape[axis] - 1) : coordinate,
        ),
      ),
  },
  samples: [
    { inputs: [{ dtype: "f32", shape: [3, 4] }], parameters: { axes: [1] } },
    { inputs: [{ dtype: "i32", shape: [2, 2, 3] }], parameters: { axes: [0, 2] } },
  ],
};

/**
 * Reverses the order of elements along axes, all of them unless given.
 *
 * @example
 * ```ts
 * flip(tensor([1, 2, 3])); // [3, 2, 1]
 * ```
 */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const operand = asTensor(x);
  const axes = normalizeAxes("flip", axis, operand.shape.length);
  return axes.length === 0 ? operand : bind(flipPrimitive, [operand], { axes })[0];
}
