import type { RenderedKernel as Rendered } from "../../../lang/kernel/rendered.ts";
import type { FunctionReference, ModuleBuilder, Signature } from "./encoder.ts";

/** A kernel as WebAssembly. */
export interface RenderedKernel extends Rendered {
  /** Functions the code imports under `shared.<key>`. */
  readonly shared: readonly SharedFunction[];
  /** Adds the kernel's function to a module; with a name it is exported. */
  define(module: ModuleBuilder, exportName: string | undefined): FunctionReference;
}

/** A function that many kernels import, compiled once in a module of its own, so that the engine optimises it once for all. */
export interface SharedFunction {
  readonly key: string;
  readonly signature: Signature;
  define(module: ModuleBuilder, exportName: string): FunctionReference;
}

/** The number of words before `words`: one per buffer, and one for the scratch area if there is one. */
export function wordsBefore(bufferCount: number, scratchBytes: number): number {
  return bufferCount + (scratchBytes > 0 ? 1 : 0);
}
