import { sizeOf } from "../../../base/shape.ts";
import type { LoopNest } from "../../../lang/kernel/kernel.ts";

/** The most parts into which a kernel is divided. */
export const mostParts = 16;
// A part takes at least some ten microseconds.
const partPoints = 2 ** 13;

/** True if a nest's points, but for those of its inner loops, may run in any order: what add stores accumulate depends on it. */
export function isDivisible({ space, statements }: LoopNest): boolean {
  if (space.length === 0) return false;
  return statements.every((statement) => statement.kind !== "store" || statement.mode === "set");
}

/** Into how many parts a loop nest is worth dividing. */
export function partsOf(nest: LoopNest): number {
  if (!isDivisible(nest)) return 1;
  const points = sizeOf(nest.space) * sizeOf(nest.inner);
  return Math.max(1, Math.min(mostParts, Math.floor(points / partPoints)));
}
