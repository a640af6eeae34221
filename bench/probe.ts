import { prelude } from "../src/exec/render/c/prelude.ts";
import { NativeCache } from "../src/exec/runtime/native-cache.ts";
import { NativeCompiler } from "../src/exec/runtime/native-compiler.ts";
import { NativeFailure, nodeHost } from "../src/exec/runtime/native-host.ts";
import { loadKoffi } from "../src/exec/runtime/native-library.ts";
import { NativeWorkshop } from "../src/exec/runtime/native-workshop.ts";
import type { Target } from "../src/lang/kernel/rendered.ts";
import type { Work } from "./clock.ts";

/** The arrays of f32 numbers that a loop passes over: only read, read and written, only written. */
interface Mix {
  readonly reads: number;
  readonly updates: number;
  readonly writes: number;
}

/** Work that does nothing but what bounds another, and how many operations or bytes that is each time. */
export interface Limit {
  readonly work: Work;
  readonly amount: number;
}

/** The mixes whose bandwidth can be probed. */
export const mixNames = ["map", "chain", "adam", "reduce"] as const;
export type MixName = (typeof mixNames)[number];

const mixes: Readonly<Record<MixName, Mix>> = {
  /** y = f(x) */
  map: { reads: 1, updates: 0, writes: 1 },
  /** x ← f(x, y) */
  chain: { reads: 1, updates: 1, writes: 0 },
  /** An optimizer with two moments. */
  adam: { reads: 1, updates: 3, writes: 0 },
  /** A reduction to few numbers. */
  reduce: { reads: 1, updates: 0, writes: 0 },
};

/** The bytes that a pass over so many elements moves. */
export function bytesOf(mix: MixName, elements: number): number {
  const { reads, updates, writes } = mixes[mix];
  return 4 * elements * (reads + 2 * updates + writes);
}

const chains = 12;
const rounds = 20_000;
const mostThreads = 64;

/** Finds a function of the compiled C by its name and parameters. */
type Finder = (name: string, parameters: string) => (...values: number[]) => unknown;

/** What the machine can do at most, measured by C that does nothing else, compiled with the native device's flags. */
export class Probe {
  readonly #find: Finder;
  readonly #lanes: number;
  readonly #threads: number;

  private constructor(target: Target, threads: number, find: Finder) {
    this.#find = find;
    this.#lanes = target.vectorBytes / 4;
    this.#threads = threads;
  }

  /** Undefined where C cannot be compiled or called. */
  static open(threads: number): Probe | undefined {
    try {
      const host = nodeHost();
      const koffi = loadKoffi(host);
      const cache = new NativeCache(host);
      const workshop = new NativeWorkshop(host, cache, new NativeCompiler(host, cache), prelude);
      const { target } = workshop;
      return workshop.use(`${prelude}${sourceOf(target)}`, (path) => {
        const library = koffi.load(path);
        return new Probe(target, threads, (name, parameters) => library.func(`void ${name}(${parameters})`));
      });
    } catch (error) {
      if (error instanceof NativeFailure) return undefined;
      throw error;
    }
  }

  /** Multiplications and additions of f32 numbers in registers, counted in operations. */
  peak(): Limit {
    const run = this.#find("probe_peak", "int64_t count, int threads");
    return {
      work: (count) => run(count, this.#threads),
      amount: 2 * this.#lanes * chains * rounds * this.#threads,
    };
  }

  /** A pass over arrays, counted in bytes. The arrays are those of the latest call. */
  bandwidth(mix: MixName, elements: number): Limit {
    const { reads, updates, writes } = mixes[mix];
    this.#find("probe_allocate", "int count, int64_t elements")(reads + updates + writes, elements);
    const run = this.#find(`probe_${mix}`, "int64_t elements, int64_t count, int threads");
    return { work: (count) => run(elements, count, this.#threads), amount: bytesOf(mix, elements) };
  }
}

function sourceOf(target: Target): string {
  const streams = Object.entries(mixes).map(([name, mix]) => streamText(name, mix));
  return `
#include <pthread.h>
#include <stdlib.h>
int madvise(void *address, __SIZE_TYPE__ length, int advice);

typedef void pass(f32 *const *arrays, i64 from, i64 to);
typedef struct { pass *run; i64 count, from, to; } share;
static f32 *arrays[8];

/* As the device's memory: arrays one behind the other, in huge pages. */
void probe_allocate(int count, i64 elements) {
  static char *memory;
  i64 bytes = (elements * 4 + 63) / 64 * 64 + 64;
  free(memory);
  if (posix_memalign((void **)&memory, 1 << 21, count * bytes)) abort();
#ifdef __linux__
  madvise(memory, count * bytes, 14 /* MADV_HUGEPAGE */);
#endif
  for (int k = 0; k < count; k++) {
    arrays[k] = (f32 *)(memory + k * bytes);
    for (i64 i = 0; i < elements; i++) arrays[k][i] = 1;
  }
}

static void *serve(void *of) {
  const share *self = of;
  for (i64 k = 0; k < self->count; k++) self->run(arrays, self->from, self->to);
  return 0;
}

static void run_shares(pass *run, i64 elements, i64 count, int threads) {
  pthread_t others[${mostThreads}];
  share shares[${mostThreads}];
  for (int t = 0; t < threads; t++) {
    shares[t] = (share){run, count, start_of_part(elements, t, threads), start_of_part(elements, t + 1, threads)};
    if (t > 0 && pthread_create(&others[t], 0, serve, &shares[t])) abort();
  }
  serve(&shares[0]);
  for (int t = 1; t < threads; t++) pthread_join(others[t], 0);
}
${streams.join("")}${peakText(target)}`;
}

function streamText(name: string, { reads, updates, writes }: Mix): string {
  const list = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, k) => `${letter}${k}`);
  const [read, updated, written] = [list("r", reads), list("u", updates), list("w", writes)];
  const declarations = [...read, ...updated, ...written].map(
    (array, k) => `f32 *restrict ${array} = arrays[${k}];`,
  );
  const sum = read.map((array) => `${array}[i]`).join(" + ");
  const stores = [
    ...updated.map((array) => `${array}[i] = ${array}[i] + x;`),
    ...written.map((array) => `${array}[i] = x * 0.5f;`),
  ];
  // What is only read is combined as integers, in whichever order suits the compiler.
  const loop =
    stores.length > 0
      ? `INDEPENDENT for (i64 i = from; i < to; i++) { f32 x = ${sum}; ${stores.join(" ")} }`
      : `u32 seen = 0; for (i64 i = from; i < to; i++) seen ^= bits_of_f32(${sum}); seen_of_${name} = seen;`;
  return `
u32 volatile seen_of_${name};
static __attribute__((noinline)) void pass_${name}(f32 *const *arrays, i64 from, i64 to) {
  ${declarations.join(" ")}
  ${loop}
}
void probe_${name}(i64 elements, i64 count, int threads) { run_shares(pass_${name}, elements, count, threads); }
`;
}

// Independent chains of multiplications and additions in registers.
function peakText({ vectorBytes, fma }: Target): string {
  const names = Array.from({ length: chains }, (_, k) => `x${k}`);
  return `
typedef f32 lanes __attribute__((vector_size(${vectorBytes})));
#ifdef __clang__
#pragma clang fp contract(fast)
#else
#pragma GCC optimize("${fma ? "fp-contract=fast" : "O3"}")
#endif
f32 volatile sum_of_chains;
static __attribute__((noinline)) void pass_peak(f32 *const *arrays, i64 from, i64 to) {
  const lanes a = (lanes){0} + 0.999f, b = (lanes){0} + 0.001f;
  ${names.map((name, k) => `lanes ${name} = (lanes){0} + ${k + 2}.0f;`).join(" ")}
  for (i64 k = 0; k < ${rounds}; k++) {
    ${names.map((name) => `${name} = ${name} * a + b;`).join(" ")}
  }
  sum_of_chains = (${names.join(" + ")})[0];
}
void probe_peak(i64 count, int threads) { run_shares(pass_peak, 0, count, threads); }
`;
}
