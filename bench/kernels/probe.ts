import type { RenderedKernel, Target } from "../../src/exec/render/c/rendered.ts";
import { compileKernels, type NativeFunction } from "../../test/native-kernels.ts";

/** What one core can do at most, measured by loops that do nothing else. */
export class Probe {
  private readonly target: Target;
  private readonly multiply: NativeFunction;

  constructor(target: Target) {
    this.target = target;
    [this.multiply] = compileKernels([multiplyAdds(target)]);
  }

  /** The peak of f32 multiplications and additions, in GFLOP/s: the best of some short runs. */
  peak(): number {
    const lanes = this.target.vectorBytes / 4;
    const memory = new ArrayBuffer(64);
    const words = new Int32Array([0]);
    let best = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < 30; trial++) {
      const start = performance.now();
      this.multiply(memory, words, 0, 1, 1);
      best = Math.min(best, performance.now() - start);
    }
    return (2 * lanes * chains * rounds) / best / 1e6;
  }
}

const chains = 12;
const rounds = 200_000;

// Independent chains of multiplications and additions in registers.
function multiplyAdds({ vectorBytes, fma }: Target): RenderedKernel {
  const names = Array.from({ length: chains }, (_, k) => `x${k}`);
  const text = `typedef f32 lanes __attribute__((vector_size(${vectorBytes})));
#ifdef __clang__
#pragma clang fp contract(fast)
#else
#pragma GCC optimize("${fma ? "fp-contract=fast" : "O3"}")
#endif
static __attribute__((noinline)) void KERNEL(char *memory, const i32 *args, i32 part, i32 parts) {
  const lanes a = (lanes){0} + 0.999f, b = (lanes){0} + 0.001f;
  ${names.map((name, k) => `lanes ${name} = (lanes){0} + ${k + 2}.0f;`).join(" ")}
  for (i64 k = 0; k < ${rounds}; k++) {
    ${names.map((name) => `${name} = ${name} * a + b;`).join(" ")}
  }
  *(f32 *)(memory + 4) = (${names.join(" + ")})[0];
}`;
  return { key: "probe", words: [], scratchBytes: 0, shared: [], define: () => text };
}
