/**
 * Does memory grow over a long synchronous loop? Finalizers never run inside one.
 *
 *     npx tsx --expose-gc bench/memory.ts
 */
import { add, jit, mul, type Tensor, tensor } from "../src/index.ts";

const steps = 10_000;
const elements = 25_000; // 100 kB of f32

interface Reading {
  readonly step: number;
  readonly residentMegabytes: number;
  readonly externalMegabytes: number;
}

function read(step: number): Reading {
  globalThis.gc?.();
  const { rss, external } = process.memoryUsage();
  return { step, residentMegabytes: rss / 2 ** 20, externalMegabytes: external / 2 ** 20 };
}

/** Runs a loop and prints memory after step 1000 and after the last. */
function measure(name: string, step: (i: number) => void): void {
  const readings: Reading[] = [];
  for (let i = 1; i <= steps; i++) {
    step(i);
    if (i === 1000 || i === steps) readings.push(read(i));
  }
  for (const { step: at, residentMegabytes, externalMegabytes } of readings) {
    const resident = residentMegabytes.toFixed(0).padStart(5);
    const external = externalMegabytes.toFixed(0).padStart(5);
    console.log(
      `${name.padEnd(34)} step ${String(at).padStart(6)}  resident ${resident} MB  external ${external} MB`,
    );
  }
}

function fresh(seed: number): Tensor {
  return tensor(Float32Array.from({ length: elements }, (_, i) => Math.sin(i + seed)));
}

const x = fresh(1);
const y = fresh(2);
const z = fresh(3);
measure("eager add(mul(x, y), z)", () => add(mul(x, y), z));

let state = { w: fresh(4), velocity: fresh(5) };
const sgd = jit(
  ({ w, velocity }: typeof state, gradient: Tensor, rate: number) => {
    const next = add(mul(velocity, 0.9), mul(gradient, rate));
    return { w: add(w, next), velocity: next };
  },
  { donate: 0 },
);
measure("jit with donated state", (i) => {
  state = sgd(state, x, 0.001 / i);
});

const batches = Array.from({ length: 100 }, (_, i) => new Float32Array(elements).fill(i));
const score = jit((batch: Tensor) => mul(batch, x));
measure("jit on a fresh batch each step", (i) => {
  score(tensor(batches[i % batches.length]));
});
