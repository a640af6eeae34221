/**
 * Measures register tiles of f32 contractions: `npx tsx bench/kernels/tiles.ts`, columns: the loop unrolled 1, 2 and 4 times.
 * `hold` keeps right vectors in registers, `resplat` splats each left value again for each right vector, `columns` loads each
 * right vector again for each row.
 */
import { type FunctionBuilder, ModuleBuilder } from "../../src/exec/render/wasm/encoder.ts";

interface Variant {
  readonly rows: number;
  readonly vectors: number;
  readonly unroll: number;
  readonly order: "hold" | "resplat" | "columns";
}

const signature = { parameters: ["i32", "i32", "i32", "i32"], results: [] } as const;

function tile(f: FunctionBuilder, { rows, vectors, unroll, order }: Variant): void {
  const [left, right, depth, out] = f.parameters;
  const sums = Array.from({ length: rows }, () => f.manyLocals("v128", vectors));
  const held = f.manyLocals("v128", vectors);
  const splat = f.local("v128");
  const leftStep = 4 * rows;
  const rightStep = 16 * vectors;
  const multiplyAdd = (row: number, vector: number, pushLeft: () => void, pushRight: () => void): void => {
    f.get(sums[row][vector]);
    pushLeft();
    pushRight();
    f.emit("f32x4.mul", "f32x4.add");
    f.set(sums[row][vector]);
  };
  f.loop((start) => {
    for (let u = 0; u < unroll; u++) {
      const loadSplat = (row: number): void => {
        f.get(left);
        f.memory("v128.load32_splat", u * leftStep + 4 * row);
      };
      const loadRight = (vector: number): void => {
        f.get(right);
        f.memory("v128.load", u * rightStep + 16 * vector);
      };
      if (order === "hold") {
        for (let v = 0; v < vectors; v++) {
          loadRight(v);
          f.set(held[v]);
        }
        for (let r = 0; r < rows; r++) {
          loadSplat(r);
          f.set(splat);
          for (let v = 0; v < vectors; v++)
            multiplyAdd(
              r,
              v,
              () => f.get(splat),
              () => f.get(held[v]),
            );
        }
      } else if (order === "resplat") {
        for (let v = 0; v < vectors; v++) {
          loadRight(v);
          f.set(held[v]);
          for (let r = 0; r < rows; r++)
            multiplyAdd(
              r,
              v,
              () => loadSplat(r),
              () => f.get(held[v]),
            );
        }
      } else {
        for (let r = 0; r < rows; r++) {
          loadSplat(r);
          f.set(splat);
          for (let v = 0; v < vectors; v++)
            multiplyAdd(
              r,
              v,
              () => f.get(splat),
              () => loadRight(v),
            );
        }
      }
    }
    f.increment(left, leftStep * unroll);
    f.increment(right, rightStep * unroll);
    f.get(depth);
    f.i32(unroll);
    f.emit("i32.sub");
    f.tee(depth);
    f.branchIf(start);
  });
  for (let r = 0; r < rows; r++) {
    for (let v = 0; v < vectors; v++) {
      f.get(out);
      f.get(sums[r][v]);
      f.memory("v128.store", r * rightStep + 16 * v);
    }
  }
}

function measure(variant: Variant): number {
  const module = new ModuleBuilder();
  const micro = module.define(undefined, signature, (f) => tile(f, variant));
  const [leftPanels, rightPanels, depth] = [12, 6, 256];
  const leftBytes = variant.rows * depth * 4;
  const rightBytes = variant.vectors * 16 * depth;
  module.define("run", { parameters: ["i32"], results: [] }, (f) => {
    const [repeats] = f.parameters;
    const [n, i, j, left, right] = f.manyLocals("i32", 5);
    f.forRange(n, { from: 0, to: repeats }, () => {
      f.i32(leftBytes * leftPanels + 1024);
      f.set(right);
      f.forRange(j, { from: 0, to: rightPanels }, () => {
        f.i32(1024);
        f.set(left);
        f.forRange(i, { from: 0, to: leftPanels }, () => {
          f.get(left);
          f.get(right);
          f.i32(depth);
          f.i32(0);
          f.call(micro);
          f.increment(left, leftBytes);
        });
        f.increment(right, rightBytes);
      });
    });
  });
  const memory = new WebAssembly.Memory({ initial: 64 });
  new Float32Array(memory.buffer).fill(0.5);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  const { run } = instance.exports;
  if (typeof run !== "function") throw new TypeError("no function");
  const flops = 2 * leftPanels * rightPanels * depth * variant.rows * variant.vectors * 4;
  const repeats = Math.ceil(2e7 / flops);
  let best = Infinity;
  for (let trial = 0; trial < 60; trial++) {
    const start = performance.now();
    run(repeats);
    best = Math.min(best, performance.now() - start);
  }
  return (flops * repeats) / best / 1e6;
}

for (const [rows, vectors] of [
  [4, 2],
  [6, 2],
  [8, 2],
  [3, 2],
  [3, 3],
  [4, 3],
  [2, 4],
  [6, 1],
  [12, 1],
] as const) {
  for (const order of ["hold", "resplat", "columns"] as const) {
    const cells = [1, 2, 4].map((unroll) => measure({ rows, vectors, unroll, order }).toFixed(1).padStart(6));
    console.log(`${rows}x${4 * vectors}`.padEnd(6), order.padEnd(8), cells.join(" "));
  }
}
