import type { DType, TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { sameShape, sizeOf, stridesOf } from "../../base/shape.ts";
import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { type Coordinate, linearIndex } from "../kernel/coordinate.ts";
import type { Expression } from "../kernel/expression.ts";
import { and, coordinateValue, eq, inside, literal, ne, or, select } from "../kernel/scalar.ts";
import type { HostArray, Operand, Primitive, Read, ReductionStage, Sample } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { dilate } from "./convolution-phases.ts";
import { allocate } from "./host.ts";
import { tensorOf } from "./operand.ts";
import { forEachPlace, guardsOf, inputPositions, readSpatial, type WindowGeometry } from "./spatial-index.ts";
import { broadcastAlong, reshape } from "./structure.ts";

const numbers: readonly DType[] = ["f32", "f64", "i32", "u32", "u8"];

function checkInput(operation: string, x: TensorType, { input }: WindowGeometry): void {
  if (!sameShape(x.shape.slice(1, -1), input) || !numbers.includes(x.dtype)) {
    throw new NeuriteError({
      operation,
      got: formatType(x),
      expected: `numbers [N, ${input.join(", ")}, C]`,
    });
  }
}

function outputType(x: TensorType, { output }: WindowGeometry): TensorType {
  return { dtype: x.dtype, shape: [x.shape[0], ...output, x.shape[x.shape.length - 1]] };
}

// A batch axis merges into N; an operand without one is repeated.
function merged(inputs: readonly Operand[], batched: readonly boolean[], size: number): Tensor[] {
  return inputs.map((operand, i) => {
    const x = tensorOf(operand);
    const [first, ...rest] = batched[i] ? x.shape.slice(1) : x.shape;
    const full = [size, first, ...rest];
    const axes = full.map((_, axis) => axis).slice(batched[i] ? 0 : 1);
    return reshape(broadcastAlong(x, full, axes), [size * first, ...rest]);
  });
}

function split(x: Tensor, size: number): Tensor {
  return reshape(x, [size, x.shape[0] / size, ...x.shape.slice(1)]);
}

// The value of operand `input` at a place of the window of an output point.
function readPlace(
  read: Read,
  operand: number,
  geometry: WindowGeometry,
  at: readonly Coordinate[],
  place: readonly Coordinate[],
  fill = 0,
): Expression {
  const positions = inputPositions(geometry, at.slice(1, -1), place);
  return readSpatial(read, operand, [at[0], positions, at[at.length - 1]], fill);
}

function leastOf(dtype: DType): number {
  if (dtype === "i32") return -2147483648;
  return dtype === "u32" || dtype === "u8" ? 0 : -Infinity;
}

// First the maximum of a window, then the number of its first place that holds it; NaN counts as the maximum.
function firstMaximum(
  geometry: WindowGeometry,
  { dtype }: TensorType,
  at: readonly Coordinate[],
  read: Read,
): readonly ReductionStage[] {
  const strides = stridesOf(geometry.window);
  const none = literal("i32", sizeOf(geometry.window));
  const valueAt = (place: readonly Coordinate[]): Expression =>
    readPlace(read, 0, geometry, at, place, leastOf(dtype));
  return [
    { combine: "max", value: valueAt },
    {
      combine: "min",
      value: (place, [maximum]) => {
        const value = valueAt(place);
        const holds = or(eq(value, maximum), ne(value, value));
        const guards = guardsOf(inputPositions(geometry, at.slice(1, -1), place));
        const found = guards.length === 0 ? holds : and(holds, inside(guards));
        return select(found, coordinateValue(linearIndex(place, strides)), none);
      },
    },
  ];
}

// The linear position in x of the first maximum of every window; −1 for a window outside the input.
function firstMaxima(x: HostArray, geometry: WindowGeometry): Int32Array {
  const [count, channels] = [x.shape[0], x.shape[x.shape.length - 1]];
  const [inputs, outputs] = [sizeOf(geometry.input), sizeOf(geometry.output)];
  const first = new Int32Array(count * outputs * channels).fill(-1);
  forEachPlace(geometry, (output, _, input) => {
    for (let n = 0; n < count; n++) {
      for (let c = 0; c < channels; c++) {
        const from = (n * inputs + input) * channels + c;
        const to = (n * outputs + output) * channels + c;
        const best = x.data[first[to]];
        const value = x.data[from];
        if (first[to] < 0 || value > best || (Number.isNaN(value) && !Number.isNaN(best))) first[to] = from;
      }
    }
  });
  return first;
}

function fromPositions(
  type: TensorType,
  positions: Int32Array,
  data: TypedArray,
  missing: number,
): TypedArray {
  const result = allocate(type);
  for (let i = 0; i < result.length; i++) result[i] = positions[i] < 0 ? missing : data[positions[i]];
  return result;
}

const tiled: WindowGeometry = { input: [4, 6], window: [2, 3], output: [2, 2], strides: [2, 3], low: [0, 0] };
const overlapping: WindowGeometry = { input: [5], window: [3], output: [3], strides: [2], low: [1] };

function sample(
  dtype: DType,
  parameters: WindowGeometry,
  ...spatial: readonly ("input" | "output")[]
): Sample<WindowGeometry> {
  return { inputs: spatial.map((role) => ({ dtype, shape: [2, ...parameters[role], 2] })), parameters };
}

/** The sum over each window. */
export const windowSum: Primitive<WindowGeometry> = {
  name: "windowSum",
  infer([x], geometry) {
    checkInput("windowSum", x, geometry);
    return [outputType(x, geometry)];
  },
  derivative: ({ tangents: [dx], parameters }) => [dx && bind(windowSum, [dx], parameters)[0]],
  transpose: ({ cotangents: [ct], parameters }) => [ct && spreadWindows(ct, parameters)],
  batch: ({ inputs, batched, size, parameters }) => [
    split(bind(windowSum, merged(inputs, batched, size), parameters)[0], size),
  ],
  reference({ inputs: [x], outputs: [type], parameters }) {
    const channels = x.shape[x.shape.length - 1];
    const [inputs, outputs] = [sizeOf(parameters.input), sizeOf(parameters.output)];
    const sums = new Float64Array(sizeOf(type.shape));
    forEachPlace(parameters, (output, _, input) => {
      for (let n = 0; n < x.shape[0]; n++) {
        for (let c = 0; c < channels; c++) {
          sums[(n * outputs + output) * channels + c] += x.data[(n * inputs + input) * channels + c];
        }
      }
    });
    const result = allocate(type);
    result.set(sums);
    return [result];
  },
  lowering: {
    kind: "reduction",
    at: ({ parameters }, at, read) => ({
      inner: parameters.window,
      stages: [{ combine: "sum", value: (place) => readPlace(read, 0, parameters, at, place) }],
      value: ([total]) => total,
    }),
  },
  samples: [
    /*#__PURE__*/ sample("f32", tiled, "input"),
    /*#__PURE__*/ sample("f64", overlapping, "input"),
    /*#__PURE__*/ sample("i32", overlapping, "input"),
  ],
};

// Every window's cotangent at each of its places: the transpose of windowSum.
function spreadWindows(cotangent: Tensor, geometry: WindowGeometry): Tensor {
  const { input, window, output, strides, low } = geometry;
  if (tilesExactly(geometry)) {
    const [count, ...rest] = cotangent.shape;
    const channels = rest[rest.length - 1];
    const apart = [count, ...output.flatMap((extent, d) => [extent, window[d]]), channels];
    const axes = [0, ...output.map((_, d) => 1 + 2 * d), apart.length - 1];
    return reshape(broadcastAlong(cotangent, apart, axes), [count, ...input, channels]);
  }
  // output = (input + low − place) / stride: with zeros between the outputs, a sum over windows of stride 1.
  const backwards: WindowGeometry = {
    input: output.map((extent, d) => extent * strides[d]),
    window,
    output: input,
    strides: strides.map(() => 1),
    low: window.map((extent, d) => extent - 1 - low[d]),
  };
  return bind(windowSum, [dilate(cotangent, strides)], backwards)[0];
}

function tilesExactly({ input, window, output, strides, low }: WindowGeometry): boolean {
  return input.every(
    (extent, d) => low[d] === 0 && strides[d] === window[d] && output[d] * window[d] === extent,
  );
}

/** The maximum over each window, −∞ (the least integer) outside the input. */
export const windowMax: Primitive<WindowGeometry> = {
  name: "windowMax",
  infer([x], geometry) {
    checkInput("windowMax", x, geometry);
    return [outputType(x, geometry)];
  },
  derivative: ({ inputs: [x], tangents: [dx], parameters }) => [
    dx && bind(windowSelect, [x, dx], parameters)[0],
  ],
  batch: ({ inputs, batched, size, parameters }) => [
    split(bind(windowMax, merged(inputs, batched, size), parameters)[0], size),
  ],
  reference: ({ inputs: [x], outputs: [type], parameters }) => [
    fromPositions(type, firstMaxima(x, parameters), x.data, leastOf(type.dtype)),
  ],
  lowering: {
    kind: "reduction",
    at: ({ inputs: [x], parameters }, at, read) => ({
      inner: parameters.window,
      stages: [
        { combine: "max", value: (place) => readPlace(read, 0, parameters, at, place, leastOf(x.dtype)) },
      ],
      value: ([maximum]) => maximum,
    }),
  },
  samples: [
    /*#__PURE__*/ sample("f32", tiled, "input"),
    /*#__PURE__*/ sample("f64", overlapping, "input"),
    /*#__PURE__*/ sample("i32", overlapping, "input"),
  ],
};

/** dx at the place of each window's first maximum of x; linear in dx. */
export const windowSelect: Primitive<WindowGeometry> = {
  name: "windowSelect",
  infer([x, dx], geometry) {
    checkInput("windowSelect", x, geometry);
    if (!sameType(x, dx)) {
      throw new NeuriteError({ operation: "windowSelect", got: formatType(dx), expected: formatType(x) });
    }
    return [outputType(x, geometry)];
  },
  derivative: ({ inputs: [x], tangents: [, ddx], parameters }) => [
    ddx && bind(windowSelect, [x, ddx], parameters)[0],
  ],
  transpose: ({ cotangents: [ct], inputs: [x], parameters }) => [
    undefined,
    ct && bind(windowScatter, [tensorOf(x), ct], parameters)[0],
  ],
  batch: ({ inputs, batched, size, parameters }) => [
    split(bind(windowSelect, merged(inputs, batched, size), parameters)[0], size),
  ],
  reference: ({ inputs: [x, dx], outputs: [type], parameters }) => [
    fromPositions(type, firstMaxima(x, parameters), dx.data, 0),
  ],
  lowering: {
    kind: "reduction",
    at({ inputs: [x], parameters }, at, read) {
      const strides = stridesOf(parameters.window);
      const pick: ReductionStage = {
        combine: "sum",
        value: (place, [, first]) =>
          select(
            eq(coordinateValue(linearIndex(place, strides)), first),
            readPlace(read, 1, parameters, at, place),
            0,
          ),
      };
      return {
        inner: parameters.window,
        stages: [...firstMaximum(parameters, x, at, read), pick],
        value: ([, , picked]) => picked,
      };
    },
  },
  samples: [
    /*#__PURE__*/ sample("f32", tiled, "input", "input"),
    /*#__PURE__*/ sample("f64", overlapping, "input", "input"),
  ],
};

/** Adds ct at the place of each window's first maximum of x, zeros elsewhere: the transpose of windowSelect. */
export const windowScatter: Primitive<WindowGeometry> = {
  name: "windowScatter",
  infer([x, ct], geometry) {
    checkInput("windowScatter", x, geometry);
    const expected = outputType(x, geometry);
    if (!sameType(ct, expected)) {
      throw new NeuriteError({
        operation: "windowScatter",
        got: formatType(ct),
        expected: formatType(expected),
      });
    }
    return [x];
  },
  derivative: ({ inputs: [x], tangents: [, dct], parameters }) => [
    dct && bind(windowScatter, [x, dct], parameters)[0],
  ],
  transpose: ({ cotangents: [ct], inputs: [x], parameters }) => [
    undefined,
    ct && bind(windowSelect, [tensorOf(x), ct], parameters)[0],
  ],
  batch: ({ inputs, batched, size, parameters }) => [
    split(bind(windowScatter, merged(inputs, batched, size), parameters)[0], size),
  ],
  reference({ inputs: [x, ct], outputs: [type], parameters }) {
    const sums = new Float64Array(sizeOf(type.shape));
    for (const [i, position] of firstMaxima(x, parameters).entries()) {
      if (position >= 0) sums[position] += ct.data[i];
    }
    const result = allocate(type);
    result.set(sums);
    return [result];
  },
  lowering: {
    kind: "scatter",
    form({ inputs: [x], parameters }) {
      const strides = stridesOf(parameters.window);
      // Windows that tile the input meet every element once: each stores its zeros too, and none has to add.
      const exact = tilesExactly(parameters);
      return {
        initial: exact ? "none" : "zeros",
        space: outputType(x, parameters).shape,
        inner: parameters.window,
        at(point, place, read) {
          const positions = inputPositions(parameters, point.slice(1, -1), place);
          return {
            stages: firstMaximum(parameters, x, point, read),
            level: "inner",
            mode: exact ? "set" : "add",
            target: () => ({
              at: [point[0], ...positions.map((p) => p.at), point[point.length - 1]],
              guards: guardsOf(positions),
            }),
            value: ([, first]) =>
              select(eq(coordinateValue(linearIndex(place, strides)), first), read(1, point), 0),
          };
        },
      };
    },
  },
  samples: [
    /*#__PURE__*/ sample("f32", tiled, "input", "output"),
    /*#__PURE__*/ sample("f64", overlapping, "input", "output"),
  ],
};
