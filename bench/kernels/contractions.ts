/** Times the contractions of the standard networks in WebAssembly: `npx tsx bench/kernels/contractions.ts [name]`. */
import { sizeOf, stridesOf } from "../../src/base/shape.ts";
import { renderContraction } from "../../src/exec/render/wasm/contraction.ts";
import { ModuleBuilder } from "../../src/exec/render/wasm/encoder.ts";
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

interface Case {
  readonly name: string;
  readonly contraction: Contraction;
  readonly lengths: readonly number[];
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
  return { name, contraction, lengths: [m * k, k * n, n, m * n] };
}

function convolution(
  name: string,
  n: number,
  size: number,
  channels: number,
  filters: number,
  mirrored = false,
): Case {
  const [b, y, x, o, ky, kx, c] = axes(7);
  const sign = mirrored ? -1 : 1;
  const row = plus(plus(y, times(ky, sign)), -sign);
  const column = plus(plus(x, times(kx, sign)), -sign);
  const guards = [row, column].map((coordinate) => ({ coordinate, extent: size }));
  const weights = mirrored
    ? [3 * channels * filters, channels * filters, 1, channels]
    : stridesOf([3, 3, channels, filters]);
  const sum = s.result("f32", 0);
  const contraction: Contraction = {
    kind: "contraction",
    name,
    batch: [],
    rows: [n, size, size],
    columns: [filters],
    depth: [3, 3, channels],
    dtype: "f32",
    buffers: [read, read, read, write],
    left: load(0, linearIndex([b, row, column, c], stridesOf([n, size, size, channels])), guards),
    right: load(1, linearIndex([ky, kx, c, o], weights)),
    epilogue: [
      store(
        3,
        linearIndex([b, y, x, o], stridesOf([n, size, size, filters])),
        mirrored ? sum : s.max(s.add(sum, load(2, o)), 0),
      ),
    ],
  };
  return {
    name,
    contraction,
    lengths: [n * size * size * channels, 9 * channels * filters, filters, n * size * size * filters],
  };
}

function filterGradient(name: string, n: number, size: number, channels: number, filters: number): Case {
  const [ky, kx, c, o, b, y, x] = axes(7);
  const row = plus(plus(y, ky), -1);
  const column = plus(plus(x, kx), -1);
  const guards = [row, column].map((coordinate) => ({ coordinate, extent: size }));
  const contraction: Contraction = {
    kind: "contraction",
    name,
    batch: [],
    rows: [3, 3, channels],
    columns: [filters],
    depth: [n, size, size],
    dtype: "f32",
    buffers: [read, read, read, write],
    left: load(0, linearIndex([b, row, column, c], stridesOf([n, size, size, channels])), guards),
    right: load(1, linearIndex([b, y, x, o], stridesOf([n, size, size, filters]))),
    epilogue: [
      store(3, linearIndex([ky, kx, c, o], stridesOf([3, 3, channels, filters])), s.result("f32", 0)),
    ],
  };
  return {
    name,
    contraction,
    lengths: [n * size * size * channels, n * size * size * filters, filters, 9 * channels * filters],
  };
}

const groups: Record<string, Case[]> = {
  square: [product("512³", 512, 512, 512), product("1024³", 1024, 1024, 1024)],
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
    convolution("conv2 x'", 64, 14, 64, 32, true),
    filterGradient("conv2 W'", 64, 14, 32, 64),
    filterGradient("conv1 W'", 64, 28, 1, 32),
  ],
};

const memory = new WebAssembly.Memory({ initial: 2048 });
const shared: WebAssembly.ModuleImports = {};
const imports = { env: { memory }, shared };

function run({ contraction, lengths }: Case): { milliseconds: number; flops: number; encode: number } {
  let next = 64;
  const reserve = (bytes: number): number => {
    const address = next;
    next += Math.ceil(bytes / 64) * 64 + 64;
    return address;
  };
  const started = performance.now();
  const kernel = renderContraction(contraction);
  for (const needed of kernel.shared) {
    if (needed.key in shared) continue;
    const module = new ModuleBuilder();
    needed.define(module, needed.key);
    Object.assign(shared, new WebAssembly.Instance(new WebAssembly.Module(module.finish()), imports).exports);
  }
  const module = new ModuleBuilder();
  kernel.define(module, "run");
  const bytes = module.finish();
  const encode = performance.now() - started;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  const call = instance.exports.run;
  if (typeof call !== "function") throw new TypeError("no function");
  const addresses = lengths.map((length) => reserve(4 * length));
  for (const [k, length] of lengths.entries()) {
    const view = new Float32Array(memory.buffer, addresses[k], length);
    for (let i = 0; i < length; i++) view[i] = Math.random() - 0.5;
  }
  const scratch = reserve(kernel.scratchBytes);
  const args = reserve(4 * (addresses.length + 1 + kernel.words.length));
  if (next > memory.buffer.byteLength) throw new RangeError(`needs ${next} bytes`);
  const before = kernel.scratchBytes > 0 ? [...addresses, scratch] : addresses;
  new Int32Array(memory.buffer, args, before.length + kernel.words.length).set([...before, ...kernel.words]);
  const { batch, rows, columns, depth } = contraction;
  const flops = 2 * sizeOf([...batch, ...rows, ...columns, ...depth]);
  let best = Number.POSITIVE_INFINITY;
  const until = performance.now() + 400;
  for (let trial = 0; trial < 40 || performance.now() < until; trial++) {
    const start = performance.now();
    call(args);
    best = Math.min(best, performance.now() - start);
    if (performance.now() > until + 1500) break;
  }
  return { milliseconds: best, flops, encode };
}

const wanted = process.argv[2];
for (const [group, cases] of Object.entries(groups)) {
  if (wanted !== undefined && wanted !== group) continue;
  let total = 0;
  let totalFlops = 0;
  for (const item of cases) {
    const { milliseconds, flops, encode } = run(item);
    total += milliseconds;
    totalFlops += flops;
    console.log(
      `${group.padEnd(9)} ${item.name.padEnd(9)} ${milliseconds.toFixed(3).padStart(8)} ms ${(flops / milliseconds / 1e6).toFixed(1).padStart(6)} GFLOP/s   encoded in ${encode.toFixed(2)} ms`,
    );
  }
  console.log(
    `${group.padEnd(9)} ${"all".padEnd(9)} ${total.toFixed(3).padStart(8)} ms ${(totalFlops / total / 1e6).toFixed(1).padStart(6)} GFLOP/s`,
  );
}
