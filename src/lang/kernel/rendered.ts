import type { Contraction, LoopNest } from "./kernel.ts";

/**
 * A kernel that a renderer has turned into code and numbers: the code is one function per distinct key, of type (args: i32) → ().
 * `args` points at 32-bit words: the byte address of each kernel buffer, then, if `scratchBytes` > 0, the address of a
 * 64-byte-aligned scratch area, then `words`.
 */
export interface RenderedKernel {
  /** Everything the code depends on: kernels with equal keys share one function. */
  readonly key: string;
  /** Extents, strides, offsets and literals, as signed 32-bit words: a new batch size changes these and nothing else. */
  readonly words: readonly number[];
  readonly scratchBytes: number;
  /** Functions that the code calls and many kernels share. */
  readonly shared: readonly { readonly key: string }[];
}

/** What a runtime needs of the renderer of its device. */
export interface KernelRenderer<K extends RenderedKernel> {
  readonly render: (kernel: LoopNest | Contraction) => K;
  /** One module that exports kernel k under the name `k`; it imports `env.memory`, and shared functions as `shared.<key>`. */
  readonly encode: (kernels: readonly K[]) => Uint8Array<ArrayBuffer>;
  /** One module that exports the shared functions of these kernels under their keys. */
  readonly encodeShared: (functions: readonly K["shared"][number][]) => Uint8Array<ArrayBuffer>;
  /** The module that interprets commands (machine.ts): it exports `run`, from the address of a list to the error word. */
  readonly encodeDriver: () => Uint8Array<ArrayBuffer>;
}

/** Byte address of the error word, in the first 64 bytes of memory, which hold no tensor; 0 means no error. */
export const errorWordAddress = 0;
