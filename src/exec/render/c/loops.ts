import { sizeOf } from "../../../base/shape.ts";
import type { LoopNest } from "../../../lang/kernel/kernel.ts";
import { lowerNest } from "../nest/lower.ts";
import { emitNest, fixedExtentOf, reducersOf } from "./loops-emit.ts";
import type { RenderedKernel } from "./rendered.ts";

const mostParts = 16;
// A part takes at least some ten microseconds.
const partPoints = 2 ** 13;

/** A loop nest as C: plain loops, which the compiler vectorises, around blocks of points. */
export function renderLoopNest(nest: LoopNest): RenderedKernel {
  if (nest.space.includes(0)) {
    return { key: "nothing", words: [], scratchBytes: 0, shared: [], define: defineNothing };
  }
  const lowered = lowerNest(nest, nest.buffers.length);
  return {
    key: `${lowered.key} ${fixedExtentOf(lowered)}`,
    words: lowered.graph.words,
    scratchBytes: 0,
    parts: partsOf(nest),
    shared: [...reducersOf(lowered).values()].flatMap(({ accumulate, fold }) => [accumulate, fold]),
    define: () => emitNest(lowered),
  };
}

// What add stores accumulate depends on the order of the loops.
function partsOf({ space, inner, statements }: LoopNest): number {
  if (space.length === 0) return 1;
  if (statements.some((statement) => statement.kind === "store" && statement.mode === "add")) return 1;
  return Math.max(1, Math.min(mostParts, Math.floor((sizeOf(space) * sizeOf(inner)) / partPoints)));
}

function defineNothing(): string {
  return "void KERNEL(char *memory, const i32 *args, i32 part, i32 parts) {}";
}
