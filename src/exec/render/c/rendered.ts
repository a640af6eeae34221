import type { RenderedKernel as Rendered } from "../../../lang/kernel/rendered.ts";

/** What the compiler says about the machine that it compiles for. */
export interface Target {
  readonly architecture: "x86_64" | "aarch64" | "other";
  /** Bytes of the widest vector register. */
  readonly vectorBytes: 16 | 32 | 64;
  /** True when x · y + z in one rounding is one instruction. */
  readonly fma: boolean;
}

/**
 * A kernel as C: one function
 *
 *     void KERNEL(char *memory, const i32 *args, i32 part, i32 parts)
 *
 * `args` are the words of the kernel (RenderedKernel of lang/kernel/rendered.ts): byte offsets from `memory` (as u32) of its
 * buffers, then of its scratch area if it has one, then `words`. The function does part `part` of `parts` of the work;
 * the parts may run at the same time, and together give the same bits for every number of parts. A kernel that cannot be
 * divided, or is too small, does everything in part 0. The error word is the u32 at `memory`.
 *
 * The text may use the types i8, u8, i16, i32, u32, i64, u64, f32 and f64, and the functions of `shared`; it includes nothing.
 */
export interface RenderedKernel extends Rendered {
  /** What the text names, in the order of definition. */
  readonly shared: readonly SharedText[];
  /** The text of the function, named KERNEL. */
  define(): string;
}

/** Types and static functions that stand once in a translation unit, however many kernels name them. */
export interface SharedText {
  readonly key: string;
  readonly source: string;
}
