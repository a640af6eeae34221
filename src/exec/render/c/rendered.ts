/**
 * A kernel as C. Its text may use the types and functions of the prelude, and those of `shared`; it includes nothing.
 * Words, parts and the error word are described at KernelText.
 */
export type { KernelText as RenderedKernel, SharedText, Target } from "../../../lang/kernel/rendered.ts";
