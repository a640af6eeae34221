import type { Expression } from "../../../lang/kernel/expression.ts";
import type { Contraction, LoopNest } from "../../../lang/kernel/kernel.ts";
import { childrenOf } from "../../../lang/kernel/print.ts";
import { mul } from "../../../lang/kernel/scalar.ts";
import { tileColumns, tileRows } from "./contraction-tile.ts";
import type { ContractionSizes } from "./contraction-words.ts";

/** A contraction as a loop nest: the depth is reduced at each point of batch, rows and columns. */
export function contractionAsLoops(contraction: Contraction): LoopNest {
  const { name, batch, rows, columns, depth, buffers, left, right, epilogue } = contraction;
  return {
    kind: "loops",
    name,
    space: [...batch, ...rows, ...columns],
    inner: depth,
    buffers,
    statements: [{ kind: "reduce", combine: "sum", value: mul(left, right) }, ...epilogue],
  };
}

// Measured nanoseconds: of a multiplication and addition in loops and in the register tile, of moving one element, of a call.
const loopTime = 0.083;
const tileTime = 0.05;
const moveTime = 0.2;
const callTime = 100;

/** True if a contraction is too small, or too thin, for packing to pay. */
export function prefersLoops(contraction: Contraction, sizes: ContractionSizes): boolean {
  const { batch, rows, columns, depth } = sizes;
  const { left, right, dtype } = contraction;
  const points = batch * rows * columns * depth;
  if (points === 0) return true;
  // A guard or an instruction costs about as much as a multiplication at every point.
  const work = 1 + extraWork(left) + extraWork(right);
  const loops = points * loopTime * work * (runsAlong(contraction) ? 1 : 2.5);
  const tiles = roundUp(rows, tileRows) * roundUp(columns, tileColumns(dtype)) * depth * tileTime;
  const moves = (rows * depth + depth * columns + rows * columns) * moveTime;
  return loops < batch * (tiles + moves) + callTime;
}

// True if lanes are contiguous in loops: along the last column axis, or in both operands along depth.
function runsAlong({ batch, rows, columns, depth, left, right }: Contraction): boolean {
  const last = batch.length + rows.length + columns.length + depth.length - 1;
  const lastColumn = last - depth.length;
  const strideOf = (operand: Expression, axis: number): number =>
    operand.kind === "load" ? (operand.index.coefficients[axis] ?? 0) : 1;
  if ((columns.at(-1) ?? 1) >= 4 && strideOf(right, lastColumn) === 1) return true;
  return (depth.at(-1) ?? 1) >= 64 && strideOf(left, last) === 1 && strideOf(right, last) === 1;
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

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
