import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DType, dtypeFacts, type TypedArray } from "../src/base/dtype.ts";
import { prelude } from "../src/exec/render/c/prelude.ts";
import type { RenderedKernel, Target } from "../src/exec/render/c/rendered.ts";
import { roundUp } from "../src/exec/render/contraction/sizes.ts";

/** Does part `part` of `parts` of a kernel, `count` times. */
export type NativeFunction = (
  memory: ArrayBufferLike,
  words: Int32Array,
  part: number,
  parts: number,
  count: number,
) => void;

const flags = [
  ...[
    "-std=gnu11",
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-fno-strict-aliasing",
  ],
  ...["-fPIC", "-w", "-shared", process.arch === "arm64" ? "-mcpu=native" : "-march=native"],
];

/** What is used of koffi. */
interface Koffi {
  load(path: string): { func(definition: string): NativeFunction };
}

function loadKoffi(): Koffi | undefined {
  try {
    return createRequire(import.meta.url)("koffi");
  } catch {
    return undefined;
  }
}

/** Compiles kernels in one translation unit. */
export function compileKernels(
  kernels: readonly RenderedKernel[],
  extra: readonly string[] = [],
): NativeFunction[] {
  const directory = mkdtempSync(join(tmpdir(), "kernels-"));
  try {
    const shared = new Map(
      kernels.flatMap((kernel) => kernel.shared.map(({ key, source }) => [key, source])),
    );
    const texts = kernels.map(
      (kernel, k) => `#define KERNEL kernel${k}
${kernel.define()}
void run${k}(char *memory, const i32 *args, i32 part, i32 parts, i32 count) {
  for (i32 k = 0; k < count; k++) KERNEL(memory, args, part, parts);
}
#undef KERNEL
`,
    );
    const source = join(directory, "kernels.c");
    writeFileSync(source, [prelude, ...shared.values(), ...texts].join("\n"));
    const library = join(directory, "kernels.so");
    const { status, stderr } = spawnSync("cc", [...flags, ...extra, source, "-o", library], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`cc: ${stderr.slice(0, 2000)}`);
    const loaded = loadKoffi()?.load(library);
    if (loaded === undefined) throw new Error("koffi is not installed");
    return kernels.map((_, k) => loaded.func(`void run${k}(void *, const int32_t *, int, int, int)`));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What the compiler says of this machine; undefined, with a note on the console, where nothing can be compiled or called. */
export function findTarget(): Target | undefined {
  const { status, stdout } = spawnSync("cc", [...flags, "-dM", "-E", "-x", "c", "/dev/null"], {
    encoding: "utf8",
  });
  if (status !== 0 || loadKoffi() === undefined) {
    console.warn("native code is not tested: it needs a C compiler and koffi");
    return undefined;
  }
  const has = (name: string): boolean => stdout.includes(`#define ${name} `);
  return {
    architecture: has("__x86_64__") ? "x86_64" : has("__aarch64__") ? "aarch64" : "other",
    vectorBytes: has("__AVX512F__") ? 64 : has("__AVX2__") ? 32 : 16,
    fma: has("__FMA__") || has("__aarch64__"),
  };
}

/** Lays arrays, scratch and words out in one memory. */
export function layOut(
  kernel: { readonly words: readonly number[]; readonly scratchBytes: number },
  arrays: readonly TypedArray[],
  dtypes: readonly DType[],
): { memory: ArrayBuffer; words: Int32Array; views: TypedArray[]; ends: number[] } {
  const lengths = arrays.map((array) => array.byteLength);
  if (kernel.scratchBytes > 0) lengths.push(kernel.scratchBytes);
  const total = 64 + lengths.reduce((sum, bytes) => sum + roundUp(bytes, 64) + 64, 0);
  // As in the runtime, memory begins at a page; where it ends, reading further fails.
  const memory = new WebAssembly.Memory({ initial: Math.ceil(total / 65536) }).buffer;
  let next = memory.byteLength - total + 64;
  const addresses = lengths.map((bytes) => {
    const address = next;
    next += roundUp(bytes, 64) + 64;
    return address;
  });
  const ends = lengths.map((bytes, k) => addresses[k] + bytes);
  // What lies in scratch must not matter: these are NaN, or −1.
  new Uint8Array(memory, 64).fill(0xff);
  const views = arrays.map((array, k) => {
    const view = dtypeFacts[dtypes[k]].view(memory, addresses[k], array.length);
    view.set(array);
    return view;
  });
  return { memory, words: Int32Array.of(...addresses, ...kernel.words), views, ends };
}
