import type { Contraction, LoopNest } from "../../../lang/kernel/kernel.ts";
import type { KernelRenderer } from "../../../lang/kernel/rendered.ts";
import { renderContraction } from "./contraction.ts";
import { encodeDriver } from "./driver.ts";
import { ModuleBuilder } from "./encoder.ts";
import { renderLoopNest } from "./loops.ts";
import type { RenderedKernel } from "./rendered.ts";

/** Renders a kernel as WebAssembly. */
export function renderKernel(kernel: LoopNest | Contraction, relaxed = false): RenderedKernel {
  return kernel.kind === "loops" ? renderLoopNest(kernel) : renderContraction(kernel, relaxed);
}

/** How the code of the WebAssembly device is made. */
export interface WasmOptions {
  /** The most pages of the memory, if threads share it. */
  readonly sharedPages?: number | undefined;
  /** Whether products and sums of contractions may be rounded once, as the engine likes: faster, with other bits elsewhere. */
  readonly relaxed?: boolean;
}

/** The renderer of the WebAssembly device. */
export function wasmRenderer({ sharedPages, relaxed }: WasmOptions): KernelRenderer<RenderedKernel> {
  return {
    render: (kernel) => renderKernel(kernel, relaxed),
    encode: (kernels) => {
      const module = new ModuleBuilder({ sharedMaximum: sharedPages });
      kernels.forEach((kernel, k) => {
        kernel.define(module, String(k));
      });
      return module.finish();
    },
    encodeShared: (functions) => {
      const module = new ModuleBuilder({ sharedMaximum: sharedPages });
      for (const shared of functions) shared.define(module, shared.key);
      return module.finish();
    },
    encodeDriver: () => encodeDriver(sharedPages),
  };
}
