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
  /** Into how many parts, which may run at the same time, the work is worth dividing; absent: one. */
  readonly parts?: number;
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

/** What a C compiler says about the machine that it compiles for. */
export interface Target {
  readonly architecture: "x86_64" | "aarch64" | "other";
  /** Bytes of the widest vector register. */
  readonly vectorBytes: 16 | 32 | 64;
  /** True when x · y + z in one rounding is one instruction. */
  readonly fma: boolean;
}

/**
 * Types and functions that stand once in a translation unit, however many kernels name them. What is long to compile can
 * stand in a library instead, with all other such texts that a kernel names.
 */
export interface SharedText {
  readonly key: string;
  readonly source: string;
  /** Set for what can stand in a library. */
  readonly library?: {
    /** What a unit holds in its place. */
    readonly declaration: string;
    /** Whether units call it: the declaration defines the variable linked_KEY, which is made to point at the function KEY. */
    readonly isCalled: boolean;
  };
}

/**
 * A kernel as C: one function
 *
 *     void KERNEL(char *memory, const i32 *args, i32 part, i32 parts)
 *
 * `args` are the words of RenderedKernel, with addresses counted in bytes from `memory` as u32. The function does part
 * `part` of `parts` of the work; the parts may run at the same time, and together give the same bits for every number of
 * parts. A kernel that cannot be divided, or is too small, does everything in part 0. The error word is the u32 at `memory`.
 */
export interface KernelText extends RenderedKernel {
  /** What the text names, in the order of definition. */
  readonly shared: readonly SharedText[];
  /** The text of the function, named KERNEL. */
  define(): string;
}

/** What the runtime of native code needs of its renderer. */
export interface TextRenderer {
  readonly render: (kernel: LoopNest | Contraction, target: Target) => KernelText;
  /** What every translation unit begins with: types (i8, u8, i16, i32, u32, i64, u64, f32, f64, bool) and functions. */
  readonly prelude: string;
  /** The translation unit that interprets commands (machine.ts); its functions are described there. */
  readonly driver: string;
}

/** Byte address of the error word, in front of all blocks; 0 means no error. */
export const errorWordAddress = 0;
