import { sizeOf, stridesOf } from "../../../base/shape.ts";
import {
  axisCoordinate,
  dynamicCoordinate,
  type Guard,
  linearIndex,
  plus,
  times,
} from "../../../lang/kernel/coordinate.ts";
import type { Load } from "../../../lang/kernel/expression.ts";
import type { Contraction, KernelBuffer } from "../../../lang/kernel/kernel.ts";
import * as s from "../../../lang/kernel/scalar.ts";
import { axes, type ContractionCase, load, random, store } from "./contraction.fixture.ts";

/** [m × k] · [k × n] with either side stored transposed. */
export function matrixProduct(
  dtype: Contraction["dtype"],
  [m, n, k]: readonly number[],
  [leftTransposed, rightTransposed]: readonly boolean[],
): Contraction {
  const [i, j, d] = axes(0, 1, 2);
  const left = leftTransposed
    ? linearIndex([d, i], stridesOf([k, m]))
    : linearIndex([i, d], stridesOf([m, k]));
  const right = rightTransposed
    ? linearIndex([j, d], stridesOf([n, k]))
    : linearIndex([d, j], stridesOf([k, n]));
  const read: KernelBuffer = { dtype, access: "read" };
  return {
    kind: "contraction",
    name: `${m}×${n}×${k}`,
    batch: [],
    rows: [m],
    columns: [n],
    depth: [k],
    dtype,
    buffers: [read, read, { dtype, access: "write" }],
    left: load(dtype, 0, left),
    right: load(dtype, 1, right),
    epilogue: [store(2, linearIndex([i, j], [n, 1]), s.result(dtype, 0))],
  };
}

/** A matrix product with the lengths of its buffers. */
export function productCase(
  dtype: Contraction["dtype"],
  sizes: readonly number[],
  transposed: readonly boolean[],
): ContractionCase {
  const [m, n, k] = sizes;
  return { contraction: matrixProduct(dtype, sizes, transposed), lengths: [m * k, k * n, m * n] };
}

/** Products of odd sizes, in all four transpositions. */
export function oddProducts(): ContractionCase[] {
  const sizes = [1, 2, 3, 5, 7, 8, 17, 33];
  return [0, 1, 2, 3].flatMap((form) =>
    sizes.flatMap((m) =>
      sizes.flatMap((n) => [1, 4, 7, 33].map((k) => productCase("f32", [m, n, k], [form % 2 > 0, form > 1]))),
    ),
  );
}

/** A convolution over [n, height, width, channels] with padding; its depth is (kernel rows, kernel columns, channels). */
function convolution(
  [n, height, width, channels, filters]: readonly number[],
  { stride = 1, dilation = 1, size = 3 }: { stride?: number; dilation?: number; size?: number },
): ContractionCase {
  const pad = (dilation * (size - 1)) / 2;
  const [outHeight, outWidth] = [height, width].map((extent) => Math.ceil(extent / stride));
  const [b, y, x, o, ky, kx, c] = axes(0, 1, 2, 3, 4, 5, 6);
  const row = plus(plus(times(y, stride), times(ky, dilation)), -pad);
  const column = plus(plus(times(x, stride), times(kx, dilation)), -pad);
  const index = linearIndex([b, row, column, c], stridesOf([n, height, width, channels]));
  const guards = [
    { coordinate: row, extent: height },
    { coordinate: column, extent: width },
  ];
  const bias = load("f32", 2, o);
  const out = linearIndex([b, y, x, o], stridesOf([n, outHeight, outWidth, filters]));
  const contraction: Contraction = {
    kind: "contraction",
    name: `convolution ${[n, height, width, channels, filters].join()} ${stride} ${dilation}`,
    batch: [],
    rows: [n, outHeight, outWidth],
    columns: [filters],
    depth: [size, size, channels],
    dtype: "f32",
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    left: load("f32", 0, index, guards),
    right: load("f32", 1, linearIndex([ky, kx, c, o], stridesOf([size, size, channels, filters]))),
    epilogue: [store(3, out, s.max(s.add(s.result("f32", 0), bias), 0))],
  };
  const lengths = [
    n * height * width * channels,
    size * size * channels * filters,
    filters,
    n * outHeight * outWidth * filters,
  ];
  return { contraction, lengths };
}

/** Convolutions with padding, strides, dilation and larger filters. */
export function convolutions(): ContractionCase[] {
  return [
    convolution([2, 7, 9, 5, 6], {}),
    convolution([1, 14, 14, 32, 64], {}),
    convolution([3, 28, 28, 1, 32], {}),
    convolution([2, 9, 11, 4, 10], { stride: 2 }),
    convolution([2, 12, 11, 1, 3], { stride: 2 }),
    convolution([2, 9, 11, 4, 10], { dilation: 2 }),
    convolution([2, 6, 5, 3, 4], { size: 5 }),
    convolution([1, 3, 3, 40, 7], { size: 5 }),
    filterGradient([2, 7, 9, 5, 6]),
    filterGradient([1, 14, 14, 32, 16]),
    filterGradient([3, 28, 28, 1, 32]),
    ...inputGradients(),
    ...volumes(),
  ];
}

function filterGradient([n, height, width, channels, filters]: readonly number[]): ContractionCase {
  // rows (ky, kx, c), columns o, depth (n, y, x)
  const [ky, kx, c, o, b, y, x] = axes(0, 1, 2, 3, 4, 5, 6);
  const row = plus(plus(y, ky), -1);
  const column = plus(plus(x, kx), -1);
  const guards = [
    { coordinate: row, extent: height },
    { coordinate: column, extent: width },
  ];
  const contraction: Contraction = {
    kind: "contraction",
    name: "filter gradient",
    batch: [],
    rows: [3, 3, channels],
    columns: [filters],
    depth: [n, height, width],
    dtype: "f32",
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    left: load("f32", 0, linearIndex([b, row, column, c], stridesOf([n, height, width, channels])), guards),
    right: load("f32", 1, linearIndex([b, y, x, o], stridesOf([n, height, width, filters]))),
    epilogue: [
      store(2, linearIndex([ky, kx, c, o], stridesOf([3, 3, channels, filters])), s.result("f32", 0)),
    ],
  };
  return {
    contraction,
    lengths: [n * height * width * channels, n * height * width * filters, 9 * channels * filters],
  };
}

// With mirrored filters, which lie along either end of the depth.
function inputGradients(): ContractionCase[] {
  const [n, height, width, channels, filters] = [2, 6, 7, 8, 9];
  const [b, y, x, c, ky, kx, o] = axes(0, 1, 2, 3, 4, 5, 6);
  const row = plus(plus(y, times(ky, -1)), 1);
  const column = plus(plus(x, times(kx, -1)), 1);
  return [true, false].map((depthOrder) => {
    const contraction: Contraction = {
      kind: "contraction",
      name: "input gradient",
      batch: [],
      rows: [n, height, width],
      columns: [channels],
      depth: [3, 3, filters],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "update" },
      ],
      left: load(
        "f32",
        0,
        depthOrder
          ? linearIndex([b, row, column, o], stridesOf([n, height, width, filters]))
          : linearIndex([b, o, row, column], stridesOf([n, filters, height, width])),
        [
          { coordinate: row, extent: height },
          { coordinate: column, extent: width },
        ],
      ),
      right: load("f32", 1, linearIndex([ky, kx, c, o], stridesOf([3, 3, channels, filters]))),
      epilogue: [
        {
          ...store(2, linearIndex([b, y, x, c], stridesOf([n, height, width, channels])), s.result("f32", 0)),
          mode: "add",
        },
      ],
    };
    return {
      contraction,
      lengths: [n * height * width * filters, 9 * channels * filters, n * height * width * channels],
    };
  });
}

// Three guards, two strides and a fill that is not 0.
function volumes(): ContractionCase[] {
  const [size, channels, filters] = [5, 3, 6];
  const [z, y, x, o, kz, ky, kx, c] = axes(0, 1, 2, 3, 4, 5, 6, 7);
  const spatial = [
    plus(plus(z, kz), -1),
    plus(plus(times(y, 2), ky), -1),
    plus(plus(times(x, -1), kx), size - 2),
  ];
  const input = load(
    "f32",
    0,
    linearIndex([...spatial, c], stridesOf([size, size, size, channels])),
    spatial.map((coordinate) => ({ coordinate, extent: size })),
  );
  return [
    [c, kx],
    [kx, c],
  ].map(([first, second]) => {
    const weights = linearIndex(
      [kz, ky, first, second, o],
      [9 * channels * filters, 3 * channels * filters, filters, filters, 1],
    );
    const contraction: Contraction = {
      kind: "contraction",
      name: "volume",
      batch: [],
      rows: [size, 3, size],
      columns: [filters],
      depth: [3, 3, 3, channels],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      left: { ...input, fill: 2.5 },
      right: load("f32", 1, weights),
      epilogue: [
        store(2, linearIndex([z, y, x, o], stridesOf([size, 3, size, filters])), s.result("f32", 0)),
      ],
    };
    return {
      contraction,
      lengths: [size ** 3 * channels, 27 * channels * filters, size * 3 * size * filters],
    };
  });
}

/** Batches, operands that are no plain loads, and epilogues of several stores. */
export function otherContractions(): ContractionCase[] {
  return [attention(), momentum(), columnAxes(), severalLoads(), gathered(), paddedDepth()];
}

// A batch of products with two batch axes, with a causal fill.
function attention(): ContractionCase {
  const [batch, heads, length, width] = [2, 3, 19, 13];
  const [b, h, i, j, d] = axes(0, 1, 2, 3, 4);
  const strides = [length * heads * width, width, heads * width, 1];
  const allowed = s.le(s.coordinateValue(j), s.coordinateValue(i));
  const contraction: Contraction = {
    kind: "contraction",
    name: "scores",
    batch: [batch, heads],
    rows: [length],
    columns: [length],
    depth: [width],
    dtype: "f32",
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    left: load("f32", 0, linearIndex([b, h, i, d], strides)),
    right: load("f32", 1, linearIndex([b, h, j, d], strides)),
    epilogue: [
      store(
        2,
        linearIndex([b, h, i, j], stridesOf([batch, heads, length, length])),
        s.select(allowed, s.mul(s.result("f32", 0), 0.5), -1),
      ),
    ],
  };
  const size = batch * heads * length * width;
  return { contraction, lengths: [size, size, batch * heads * length * length] };
}

// Long runs of rows and of columns that lie outside their buffers at some depths, with fills that are not 0.
function paddedDepth(): ContractionCase {
  const [m, n, k] = [100, 150, 9];
  const [i, j, d] = axes(0, 1, 2);
  const [before, behind] = [plus(d, -2), plus(d, 1)];
  const left = load("f32", 0, linearIndex([before, i], [m, 1]), [{ coordinate: before, extent: k }]);
  const right = load("f32", 1, linearIndex([behind, j], [n, 1]), [{ coordinate: behind, extent: k }]);
  const contraction: Contraction = {
    ...matrixProduct("f32", [m, n, k], [true, false]),
    name: "padded depth",
    left: { ...left, fill: 1.5 },
    right: { ...right, fill: -0.5 },
  };
  return { contraction, lengths: [m * k, k * n, m * n] };
}

// Several stores: momentum and weights updated in place, and a copy.
function momentum(): ContractionCase {
  const product = matrixProduct("f32", [37, 45, 21], [true, false]);
  const [i, j] = axes(0, 1);
  const index = linearIndex([i, j], [45, 1]);
  const update: KernelBuffer = { dtype: "f32", access: "update" };
  const moment = s.add(s.mul(load("f32", 2, index), 0.9), s.result("f32", 0));
  const contraction: Contraction = {
    ...product,
    buffers: [...product.buffers.slice(0, 2), update, update, { dtype: "f32", access: "write" }],
    epilogue: [
      store(2, index, moment),
      store(3, index, s.sub(load("f32", 3, index), s.mul(load("f32", 2, index), 0.1))),
      store(4, linearIndex([j, i], [37, 1]), s.result("f32", 0)),
    ],
  };
  return { contraction, lengths: [37 * 21, 21 * 45, 37 * 45, 37 * 45, 37 * 45] };
}

// Several column axes, stored and padded apart.
function columnAxes(): ContractionCase {
  const [m, p, q, k] = [11, 3, 5, 9];
  const [i, a, c, d] = axes(0, 1, 2, 3);
  const read: KernelBuffer = { dtype: "f64", access: "read" };
  const contraction: Contraction = {
    kind: "contraction",
    name: "column axes",
    batch: [],
    rows: [m],
    columns: [p, q],
    depth: [k],
    dtype: "f64",
    buffers: [read, read, { dtype: "f64", access: "update" }, { dtype: "f32", access: "write" }],
    left: load("f64", 0, linearIndex([i, d], [k, 1])),
    right: load("f64", 1, linearIndex([d, a, c], [p * q, q, 1])),
    epilogue: [
      store(2, linearIndex([a, i, c], [m * 7, 7, 1]), s.result("f64", 0)),
      store(3, linearIndex([i, a, c], [p * q, q, 1]), s.cast(s.result("f64", 0), "f32")),
    ],
  };
  return { contraction, lengths: [m * k, k * p * q, p * m * 7, m * p * q] };
}

// Expressions of several loads, of other types.
function severalLoads(): ContractionCase {
  const [m, n, k] = [23, 34, 45];
  const [i, j, d] = axes(0, 1, 2);
  const product = matrixProduct("f32", [m, n, k], [false, false]);
  const mask = load("f32", 3, linearIndex([i, d], [k, 1]));
  const bytes = load("u8", 4, linearIndex([j, d], [k, 1]));
  const contraction: Contraction = {
    ...product,
    buffers: [...product.buffers, { dtype: "f32", access: "read" }, { dtype: "u8", access: "read" }],
    left: s.select(s.gt(mask, 0), s.mul(product.left, mask), 0.5),
    right: s.mul(s.cast(bytes, "f32"), 1 / 512),
  };
  return { contraction, lengths: [m * k, k * n, m * n, m * k, n * k] };
}

// Rows gathered by an index from data.
function gathered(): ContractionCase {
  const [m, n, k] = [23, 34, 45];
  const [i, , d] = axes(0, 1, 2);
  const product = matrixProduct("f32", [m, n, k], [false, false]);
  const row = s.rem(s.bitcast(load("i32", 3, i), "u32"), s.literal("u32", m));
  const contraction: Contraction = {
    ...product,
    buffers: [...product.buffers, { dtype: "i32", access: "read" }],
    left: load("f32", 0, linearIndex([dynamicCoordinate(s.bitcast(row, "i32")), d], [k, 1])),
  };
  return { contraction, lengths: [m * k, k * n, m * n, m] };
}

const pick = (n: number): number => Math.floor((random() + 0.5) * n * 0.999999);

const extents = (rank: number): number[] =>
  Array.from({ length: rank }, () => (pick(5) === 0 ? 9 + pick(20) : 1 + pick(6)));

/** An operand over some axes: permuted strides, and guards that shift it out of its buffer on either side. */
function operand(
  dtype: Contraction["dtype"],
  buffer: number,
  mentioned: readonly number[],
  all: readonly number[],
): { load: Load; length: number } {
  const order = mentioned.filter(() => pick(8) > 0);
  if (pick(2) === 0) order.sort(() => random());
  const coefficients = new Array<number>(all.length).fill(0);
  const guards: Guard[] = [];
  let stride = 1;
  let offset = 0;
  for (const axis of order.toReversed()) {
    const mirrored = pick(6) === 0;
    const step = pick(8) === 0 ? 2 : 1;
    const coefficient = mirrored ? -step : step;
    const extent = step * (all[axis] - 1) + 1;
    const start = mirrored ? extent - 1 : 0;
    const shift = pick(4) === 0 ? pick(5) - 2 : 0;
    if (shift !== 0)
      guards.push({ coordinate: plus(times(axisCoordinate(axis), coefficient), start + shift), extent });
    coefficients[axis] = coefficient * stride;
    offset += (start + shift) * stride;
    stride *= extent;
  }
  const index = { offset, coefficients, dynamic: [] };
  const fill = guards.length > 0 && pick(3) === 0 ? 2 : 0;
  return { load: { kind: "load", dtype, buffer, index, guards, fill }, length: stride };
}

/** Random contractions: permuted, mirrored, strided, padded operands. */
export function randomContractions(dtype: Contraction["dtype"]): ContractionCase[] {
  const cases: ContractionCase[] = [];
  for (let round = 0; round < 120; round++) {
    const [batch, rows, columns, depth] = [pick(2), pick(4), pick(3), pick(4)].map(extents);
    const all = [...batch, ...rows, ...columns, ...depth];
    if (sizeOf(all) > 200_000) continue;
    const numbers = all.map((_, axis) => axis);
    const isRow = (axis: number): boolean => axis >= batch.length && axis < batch.length + rows.length;
    const space = batch.length + rows.length + columns.length;
    const isColumn = (axis: number): boolean => axis >= batch.length + rows.length && axis < space;
    const left = operand(
      dtype,
      0,
      numbers.filter((axis) => !isColumn(axis)),
      all,
    );
    const right = operand(
      dtype,
      1,
      numbers.filter((axis) => !isRow(axis)),
      all,
    );
    const outAxes = numbers.slice(0, space);
    const order = pick(3) === 0 ? [...outAxes].sort(() => random()) : outAxes;
    const coefficients = new Array<number>(space).fill(0);
    let size = 1;
    for (const axis of order.toReversed()) {
      coefficients[axis] = size;
      size *= all[axis];
    }
    const index = { offset: 0, coefficients, dynamic: [] };
    const mode = pick(3) === 0 ? "add" : "set";
    const contraction: Contraction = {
      kind: "contraction",
      name: `random ${round}: ${[batch, rows, columns, depth].join(" | ")}`,
      batch,
      rows,
      columns,
      depth,
      dtype,
      buffers: [
        { dtype, access: "read" },
        { dtype, access: "read" },
        { dtype, access: "update" },
      ],
      left: left.load,
      right: right.load,
      epilogue: [{ ...store(2, index, s.add(s.result(dtype, 0), 1)), mode }],
    };
    cases.push({ contraction, lengths: [left.length, right.length, size] });
  }
  return cases;
}
