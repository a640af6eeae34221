/** Times loop nests on wasm and on native: `npx tsx bench/kernels/loops.ts [part of a name]`. */
import { dtypeFacts } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { textRenderer } from "../../src/exec/render/c/kernels.ts";
import { wasmRenderer } from "../../src/exec/render/wasm/kernels.ts";
import { NativeRuntime } from "../../src/exec/runtime/native.ts";
import type { PlanRuntime } from "../../src/exec/runtime/plan-runtime.ts";
import { WasmRuntime } from "../../src/exec/runtime/wasm.ts";
import type { Coordinate } from "../../src/lang/kernel/coordinate.ts";
import type { Expression } from "../../src/lang/kernel/expression.ts";
import type {
  Command,
  KernelBuffer,
  LoopNest,
  Plan,
  Statement,
  Store,
} from "../../src/lang/kernel/kernel.ts";
import { exp, sigmoid, tanh } from "../../src/lang/kernel/math.ts";
import type { RenderedKernel } from "../../src/lang/kernel/rendered.ts";
import * as s from "../../src/lang/kernel/scalar.ts";

interface Case {
  readonly nest: LoopNest;
  readonly lengths: readonly number[];
  /** Bytes read and written. */
  readonly bytes: number;
}

const runtimes: readonly (readonly [string, PlanRuntime<RenderedKernel>])[] = [
  ["wasm", new WasmRuntime(wasmRenderer)],
  ["native", new NativeRuntime(textRenderer)],
];
const read: KernelBuffer = { dtype: "f32", access: "read" };
const write: KernelBuffer = { dtype: "f32", access: "write" };
const update: KernelBuffer = { dtype: "f32", access: "update" };

function at(...coefficients: number[]): Coordinate {
  return { offset: 0, coefficients, dynamic: [] };
}

function load(buffer: number, index: Coordinate = at(1)): Expression {
  return { kind: "load", dtype: "f32", buffer, index, guards: [], fill: 0 };
}

function store(
  buffer: number,
  index: Coordinate,
  value: Expression,
  level: Store["level"] = "outer",
  mode: Store["mode"] = "set",
): Store {
  return { kind: "store", level, mode, buffer, index, guards: [], value };
}

function reduce(combine: "sum" | "max" | "min", value: Expression): Statement {
  return { kind: "reduce", combine, value };
}

function nest(
  space: number[],
  inner: number[],
  buffers: readonly KernelBuffer[],
  statements: readonly Statement[],
): LoopNest {
  return { kind: "loops", name: "bench", space, inner, buffers, statements };
}

function map(n: number, value: Expression, inputs: number): Case {
  const buffers = [write, ...new Array<KernelBuffer>(inputs).fill(read)];
  return {
    nest: nest([n], [], buffers, [store(0, at(1), value)]),
    lengths: buffers.map(() => n),
    bytes: 4 * n * (1 + inputs),
  };
}

function chain(): Expression {
  const [x, y] = [load(1), load(2)];
  const a = s.mul(s.sub(s.mul(s.add(x, y), x), 0.5), y);
  const b = s.sub(s.mul(s.add(a, 1.5), a), x);
  return s.add(s.mul(s.max(b, 0), 0.25), y);
}

function adam(n: number): Case {
  const [p, m, v, g] = [0, 1, 2, 3].map((buffer) => load(buffer));
  const m1 = s.add(s.mul(m, 0.9), s.mul(g, 0.1));
  const v1 = s.add(s.mul(v, 0.999), s.mul(s.mul(g, g), 0.001));
  const step = s.div(s.mul(m1, 0.001), s.add(s.sqrt(v1), 1e-7));
  const stores = [s.sub(p, step), m1, v1].map((value, buffer) => store(buffer, at(1), value));
  return {
    nest: nest([n], [], [update, update, update, read], stores),
    lengths: [n, n, n, n],
    bytes: 28 * n,
  };
}

function softmax(rows: number, columns: number): Case {
  const index = at(columns, 1);
  const shifted = exp(s.sub(load(1, index), s.result("f32", 0)));
  const statements = [
    reduce("max", load(1, index)),
    reduce("sum", shifted),
    store(0, index, s.div(shifted, s.result("f32", 1)), "inner"),
  ];
  const size = rows * columns;
  return { nest: nest([rows], [columns], [write, read], statements), lengths: [size, size], bytes: 8 * size };
}

function sum(outer: number, inner: number, index: Coordinate): Case {
  const statements = [reduce("sum", load(1, index)), store(0, at(1), s.result("f32", 0))];
  return {
    nest: nest([outer], [inner], [write, read], statements),
    lengths: [outer, outer * inner],
    bytes: 4 * outer * inner,
  };
}

/** 2×2 windows over [n, 2h, 2w, c]. */
function pooling(n: number, h: number, w: number, c: number, backward: boolean): Case {
  const size = n * h * w * c;
  const window = at(4 * h * w * c, 4 * w * c, 2 * c, 1, 2 * w * c, c);
  const pooled = at(h * w * c, w * c, c, 1);
  const x = load(0, window);
  const position: Expression = { kind: "coordinate", dtype: "i32", coordinate: at(0, 0, 0, 0, 2, 1) };
  const first = s.select(s.eq(x, s.result("f32", 0)), position, s.literal("i32", 4));
  const gradient = s.select(s.eq(s.result("i32", 1), position), load(1, pooled), 0);
  const statements = backward
    ? [reduce("max", x), reduce("min", first), store(2, window, gradient, "inner", "add")]
    : [reduce("max", x), store(1, pooled, s.result("f32", 0))];
  const buffers = backward ? [read, read, update] : [read, write];
  const lengths = backward ? [4 * size, size, 4 * size] : [4 * size, size];
  return {
    nest: nest([n, h, w, c], [2, 2], buffers, statements),
    lengths,
    bytes: (backward ? 52 : 20) * size,
  };
}

const cases: Readonly<Record<string, () => Case>> = {
  "add 8": () => map(8, s.add(load(1), load(2)), 2),
  "add 2 M": () => map(2e6, s.add(load(1), load(2)), 2),
  "chain of 10, 4096": () => map(4096, chain(), 2),
  "chain of 10, 2 M": () => map(2e6, chain(), 2),
  "exp 4096": () => map(4096, exp(load(1)), 1),
  "tanh 4096": () => map(4096, tanh(load(1)), 1),
  "sigmoid 4096": () => map(4096, sigmoid(load(1)), 1),
  "adam 10 k": () => adam(1e4),
  "adam 1.9 M": () => adam(1.9e6),
  "softmax 128×10": () => softmax(128, 10),
  "softmax 1000×1000": () => softmax(1000, 1000),
  "rows 1000×1000": () => sum(1000, 1000, at(1000, 1)),
  "columns 1000×1000": () => sum(1000, 1000, at(1, 1000)),
  "columns 50176×32": () => sum(32, 50176, at(1, 32)),
  "max-pool 64×14×14×32": () => pooling(64, 14, 14, 32, false),
  "its gradient 64×14×14×32": () => pooling(64, 14, 14, 32, true),
};

/** The least mean time of a call in milliseconds, after a warm-up. */
function time(call: () => void): number {
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < 300 || calls < 20; calls++) call();
  const perRound = Math.max(1, Math.round((2 * calls) / (performance.now() - start)));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const before = performance.now();
    for (let k = 0; k < perRound; k++) call();
    best = Math.min(best, (performance.now() - before) / perRound);
  }
  return best;
}

function planOf({ nest, lengths }: Case, repeats: number): Plan {
  const command: Command = { kind: "kernel", kernel: nest, buffers: lengths.map((_, k) => k), scope: "" };
  return {
    buffers: lengths.map((length, input) => ({ dtype: "f32", length, place: { kind: "input", input } })),
    arenaBytes: 0,
    commands: new Array<Command>(repeats).fill(command),
    outputs: [],
    checks: [],
  };
}

function measure(name: string, one: Case, repeats = 1): void {
  for (const [device, runtime] of runtimes) measureOn(device, runtime, name, one, repeats);
}

function measureOn(
  device: string,
  runtime: PlanRuntime<RenderedKernel>,
  name: string,
  one: Case,
  repeats: number,
): void {
  const executable = runtime.load(planOf(one, repeats));
  const addresses = one.lengths.map((length) => {
    const address = runtime.allocate(4 * length);
    const view = dtypeFacts.f32.view(runtime.buffer, address, length);
    for (let k = 0; k < length; k++) view[k] = ((k * 7919) % 997) / 250 - 2;
    return address;
  });
  const ms = time(() => executable.run(addresses, []));
  const points = sizeOf([...one.nest.space, ...one.nest.inner]) * repeats;
  const rates = `${((one.bytes * repeats) / ms / 1e6).toFixed(1)} GB/s, ${(points / ms / 1e6).toFixed(2)} points/ns`;
  console.log(`${device.padEnd(7)}${name.padEnd(28)} ${(ms * 1e3).toFixed(3).padStart(10)} µs  ${rates}`);
  for (const address of addresses) runtime.free(address);
  executable.release();
}

const wanted = process.argv[2] ?? "";
for (const [name, make] of Object.entries(cases)) if (name.includes(wanted)) measure(name, make());
if ("program".includes(wanted)) measure("program of 20 × add 64", map(64, s.add(load(1), load(2)), 2), 20);
