/** The benchmarks: `npm run bench -- steps`, `startup` or `memory`; `npm run bench` lists them. */
import { NeuriteError, unknownName } from "../src/base/error.ts";

interface Benchmark {
  readonly about: string;
  /** Returns false when what was promised does not hold. */
  run(args: readonly string[]): Promise<boolean>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  steps: {
    about: "the standard training steps [--device wasm] [--threads 1] [--only mlp,cnn] [--peers] [--json]",
    run: async (args) => (await import("./steps/main.ts")).steps(args),
  },
  threads: {
    about: "the steps on 1 and 2 threads in turn [--device wasm] [--threads 2] [--browser /usr/bin/chromium]",
    run: async (args) => (await import("./threads/main.ts")).threads(args),
  },
  matmul: {
    about: "square products in all transpositions, and the peak [--device native|wasm] [--peers]",
    run: async (args) => (await import("./kernels/contractions.ts")).contractions(["matmul"], args),
  },
  conv: {
    about: "the 3 × 3 layers of ResNet-18 at batch 1 and 16 [--device native|wasm] [--peers]",
    run: async (args) =>
      (await import("./kernels/contractions.ts")).contractions(["resnet-1", "resnet-16"], args),
  },
  networks: {
    about: "the contractions of the standard steps [--device native|wasm] [--peers]",
    run: async (args) =>
      (await import("./kernels/contractions.ts")).contractions(["mlp", "mlp-wide", "cnn"], args),
  },
  startup: {
    about: "importing the built package, and the first step of the cnn",
    run: async (args) => (await import("./startup.ts")).startup(args),
  },
  memory: {
    about: "memory over long loops [--only playground]",
    run: async (args) => (await import("./memory/main.ts")).memory(args),
  },
  batch: {
    about: "L-BFGS, Rprop and gradient descent on the 2-D sets [--only circle,xor]",
    run: async (args) => (await import("./batch.ts")).batch(args),
  },
  kills: {
    about: "a training process killed at random moments, and what it ends with [--kills 50]",
    run: async (args) => (await import("./kills.ts")).kills(args),
  },
};

async function main([name, ...args]: readonly string[]): Promise<boolean> {
  if (name === undefined) {
    for (const [known, { about }] of Object.entries(benchmarks)) console.log(`${known.padEnd(9)} ${about}`);
    return true;
  }
  if (!Object.hasOwn(benchmarks, name)) throw unknownName("bench", name, Object.keys(benchmarks));
  return benchmarks[name].run(args);
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof NeuriteError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
