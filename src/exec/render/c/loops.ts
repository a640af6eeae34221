import type { LoopNest } from "../../../lang/kernel/kernel.ts";
import { lowerNest } from "../nest/lower.ts";
import { partsOf } from "../nest/parts.ts";
import { fixedExtentOf, keptOf, reducersOf } from "./loops-choice.ts";
import { emitNest } from "./loops-emit.ts";
import type { RenderedKernel } from "./rendered.ts";

/** A loop nest as C: plain loops, which the compiler vectorises, around blocks of points. */
export function renderLoopNest(nest: LoopNest): RenderedKernel {
  if (nest.space.includes(0)) {
    return { key: "nothing", words: [], scratchBytes: 0, shared: [], define: defineNothing };
  }
  const lowered = lowerNest(nest, nest.buffers.length);
  return {
    key: `${lowered.key} ${fixedExtentOf(lowered)} ${keptOf(lowered).length}`,
    words: lowered.graph.words,
    scratchBytes: 0,
    parts: partsOf(nest),
    shared: [...reducersOf(lowered).values()].flatMap(({ accumulate, fold }) => [accumulate, fold]),
    define: () => emitNest(lowered),
  };
}

function defineNothing(): string {
  return "void KERNEL(char *memory, const i32 *args, i32 part, i32 parts) {}";
}
