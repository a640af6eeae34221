import type { Contraction, LoopNest } from "../../../lang/kernel/kernel.ts";
import type { KernelRenderer } from "../../../lang/kernel/rendered.ts";
import { renderContraction } from "./contraction.ts";
import { encodeDriver } from "./driver.ts";
import { ModuleBuilder } from "./encoder.ts";
import { renderLoopNest } from "./loops.ts";
import type { RenderedKernel, SharedFunction } from "./rendered.ts";

/** Renders a kernel as WebAssembly. */
export function renderKernel(kernel: LoopNest | Contraction): RenderedKernel {
  return kernel.kind === "loops" ? renderLoopNest(kernel) : renderContraction(kernel);
}

/** One module with kernel k as its export `k`. */
export function encodeKernels(kernels: readonly RenderedKernel[]): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  kernels.forEach((kernel, k) => {
    kernel.define(module, String(k));
  });
  return module.finish();
}

/** One module that exports functions which kernels import, under their keys. */
export function encodeShared(functions: readonly SharedFunction[]): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  for (const shared of functions) shared.define(module, shared.key);
  return module.finish();
}

/** The renderer of the WebAssembly device. */
export const wasmRenderer: KernelRenderer<RenderedKernel> = {
  render: renderKernel,
  encode: encodeKernels,
  encodeShared,
  encodeDriver,
};
