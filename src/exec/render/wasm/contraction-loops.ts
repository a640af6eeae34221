import type { Expression } from "../../../lang/kernel/expression.ts";
import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { childrenOf } from "../../../lang/kernel/print.ts";
import { type ContractionSizes, roundUp } from "../contraction/sizes.ts";
import { laneFacts, tileColumns, tileRows } from "./contraction-tile.ts";

// Measured nanoseconds: of a multiplication and addition in loops and in the register tile, of moving one element, of a call.
const loopTime = 0.083;
const tileTime = 0.05;
const moveTime = 0.2;
const callTime = 100;
// Loops read the right operand again for each row, slowly once it is larger than a second-level cache.
const cacheBytes = 1024 * 1024;
const cacheFactor = 4;

/** True if a contraction is too small, or too thin, for packing to pay. */
export function prefersLoops(contraction: Contraction, sizes: ContractionSizes): boolean {
  const { batch, rows, columns, depth } = sizes;
  const { left, right, dtype } = contraction;
  const points = batch * rows * columns * depth;
  if (points === 0) return true;
  const { lanes, bytes } = laneFacts[dtype];
  // A guard or an instruction costs about as much as a multiplication at every point.
  const work = 1 + extraWork(left) + extraWork(right);
  const streams = rows > 1 && depth * columns * bytes > cacheBytes ? cacheFactor : 1;
  const loops = points * loopTime * work * streams * laneFactor(contraction, lanes);
  const tiles = roundUp(rows, tileRows) * roundUp(columns, tileColumns(dtype)) * depth * tileTime;
  const moves = (rows * depth + depth * columns + rows * columns) * moveTime;
  return (loops * 4) / lanes < batch * ((tiles * 4) / lanes + moves) + callTime;
}

// How much longer than with full, contiguous lanes a point takes in loops.
function laneFactor({ batch, rows, columns, depth, left, right }: Contraction, lanes: number): number {
  const last = batch.length + rows.length + columns.length + depth.length - 1;
  const lastColumn = last - depth.length;
  const lastRow = lastColumn - columns.length;
  const isUnit = (operand: Expression, axis: number): boolean =>
    operand.kind !== "load" || operand.index.coefficients[axis] === 1;
  const factors = [2.5];
  // The last lanes of a row, which fill no vector, cost more than a vector.
  const along = (extent: number): void => {
    if (extent < lanes) return;
    factors.push(extent % lanes === 0 ? 1 : (roundUp(extent, lanes) / extent) * 1.4);
  };
  if (isUnit(right, lastColumn)) along(columns.at(-1) ?? 1);
  if (isUnit(left, lastRow)) along(rows.at(-1) ?? 1);
  if ((depth.at(-1) ?? 1) >= 64 && isUnit(left, last) && isUnit(right, last)) factors.push(1);
  return Math.min(...factors);
}

function extraWork(operand: Expression): number {
  const seen = new Set<Expression>();
  let work = 0;
  const visit = (node: Expression): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === "scalar") work++;
    if (node.kind === "load") work += node.guards.length;
    for (const child of childrenOf(node)) visit(child);
  };
  visit(operand);
  return work;
}
