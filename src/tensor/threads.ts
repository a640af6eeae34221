import { NeuriteError } from "../base/error.ts";
import { environmentVariable } from "./environment.ts";

/** What runs on several threads. */
interface Threaded {
  useThreads(count: number): void;
}

const mostThreads = 64;
const runtimes = new Set<Threaded>();
let wanted: number | undefined;

/**
 * Sets how many threads the native and the wasm device use at most, from 1 to 64; small programs run on one. The numbers do
 * not depend on it. Default: the environment variable `NEURITE_THREADS`, else one for each processor. In a browser only an
 * isolated page (`crossOriginIsolated`) has more than one. Throws for anything else.
 *
 * @example
 * ```ts
 * setThreads(1);
 * ```
 */
export function setThreads(count: number): void {
  wanted = checkThreads("setThreads", count);
  for (const runtime of runtimes) runtime.useThreads(wanted);
}

/** Keeps a runtime at the number of threads that is set. */
export function keepThreads(runtime: Threaded): void {
  runtime.useThreads(wanted ?? defaultThreads());
  runtimes.add(runtime);
}

/** True where threads can share a memory. */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  return typeof crossOriginIsolated === "undefined" || crossOriginIsolated;
}

function defaultThreads(): number {
  const count = environmentVariable("NEURITE_THREADS");
  if (count !== undefined) return checkThreads("NEURITE_THREADS", Number(count));
  return Math.min(processorCount(), mostThreads);
}

function processorCount(): number {
  // Node 20 has no navigator, and Deno may forbid to ask the system.
  const { navigator } = globalThis;
  if (navigator?.hardwareConcurrency !== undefined) return navigator.hardwareConcurrency;
  return typeof process === "undefined" ? 1 : process.getBuiltinModule("node:os").availableParallelism();
}

function checkThreads(operation: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= mostThreads) return count;
  throw new NeuriteError({
    operation,
    got: String(count),
    expected: `a whole number from 1 to ${mostThreads}`,
  });
}
