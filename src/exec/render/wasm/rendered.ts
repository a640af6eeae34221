import type { ModuleBuilder, Signature } from "./encoder.ts";

/**
 * A kernel as WebAssembly: a function `(args: i32) → ()`, where `args` is the address of i32 words:
 * the byte address of each of the kernel's buffers, then (if `scratchBytes` > 0) the address of a 64-byte-aligned scratch area, then `words`.
 */
export interface RenderedKernel {
  /** Kernels with equal keys have equal code; they may differ in their words. */
  readonly key: string;
  /** Numbers the code reads at run time (extents, strides, offsets, …); floats as their bits. */
  readonly words: readonly number[];
  readonly scratchBytes: number;
  /** Functions the code imports under `shared.<key>`. */
  readonly shared: readonly SharedFunction[];
  /** Adds the kernel's function to a module and exports it. */
  define(module: ModuleBuilder, exportName: string): void;
}

/** A function that many kernels import, compiled once in a module of its own, so that the engine optimises it once for all. */
export interface SharedFunction {
  readonly key: string;
  readonly signature: Signature;
  define(module: ModuleBuilder, exportName: string): void;
}

/** The number of words before `words`: one per buffer, and one for the scratch area if there is one. */
export function wordsBefore(bufferCount: number, scratchBytes: number): number {
  return bufferCount + (scratchBytes > 0 ? 1 : 0);
}
