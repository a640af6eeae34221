import { add, jit, mul, type Tensor, tensor } from "../../src/index.ts";
import { prepareStep } from "../steps/standard.ts";

/** A loop whose memory must not grow. */
export interface MemoryLoop {
  /** Steps after the first thousand. */
  readonly steps: number;
  /** Makes the function of one step. Nothing in it disposes of anything. */
  readonly prepare: () => (i: number) => void;
}

const elements = 25_000; // 100 kB of f32

/** The loops by name. */
export const loops: Readonly<Record<string, MemoryLoop>> = {
  playground: { steps: 10_000, prepare: prepareStep("playground") },
  cnn: { steps: 500, prepare: prepareStep("cnn") },
  eager: { steps: 10_000, prepare: eagerExpression },
  donated: { steps: 10_000, prepare: donatedState },
  batches: { steps: 10_000, prepare: freshBatches },
};

function eagerExpression(): () => void {
  const [x, y, z] = [vector(1), vector(2), vector(3)];
  return () => {
    add(mul(x, y), z);
  };
}

function donatedState(): (i: number) => void {
  let state = { w: vector(4), velocity: vector(5) };
  const gradient = vector(1);
  const descend = jit(
    ({ w, velocity }: typeof state, gradient: Tensor, rate: number) => {
      const next = add(mul(velocity, 0.9), mul(gradient, rate));
      return { w: add(w, next), velocity: next };
    },
    { donate: 0 },
  );
  return (i) => {
    state = descend(state, gradient, 0.001 / i);
  };
}

function freshBatches(): (i: number) => void {
  const rows = Array.from({ length: 100 }, (_, i) => new Float32Array(elements).fill(i));
  const x = vector(1);
  const score = jit((batch: Tensor) => mul(batch, x));
  return (i) => {
    score(tensor(rows[i % rows.length]));
  };
}

function vector(seed: number): Tensor {
  return tensor(Float32Array.from({ length: elements }, (_, i) => Math.sin(i + seed)));
}
