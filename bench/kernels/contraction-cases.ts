import { stridesOf } from "../../src/base/shape.ts";
import {
  axisCoordinate,
  type Coordinate,
  type Guard,
  linearIndex,
  plus,
  times,
} from "../../src/lang/kernel/coordinate.ts";
import type { Expression, Load } from "../../src/lang/kernel/expression.ts";
import type { Contraction, KernelBuffer, Store } from "../../src/lang/kernel/kernel.ts";
import * as s from "../../src/lang/kernel/scalar.ts";

const read: KernelBuffer = { dtype: "f32", access: "read" };
const write: KernelBuffer = { dtype: "f32", access: "write" };

/** A contraction of f32 numbers and the lengths of its buffers. */
export interface Case {
  readonly name: string;
  readonly contraction: Contraction;
  readonly lengths: readonly number[];
  /** The same for bench/peers/pytorch_contractions.py. */
  readonly peer: readonly (string | number | boolean)[];
}

const axes = (count: number): Coordinate[] =>
  Array.from({ length: count }, (_, axis) => axisCoordinate(axis));

function load(buffer: number, index: Coordinate, guards: readonly Guard[] = []): Load {
  return { kind: "load", dtype: "f32", buffer, index, guards, fill: 0 };
}

function store(buffer: number, index: Coordinate, value: Expression): Store {
  return { kind: "store", level: "outer", mode: "set", buffer, index, guards: [], value };
}

function product(
  name: string,
  m: number,
  k: number,
  n: number,
  leftTransposed = false,
  rightTransposed = false,
): Case {
  const [i, j, d] = axes(3);
  const left = linearIndex([i, d], leftTransposed ? [1, m] : [k, 1]);
  const right = linearIndex([d, j], rightTransposed ? [1, k] : [n, 1]);
  const sum = s.result("f32", 0);
  const gradient = leftTransposed || rightTransposed;
  const contraction: Contraction = {
    kind: "contraction",
    name,
    batch: [],
    rows: [m],
    columns: [n],
    depth: [k],
    dtype: "f32",
    buffers: [read, read, read, write],
    left: load(0, left),
    right: load(1, right),
    epilogue: [store(3, linearIndex([i, j], [n, 1]), gradient ? sum : s.max(s.add(sum, load(2, j)), 0))],
  };
  return {
    name,
    contraction,
    lengths: [m * k, k * n, n, m * n],
    peer: ["product", m, k, n, leftTransposed, rightTransposed],
  };
}

function convolution(
  name: string,
  n: number,
  size: number,
  channels: number,
  filters: number,
  { mirrored = false, stride = 1 } = {},
): Case {
  const [b, y, x, o, ky, kx, c] = axes(7);
  const sign = mirrored ? -1 : 1;
  const row = plus(plus(times(y, stride), times(ky, sign)), -sign);
  const column = plus(plus(times(x, stride), times(kx, sign)), -sign);
  const out = size / stride;
  const guards = [row, column].map((coordinate) => ({ coordinate, extent: size }));
  const weights = mirrored
    ? [3 * channels * filters, channels * filters, 1, channels]
    : stridesOf([3, 3, channels, filters]);
  const sum = s.result("f32", 0);
  const contraction: Contraction = {
    kind: "contraction",
    name,
    batch: [],
    rows: [n, out, out],
    columns: [filters],
    depth: [3, 3, channels],
    dtype: "f32",
    buffers: [read, read, read, write],
    left: load(0, linearIndex([b, row, column, c], stridesOf([n, size, size, channels])), guards),
    right: load(1, linearIndex([ky, kx, c, o], weights)),
    epilogue: [
      store(
        3,
        linearIndex([b, y, x, o], stridesOf([n, out, out, filters])),
        mirrored ? sum : s.max(s.add(sum, load(2, o)), 0),
      ),
    ],
  };
  return {
    name,
    contraction,
    lengths: [n * size * size * channels, 9 * channels * filters, filters, n * out * out * filters],
    peer: [mirrored ? "input" : "forward", n, size, channels, filters, stride],
  };
}

function filterGradient(
  name: string,
  n: number,
  size: number,
  channels: number,
  filters: number,
  { stride = 1 } = {},
): Case {
  const [ky, kx, c, o, b, y, x] = axes(7);
  const row = plus(plus(times(y, stride), ky), -1);
  const column = plus(plus(times(x, stride), kx), -1);
  const out = size / stride;
  const guards = [row, column].map((coordinate) => ({ coordinate, extent: size }));
  const contraction: Contraction = {
    kind: "contraction",
    name,
    batch: [],
    rows: [3, 3, channels],
    columns: [filters],
    depth: [n, out, out],
    dtype: "f32",
    buffers: [read, read, read, write],
    left: load(0, linearIndex([b, row, column, c], stridesOf([n, size, size, channels])), guards),
    right: load(1, linearIndex([b, y, x, o], stridesOf([n, out, out, filters]))),
    epilogue: [
      store(3, linearIndex([ky, kx, c, o], stridesOf([3, 3, channels, filters])), s.result("f32", 0)),
    ],
  };
  return {
    name,
    contraction,
    lengths: [n * size * size * channels, n * out * out * filters, filters, 9 * channels * filters],
    peer: ["filters", n, size, channels, filters, stride],
  };
}

// The 3 × 3 layers of ResNet-18.
function residual(batch: number): Case[] {
  return [
    [56, 64],
    [28, 128],
    [14, 256],
    [7, 512],
  ].flatMap(([size, channels]) => [
    convolution(`${size}² ${channels}`, batch, size, channels, channels),
    convolution(`${size}² ${channels} x'`, batch, size, channels, channels, { mirrored: true }),
    filterGradient(`${size}² ${channels} W'`, batch, size, channels, channels),
    ...(channels === 512
      ? []
      : [
          convolution(`${size}² ${channels} /2`, batch, size, channels, 2 * channels, { stride: 2 }),
          filterGradient(`${size}² ${channels} /2 W'`, batch, size, channels, 2 * channels, { stride: 2 }),
        ]),
  ]);
}

/** Contractions by the network they come from. */
export const groups: Record<string, Case[]> = {
  matmul: [64, 128, 256, 512, 1024].flatMap((n) => [
    product(`${n} NN`, n, n, n),
    product(`${n} TN`, n, n, n, true),
    product(`${n} NT`, n, n, n, false, true),
    product(`${n} TT`, n, n, n, true, true),
  ]),
  mlp: [
    product("x·W1", 128, 784, 128),
    product("h·W2", 128, 128, 10),
    product("hᵀ·dz2", 128, 128, 10, true),
    product("dz2·W2ᵀ", 128, 10, 128, false, true),
    product("xᵀ·dz1", 784, 128, 128, true),
  ],
  "mlp-wide": [
    product("x·W1", 256, 784, 1024),
    product("h·W2", 256, 1024, 1024),
    product("dz2·W2ᵀ", 256, 1024, 1024, false, true),
    product("hᵀ·dz2", 1024, 256, 1024, true),
    product("xᵀ·dz1", 784, 256, 1024, true),
    product("h·W3", 256, 1024, 10),
  ],
  cnn: [
    convolution("conv1", 64, 28, 1, 32),
    convolution("conv2", 64, 14, 32, 64),
    product("dense", 64, 3136, 128),
    product("dense W'", 3136, 64, 128, true),
    product("dense x'", 64, 128, 3136, false, true),
    convolution("conv2 x'", 64, 14, 64, 32, { mirrored: true }),
    filterGradient("conv2 W'", 64, 14, 32, 64),
    filterGradient("conv1 W'", 64, 28, 1, 32),
  ],
  "resnet-1": residual(1),
  "resnet-16": residual(16),
};
