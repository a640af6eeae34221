import { isFloat, type TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { formatShape, sameShape, sizeOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { type Coordinate, plus, times } from "../kernel/coordinate.ts";
import type { ContractionForm, HostArray, Primitive, Sample } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { type ConvolutionGeometry, gradientByPhases } from "./convolution-phases.ts";
import { allocate } from "./host.ts";
import { range } from "./offsets.ts";
import { tensorOf } from "./operand.ts";
import { addTangents } from "./rules.ts";
import { forEachPlace, inputPositions, type Position, position, readSpatial } from "./spatial-index.ts";
import { reshape, transpose } from "./structure.ts";

/** The three arrays of the form: input [N, in…, C], kernel [k…, C / groups, O], output [N, out…, O]. */
type Role = "input" | "kernel" | "output";

/** What the other two arrays tell of N, of channels per group and of output channels per group. */
interface Sizes {
  readonly count: number;
  readonly channels: number;
  readonly filters: number;
}

function typeShape(role: Role, sizes: Sizes, geometry: ConvolutionGeometry): number[] {
  const { groups } = geometry;
  switch (role) {
    case "input":
      return [sizes.count, ...geometry.input, groups * sizes.channels];
    case "kernel":
      return [...geometry.kernel, sizes.channels, groups * sizes.filters];
    case "output":
      return [sizes.count, ...geometry.output, groups * sizes.filters];
  }
}

function sizesOf(arrays: Readonly<Partial<Record<Role, TensorType>>>, groups: number): Sizes {
  const { input, kernel, output } = arrays;
  return {
    count: (input ?? output)?.shape[0] ?? 0,
    channels: kernel?.shape.at(-2) ?? (input?.shape.at(-1) ?? 0) / groups,
    filters: ((kernel ?? output)?.shape.at(-1) ?? 0) / groups,
  };
}

/** Computes one array of Σ output · input · kernel from the other two: the convolution or one of its transposes. */
export function convolve(
  wanted: Role,
  arrays: Readonly<Partial<Record<Role, Tensor>>>,
  geometry: ConvolutionGeometry,
): Tensor {
  const { input, kernel, output } = arrays;
  switch (wanted) {
    case "output":
      return bind(convolution, [tensorOf(input), tensorOf(kernel)], geometry)[0];
    case "kernel":
      return bind(convolutionKernelGradient, [tensorOf(input), tensorOf(output)], geometry)[0];
    case "input": {
      const unit = (kernel: Tensor, geometry: ConvolutionGeometry): Tensor =>
        bind(convolutionInputGradient, [tensorOf(output), kernel], geometry)[0];
      // output = (input + low − kernel) / stride is no affine index for other strides.
      const isUnit = geometry.strides.every((stride) => stride === 1);
      if (isUnit) return unit(tensorOf(kernel), geometry);
      return gradientByPhases(tensorOf(output), tensorOf(kernel), geometry, unit);
    }
  }
}

function trilinear(
  name: string,
  operands: readonly [Role, Role],
  wanted: Role,
  form: (geometry: ConvolutionGeometry, sizes: Sizes) => ContractionForm,
  samples: readonly Sample<ConvolutionGeometry>[],
): Primitive<ConvolutionGeometry> {
  const [first, second] = operands;
  return {
    name,

    infer([x, y], geometry) {
      const sizes = sizesOf({ [first]: x, [second]: y }, geometry.groups);
      const expected = operands.map((role) => typeShape(role, sizes, geometry));
      if (!sameShape(x.shape, expected[0]) || !sameShape(y.shape, expected[1])) {
        throw new NeuriteError({
          operation: name,
          got: `${first} ${formatShape(x.shape)} and ${second} ${formatShape(y.shape)}`,
          expected: `${formatShape(expected[0])} and ${formatShape(expected[1])}`,
        });
      }
      if (x.dtype !== y.dtype || !isFloat(x.dtype)) {
        throw new NeuriteError({
          operation: name,
          got: `${formatType(x)} and ${formatType(y)}`,
          expected: "operands of one float dtype",
          hint: "cast one of them",
        });
      }
      return [{ dtype: x.dtype, shape: typeShape(wanted, sizes, geometry) }];
    },

    derivative({ inputs: [x, y], tangents: [dx, dy], parameters }) {
      return [
        addTangents(
          dx && convolve(wanted, { [first]: dx, [second]: tensorOf(y) }, parameters),
          dy && convolve(wanted, { [first]: tensorOf(x), [second]: dy }, parameters),
        ),
      ];
    },

    transpose({ cotangents: [ct], inputs: [x, y], parameters }) {
      const pull = (role: Role, other: Role, known: Tensor): Tensor | undefined =>
        ct && convolve(role, { [wanted]: ct, [other]: known }, parameters);
      return [
        x === undefined && y !== undefined ? pull(first, second, tensorOf(y)) : undefined,
        y === undefined && x !== undefined ? pull(second, first, tensorOf(x)) : undefined,
      ];
    },

    batch({ inputs, batched, size, parameters }) {
      const touched = [...operands.filter((_, i) => batched[i]), wanted];
      const places = batchPlaces(touched, parameters.groups);
      const arrays = operands.map((role, i) => {
        const place = places[role];
        const x = tensorOf(inputs[i]);
        return batched[i] && place !== undefined ? mergeBatch(x, place) : x;
      });
      const groups = touched.length === 3 ? parameters.groups * size : parameters.groups;
      const merged = convolve(wanted, { [first]: arrays[0], [second]: arrays[1] }, { ...parameters, groups });
      const place = places[wanted];
      return [place === undefined ? merged : splitBatch(merged, place, size)];
    },

    reference({ inputs: [x, y], outputs: [type], parameters }) {
      return [accumulate({ [first]: x, [second]: y }, type, wanted, parameters)];
    },

    lowering: {
      kind: "contraction",
      form: ({ inputs: [x, y], parameters }) =>
        form(parameters, sizesOf({ [first]: x, [second]: y }, parameters.groups)),
    },

    samples,
  };
}

/** An axis (negative: from the end) that holds (outer, batch, rest) once the batch is merged into it. */
interface BatchPlace {
  readonly axis: number;
  readonly outer: number;
}

// A batch on two of the three arrays merges into what those two share; on all three it multiplies the groups.
function batchPlaces(touched: readonly Role[], groups: number): Partial<Record<Role, BatchPlace>> {
  if (touched.length === 3) {
    const channel = { axis: -1, outer: 1 };
    return { input: channel, kernel: channel, output: channel };
  }
  if (!touched.includes("kernel")) return { input: { axis: 0, outer: 1 }, output: { axis: 0, outer: 1 } };
  if (touched.includes("output"))
    return { kernel: { axis: -1, outer: groups }, output: { axis: -1, outer: groups } };
  return { kernel: { axis: -2, outer: 1 }, input: { axis: -1, outer: groups } };
}

function mergeBatch(x: Tensor, { axis, outer }: BatchPlace): Tensor {
  const [size, ...shape] = x.shape;
  const at = axis < 0 ? axis + shape.length : axis;
  const split = reshape(x, [size, ...shape.slice(0, at), outer, shape[at] / outer, ...shape.slice(at + 1)]);
  const order = [...range(1, at + 2), 0, ...range(at + 2, split.shape.length)];
  return reshape(transpose(split, order), shape.with(at, shape[at] * size));
}

function splitBatch(x: Tensor, { axis, outer }: BatchPlace, size: number): Tensor {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const rest = x.shape[at] / (outer * size);
  const split = reshape(x, [...x.shape.slice(0, at), outer, size, rest, ...x.shape.slice(at + 1)]);
  const order = [at + 1, ...range(0, at + 1), ...range(at + 2, split.shape.length)];
  return reshape(transpose(split, order), [size, ...x.shape.with(at, outer * rest)]);
}

// Adds up every term of the form in f64, whichever of the three arrays is wanted.
function accumulate(
  known: Readonly<Partial<Record<Role, HostArray>>>,
  type: TensorType,
  wanted: Role,
  geometry: ConvolutionGeometry,
): TypedArray {
  const { groups } = geometry;
  const { count, channels, filters } = sizesOf(known, groups);
  const sums = new Float64Array(sizeOf(type.shape));
  const dataOf = (role: Role): ArrayLike<number> => known[role]?.data ?? sums;
  const [x, k, y] = [dataOf("input"), dataOf("kernel"), dataOf("output")];
  const [inputs, outputs] = [geometry.input, geometry.output].map(sizeOf);
  const addTerms = (output: number, place: number, input: number): void => {
    for (let ng = 0; ng < count * groups; ng++) {
      const [n, g] = [Math.floor(ng / groups), ng % groups];
      const y0 = ((n * outputs + output) * groups + g) * filters;
      const x0 = ((n * inputs + input) * groups + g) * channels;
      for (let c = 0; c < channels; c++) {
        const k0 = ((place * channels + c) * groups + g) * filters;
        for (let f = 0; f < filters; f++) {
          if (wanted === "output") sums[y0 + f] += x[x0 + c] * k[k0 + f];
          else if (wanted === "input") sums[x0 + c] += y[y0 + f] * k[k0 + f];
          else sums[k0 + f] += x[x0 + c] * y[y0 + f];
        }
      }
    }
  };
  forEachPlace({ ...geometry, window: geometry.kernel }, addTerms, geometry.kernelDilation);
  const result = allocate(type);
  result.set(sums);
  return result;
}

// input = output · stride + kernel · dilation − low on every axis
function inputs(
  geometry: ConvolutionGeometry,
  output: readonly Coordinate[],
  kernel: readonly Coordinate[],
): Position[] {
  return inputPositions({ ...geometry, window: geometry.kernel }, output, kernel, geometry.kernelDilation);
}

// output = input − kernel · dilation + low on every axis, for stride 1
function outputs(
  geometry: ConvolutionGeometry,
  input: readonly Coordinate[],
  kernel: readonly Coordinate[],
): Position[] {
  return geometry.output.map((extent, d) =>
    position(
      [
        { coordinate: input[d], step: 1, count: geometry.input[d] },
        { coordinate: kernel[d], step: -geometry.kernelDilation[d], count: geometry.kernel[d] },
      ],
      geometry.low[d],
      extent,
    ),
  );
}

// A channel of the whole array from its group and its number within the group.
function channelOf(group: Coordinate, within: Coordinate, perGroup: number): Coordinate {
  return plus(times(group, perGroup), within);
}

const line: ConvolutionGeometry = {
  input: [7],
  kernel: [3],
  output: [4],
  strides: [2],
  low: [1],
  kernelDilation: [1],
  groups: 1,
};
const plane: ConvolutionGeometry = {
  input: [5, 4],
  kernel: [2, 3],
  output: [4, 2],
  strides: [1, 1],
  low: [0, 1],
  kernelDilation: [1, 2],
  groups: 2,
};
const unitLine: ConvolutionGeometry = { ...line, strides: [1], output: [7] };

function sample(
  dtype: "f32" | "f64",
  parameters: ConvolutionGeometry,
  roles: readonly [Role, Role],
): Sample<ConvolutionGeometry> {
  const sizes = { count: 2, channels: 2, filters: 1 + parameters.groups };
  return { inputs: roles.map((role) => ({ dtype, shape: typeShape(role, sizes, parameters) })), parameters };
}

/** output[n, o, f] = Σ_{t, c} input[n, o · stride + t · dilation − low, c] · kernel[t, c, f], group by group. */
export const convolution: Primitive<ConvolutionGeometry> = /*#__PURE__*/ trilinear(
  "convolution",
  ["input", "kernel"],
  "output",
  (geometry, { count, channels, filters }) => ({
    batch: [geometry.groups],
    rows: [count, ...geometry.output],
    columns: [filters],
    depth: [...geometry.kernel, channels],
    left: (read, [group], [n, ...output], depth) => {
      const [kernel, channel] = splitLast(depth);
      return readSpatial(read, 0, [n, inputs(geometry, output, kernel), channelOf(group, channel, channels)]);
    },
    right: (read, [group], depth, [filter]) => read(1, [...depth, channelOf(group, filter, filters)]),
    output: ([group], rows, [filter]) => [...rows, channelOf(group, filter, filters)],
  }),
  [
    /*#__PURE__*/ sample("f32", line, ["input", "kernel"]),
    /*#__PURE__*/ sample("f64", plane, ["input", "kernel"]),
    /*#__PURE__*/ sample("f32", plane, ["input", "kernel"]),
  ],
);

/** input[n, i, c] = Σ_{t, f} output[n, i − t · dilation + low, f] · kernel[t, c, f], for stride 1. */
export const convolutionInputGradient: Primitive<ConvolutionGeometry> = /*#__PURE__*/ trilinear(
  "convolutionInputGradient",
  ["output", "kernel"],
  "input",
  (geometry, { count, channels, filters }) => ({
    batch: [geometry.groups],
    rows: [count, ...geometry.input],
    columns: [channels],
    depth: [...geometry.kernel, filters],
    left: (read, [group], [n, ...input], depth) => {
      const [kernel, filter] = splitLast(depth);
      return readSpatial(read, 0, [n, outputs(geometry, input, kernel), channelOf(group, filter, filters)]);
    },
    right: (read, [group], depth, [channel]) => {
      const [kernel, filter] = splitLast(depth);
      return read(1, [...kernel, channel, channelOf(group, filter, filters)]);
    },
    output: ([group], rows, [channel]) => [...rows, channelOf(group, channel, channels)],
  }),
  [
    /*#__PURE__*/ sample("f32", unitLine, ["output", "kernel"]),
    /*#__PURE__*/ sample("f64", plane, ["output", "kernel"]),
  ],
);

/** kernel[t, c, f] = Σ_{n, o} input[n, o · stride + t · dilation − low, c] · output[n, o, f], group by group. */
export const convolutionKernelGradient: Primitive<ConvolutionGeometry> = /*#__PURE__*/ trilinear(
  "convolutionKernelGradient",
  ["input", "output"],
  "kernel",
  (geometry, { count, channels, filters }) => ({
    batch: [geometry.groups],
    rows: [...geometry.kernel, channels],
    columns: [filters],
    depth: [count, ...geometry.output],
    left: (read, [group], rows, [n, ...output]) => {
      const [kernel, channel] = splitLast(rows);
      return readSpatial(read, 0, [n, inputs(geometry, output, kernel), channelOf(group, channel, channels)]);
    },
    right: (read, [group], depth, [filter]) => read(1, [...depth, channelOf(group, filter, filters)]),
    output: ([group], rows, [filter]) => [...rows, channelOf(group, filter, filters)],
  }),
  [
    /*#__PURE__*/ sample("f32", line, ["input", "output"]),
    /*#__PURE__*/ sample("f64", plane, ["input", "output"]),
  ],
);

function splitLast(coordinates: readonly Coordinate[]): readonly [Coordinate[], Coordinate] {
  return [coordinates.slice(0, -1), coordinates[coordinates.length - 1]];
}
