/** The benchmarks: `npm run bench -- steps` runs one, `npm run bench` lists them. */
import { NeuriteError, unknownName } from "../src/base/error.ts";

interface Benchmark {
  readonly about: string;
  /** Returns false when what was promised does not hold. */
  run(args: readonly string[]): Promise<boolean>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  steps: {
    about: "the standard training steps [--only mlp,cnn] [--peers]",
    run: async (args) => (await import("./steps/main.ts")).steps(args),
  },
  threads: {
    about: "the steps on 1 and 2 threads in turn [--device wasm] [--threads 2] [--browser path]",
    run: async (args) => (await import("./threads/main.ts")).threads(args),
  },
  inference: {
    about: "the networks of the steps without training, beside onnxruntime [--only mlp] [--peers]",
    run: async (args) => (await import("./inference/main.ts")).inference(args),
  },
  matmul: {
    about: "square products in all transpositions, and their share of the peak [--only 64,512] [--peers]",
    run: async (args) => (await import("./operations/main.ts")).operations("matmul", args),
  },
  conv: {
    about: "the 3 × 3 layers of ResNet-18 with their gradients [--only batch-1] [--peers]",
    run: async (args) => (await import("./operations/main.ts")).operations("conv", args),
  },
  networks: {
    about: "the contractions of the standard steps [--only mlp,cnn] [--peers]",
    run: async (args) => (await import("./operations/main.ts")).operations("networks", args),
  },
  elementwise: {
    about: "loops, and their share of the memory's bandwidth [--only chain,adam] [--peers]",
    run: async (args) => (await import("./operations/main.ts")).operations("elementwise", args),
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
    console.log(
      "npm run bench -- name; where several devices can do it: [--device native|wasm] [--threads 1] [--json]",
    );
    for (const [known, { about }] of Object.entries(benchmarks)) console.log(`${known.padEnd(11)} ${about}`);
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
