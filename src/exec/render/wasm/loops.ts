import type { LoopNest } from "../../../lang/kernel/kernel.ts";
import { lowerNest } from "../nest/lower.ts";
import { partsOf } from "../nest/parts.ts";
import { type FunctionReference, kernelSignature } from "./encoder.ts";
import { emitNest } from "./loops-emit.ts";
import { type RenderedKernel, wordsBefore } from "./rendered.ts";

/** Renders a loop nest. */
export function renderLoopNest(nest: LoopNest): RenderedKernel {
  if (nest.space.includes(0)) {
    return { key: "nothing", words: [], scratchBytes: 0, shared: [], define: defineNothing };
  }
  const lowered = lowerNest(nest, wordsBefore(nest.buffers.length, 0));
  return {
    key: lowered.key,
    words: lowered.graph.words,
    scratchBytes: 0,
    parts: partsOf(nest),
    shared: [],
    define: (module, exportName) =>
      module.define(exportName, kernelSignature, (f) => emitNest(module, f, lowered)),
  };
}

function defineNothing(...[module, exportName]: Parameters<RenderedKernel["define"]>): FunctionReference {
  return module.define(exportName, kernelSignature, () => {});
}
