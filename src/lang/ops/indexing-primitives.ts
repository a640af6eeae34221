import type { TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { formatShape, type Shape, sameShape, sizeOf, stridesOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { type Coordinate, constant, dynamicCoordinate } from "../kernel/coordinate.ts";
import { max, min } from "../kernel/scalar.ts";
import type { HostArray, IndexCheck, Primitive, Read } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { moveAxis } from "./arrays.ts";
import { eq } from "./comparison.ts";
import { zerosLike } from "./create.ts";
import { allocate } from "./host.ts";
import { iota } from "./iota.ts";
import { axisOffsets, otherAxes, range } from "./offsets.ts";
import { full, tensorOf } from "./operand.ts";
import { select } from "./select.ts";
import { broadcastAlong, reshape } from "./structure.ts";

/** Which axes of the operand the columns of the indices address; the first `batch` axes of both run along together. */
export type GatherParameters = { readonly axes: readonly number[]; readonly batch: number };

/** `set` lets the last update of an element win; `add` adds all of them. */
export type ScatterParameters = GatherParameters & { readonly mode: "set" | "add" };

// The parts of [batch, indices…, remaining axes of x]: what a gather gives and a scatter takes.
function partsOf(x: Shape, indices: Shape, { axes, batch }: GatherParameters) {
  const remaining = otherAxes(x.length, [...range(0, batch), ...axes]);
  const lead = indices.slice(0, -1);
  return { remaining, lead, shape: [...lead, ...remaining.map((axis) => x[axis])] };
}

function checkIndices(
  operation: string,
  x: TensorType,
  indices: TensorType,
  parameters: GatherParameters,
): void {
  const { axes, batch } = parameters;
  const fits =
    indices.dtype === "i32" &&
    indices.shape.length > batch &&
    indices.shape[indices.shape.length - 1] === axes.length &&
    sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch)) &&
    axes.every((axis, i) => axis >= batch && axis < x.shape.length && axes.indexOf(axis) === i);
  if (!fits) {
    throw new NeuriteError({
      operation,
      got: `indices ${formatType(indices)} for axes ${formatShape(axes)} of ${formatType(x)}`,
      expected: `i32 indices [${[...x.shape.slice(0, batch), "…", axes.length].join(", ")}], and distinct axes of the tensor`,
    });
  }
  if (
    axes.some((axis) => x.shape[axis] === 0) &&
    sizeOf(partsOf(x.shape, indices.shape, parameters).shape) > 0
  ) {
    throw new NeuriteError({
      operation,
      got: `an index into ${formatType(x)}`,
      expected: "axes that are not empty",
    });
  }
}

function indexChecks(x: TensorType, { axes }: GatherParameters): IndexCheck[] {
  const extents = axes.map((axis) => x.shape[axis]);
  const message =
    axes.length === 1
      ? `index out of range for axis ${axes[0]} of extent ${extents[0]}`
      : `index out of range for axes ${formatShape(axes)} of extents ${formatShape(extents)}`;
  return [{ input: 1, extents, message }];
}

// The operand's coordinates at a point of [batch, indices…, remaining]; `index` gives the coordinate on each indexed axis.
function operandCoordinates(
  x: Shape,
  indices: Shape,
  parameters: GatherParameters,
  at: readonly Coordinate[],
  index: (column: number) => Coordinate,
): Coordinate[] {
  const { remaining, lead } = partsOf(x, indices, parameters);
  const coordinates = at.slice(0, parameters.batch);
  for (const [column, axis] of parameters.axes.entries()) coordinates[axis] = index(column);
  for (const [i, axis] of remaining.entries()) coordinates[axis] = at[lead.length + i];
  return coordinates;
}

function readIndex(read: Read, at: readonly Coordinate[], lead: number, column: number) {
  return read(1, [...at.slice(0, lead), constant(column)]);
}

// Calls visit(first position in x, row of the output) for every index, in row-major order.
function forEachRow(
  x: Shape,
  indices: HostArray,
  { axes, batch }: GatherParameters,
  outside: "clamp" | "drop",
  visit: (base: number, row: number) => void,
): void {
  const strides = stridesOf(x);
  const perBatch = sizeOf(indices.shape.slice(batch, -1));
  const batches = axisOffsets(x, range(0, batch));
  for (let row = 0; row < batches.length * perBatch; row++) {
    let base = batches[Math.floor(row / perBatch)];
    let inside = true;
    for (const [column, axis] of axes.entries()) {
      const index = indices.data[row * axes.length + column];
      const clamped = Math.min(Math.max(index, 0), x[axis] - 1);
      inside &&= clamped === index;
      base += clamped * strides[axis];
    }
    if (inside || outside === "clamp") visit(base, row);
  }
}

/** Elements or slices of x at indices: output [batch, indices…, remaining axes of x]; an index out of range is clamped. */
export const gatherPrimitive: Primitive<GatherParameters> = {
  name: "gather",
  infer([x, indices], parameters) {
    checkIndices("gather", x, indices, parameters);
    return [{ dtype: x.dtype, shape: partsOf(x.shape, indices.shape, parameters).shape }];
  },
  derivative: ({ inputs: [, indices], tangents: [dx], parameters }) => [
    dx && bind(gatherPrimitive, [dx, indices], parameters)[0],
  ],
  transpose({ cotangents: [ct], inputs: [, indices], types: [x], parameters }) {
    if (ct === undefined) return [undefined, undefined];
    const zeros = full(x.shape, 0, x.dtype);
    return [
      bind(scatterPrimitive, [zeros, tensorOf(indices), ct], { ...parameters, mode: "add" })[0],
      undefined,
    ];
  },
  batch({ inputs, batched: [xBatched, indicesBatched], parameters: { axes, batch } }) {
    const [x, indices] = inputs.map(tensorOf);
    const shifted = axes.map((axis) => axis + 1);
    if (xBatched && indicesBatched) {
      return bind(gatherPrimitive, [x, indices], { axes: shifted, batch: batch + 1 });
    }
    if (xBatched) {
      // The new axis becomes the first of the remaining ones.
      const output = gather(moveAxis(x, 0, batch), indices, shifted, batch);
      return [moveAxis(output, indices.shape.length - 1, 0)];
    }
    return [moveAxis(gather(x, moveAxis(indices, 0, batch), axes, batch), batch, 0)];
  },
  reference({ inputs: [x, indices], outputs: [type], parameters }) {
    const result = allocate(type);
    const rest = axisOffsets(x.shape, partsOf(x.shape, indices.shape, parameters).remaining);
    forEachRow(x.shape, indices, parameters, "clamp", (base, row) => {
      for (let i = 0; i < rest.length; i++) result[row * rest.length + i] = x.data[base + rest[i]];
    });
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value({ inputs: [x, indices], parameters }, at, read) {
      const lead = indices.shape.length - 1;
      const clamped = (column: number): Coordinate => {
        const extent = x.shape[parameters.axes[column]];
        return dynamicCoordinate(min(max(readIndex(read, at, lead, column), 0), Math.max(extent - 1, 0)));
      };
      return read(0, operandCoordinates(x.shape, indices.shape, parameters, at, clamped));
    },
  },
  checks: ({ inputs: [x], parameters }) => indexChecks(x, parameters),
  samples: [
    {
      inputs: [
        { dtype: "f32", shape: [5, 3] },
        { dtype: "i32", shape: [4, 1] },
      ],
      parameters: { axes: [0], batch: 0 },
      ranges: [
        [-2, 2],
        [0, 4],
      ],
    },
    {
      inputs: [
        { dtype: "f64", shape: [2, 3, 2, 3] },
        { dtype: "i32", shape: [2, 4, 2] },
      ],
      parameters: { axes: [3, 1], batch: 1 },
      ranges: [
        [-2, 2],
        [0, 2],
      ],
    },
    {
      inputs: [
        { dtype: "i32", shape: [4] },
        { dtype: "i32", shape: [1] },
      ],
      parameters: { axes: [0], batch: 0 },
      ranges: [
        [0, 5],
        [0, 3],
      ],
    },
  ],
};

/** x with updates [batch, indices…, remaining axes] set or added at indices; an index out of range is dropped. */
export const scatterPrimitive: Primitive<ScatterParameters> = {
  name: "scatter",
  infer([x, indices, updates], parameters) {
    checkIndices("scatter", x, indices, parameters);
    const { shape } = partsOf(x.shape, indices.shape, parameters);
    if (
      updates.dtype !== x.dtype ||
      !sameShape(updates.shape, shape) ||
      (x.dtype === "bool" && parameters.mode === "add")
    ) {
      throw new NeuriteError({
        operation: "scatter",
        got: `updates ${formatType(updates)} for ${formatType(x)}, mode '${parameters.mode}'`,
        expected: `${formatType({ dtype: x.dtype, shape })}; bool only with mode 'set'`,
      });
    }
    return [x];
  },
  derivative({ inputs, tangents: [dx, , du], parameters }) {
    if (dx === undefined && du === undefined) return [undefined];
    const [x, indices, updates] = inputs.map(tensorOf);
    return bind(scatterPrimitive, [dx ?? zerosLike(x), indices, du ?? zerosLike(updates)], parameters);
  },
  transpose({ cotangents: [ct], inputs: [x, operand, updates], types, parameters }) {
    if (ct === undefined) return [undefined, undefined, undefined];
    const indices = tensorOf(operand);
    const { axes, batch, mode } = parameters;
    const untouched = (): Tensor => {
      const zeros = full(types[2].shape, 0, types[2].dtype);
      return mode === "add" ? ct : bind(scatterPrimitive, [ct, indices, zeros], parameters)[0];
    };
    const taken = (): Tensor => {
      const pulled = gather(ct, indices, axes, batch);
      return mode === "add"
        ? pulled
        : select(winners(types[0].shape, indices, pulled.shape, parameters), pulled, 0);
    };
    return [
      x === undefined ? untouched() : undefined,
      undefined,
      updates === undefined ? taken() : undefined,
    ];
  },
  batch({ inputs, batched, size, parameters: { axes, batch, mode } }) {
    const [x, indices, updates] = inputs.map((operand, i) => {
      const tensor = tensorOf(operand);
      const shape = [size, ...tensor.shape];
      return batched[i] ? tensor : broadcastAlong(tensor, shape, range(1, shape.length));
    });
    const parameters = { axes: axes.map((axis) => axis + 1), batch: batch + 1, mode };
    return bind(scatterPrimitive, [x, indices, updates], parameters);
  },
  reference({ inputs: [x, indices, updates], parameters }) {
    const result: TypedArray = x.data.slice();
    const rest = axisOffsets(x.shape, partsOf(x.shape, indices.shape, parameters).remaining);
    forEachRow(x.shape, indices, parameters, "drop", (base, row) => {
      for (let i = 0; i < rest.length; i++) {
        const update = updates.data[row * rest.length + i];
        if (parameters.mode === "set") result[base + rest[i]] = update;
        else result[base + rest[i]] += update;
      }
    });
    return [result];
  },
  lowering: {
    kind: "scatter",
    form: ({ inputs: [x, indices, updates], parameters }) => ({
      initial: 0,
      space: updates.shape,
      inner: [],
      at(point, _, read) {
        const lead = indices.shape.length - 1;
        const index = (column: number): Coordinate => dynamicCoordinate(readIndex(read, point, lead, column));
        const at = operandCoordinates(x.shape, indices.shape, parameters, point, index);
        const guards = parameters.axes.map((axis) => ({ coordinate: at[axis], extent: x.shape[axis] }));
        return {
          stages: [],
          level: "outer",
          mode: parameters.mode,
          target: () => ({ at, guards }),
          value: () => read(2, point),
        };
      },
    }),
  },
  checks: ({ inputs: [x], parameters }) => indexChecks(x, parameters),
  samples: /*#__PURE__*/ (["set", "add"] as const).flatMap((mode) => [
    {
      inputs: [
        { dtype: "f32", shape: [5, 3] },
        { dtype: "i32", shape: [4, 1] },
        { dtype: "f32", shape: [4, 3] },
      ],
      parameters: { axes: [0], batch: 0, mode },
      ranges: [
        [-2, 2],
        [0, 4],
        [-2, 2],
      ],
    },
    {
      inputs: [
        { dtype: "f64", shape: [2, 3, 2, 3] },
        { dtype: "i32", shape: [2, 4, 2] },
        { dtype: "f64", shape: [2, 4, 2] },
      ],
      parameters: { axes: [3, 1], batch: 1, mode },
      ranges: [
        [-2, 2],
        [0, 2],
        [-2, 2],
      ],
    },
  ]),
};

// Which updates of a `set` are still there at the end: each writes its number, and finds it again or another's.
function winners(x: Shape, indices: Tensor, updates: Shape, { axes, batch }: GatherParameters): Tensor {
  const lead = indices.shape.slice(0, -1);
  const numbers = reshape(iota(sizeOf(lead)), lead);
  const board = full([...x.slice(0, batch), ...axes.map((axis) => x[axis])], -1, "i32");
  const columns = range(batch, batch + axes.length);
  const [written] = bind(scatterPrimitive, [board, indices, numbers], { axes: columns, batch, mode: "set" });
  const still = eq(gather(written, indices, columns, batch), numbers);
  return broadcastAlong(still, updates, range(0, lead.length));
}

function gather(x: Tensor, indices: Tensor, axes: readonly number[], batch: number): Tensor {
  return bind(gatherPrimitive, [x, indices], { axes, batch })[0];
}
