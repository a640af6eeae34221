import type { Expression } from "../../../lang/kernel/expression.ts";
import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { type ContractionSizes, roundUp } from "../contraction/sizes.ts";
import type { TileShape } from "./contraction-tile.ts";

// Measured nanoseconds. Loops: a vector of products, an element of a row that fills no vector, all of these, a sum along lanes.
const vectorTime = 0.4;
const elementTime = 0.2;
const restTime = 2.2;
const foldTime = 5;
// Tiles: a vector of products, a tile's beginning and end, moving an element of the right operand, and everything else.
const tileVectorTime = 0.13;
const tileTime = 25;
const moveTime = 0.06;
const callTime = 160;
// An operand that is read again and again from beyond the second-level cache costs loops this much more.
const cacheBytes = 512 * 1024;
const cacheFactor = 4;

/** True if a contraction is so small, or so thin, that plain loops are faster than tiles. */
export function prefersLoops(contraction: Contraction, shape: TileShape, sizes: ContractionSizes): boolean {
  const { batch, rows, columns, depth } = sizes;
  const { lanes, rowStep, bytes } = shape;
  if (batch * rows * columns * depth === 0) return true;
  const vectors = (roundUp(rows, rowStep) * roundUp(columns, lanes) * depth) / lanes;
  const tiles = Math.ceil(rows / shape.rows) * Math.ceil(columns / (shape.vectors * lanes));
  const tiled = callTime + batch * (vectors * tileVectorTime + tiles * tileTime + depth * columns * moveTime);
  const streams = rows > 1 && depth * columns * bytes > cacheBytes ? cacheFactor : 1;
  return batch * streams * loopTime(contraction, lanes, sizes) < tiled;
}

// The time of one batch in loops, whose lanes lie along columns, along rows or along depth.
function loopTime(
  contraction: Contraction,
  lanes: number,
  { rows, columns, depth }: ContractionSizes,
): number {
  const { left, right } = contraction;
  const lastRow = contraction.batch.length + contraction.rows.length - 1;
  const lastColumn = lastRow + contraction.columns.length;
  const lastDepth = lastColumn + contraction.depth.length;
  const along = (extent: number): number =>
    Math.floor(extent / lanes) * vectorTime + rest(extent % lanes, lanes);
  if (columns > 1 && isUnit(right, lastColumn)) return rows * depth * along(columns);
  if (columns === 1 && rows > 1 && isUnit(left, lastRow)) return depth * along(rows);
  if (isUnit(left, lastDepth) && isUnit(right, lastDepth))
    return rows * columns * (foldTime + 2 * along(depth));
  return Number.POSITIVE_INFINITY;
}

// The elements of a row that fill no vector.
function rest(count: number, lanes: number): number {
  if (count === lanes / 2) return vectorTime;
  return Math.min(count * elementTime, restTime);
}

// True for plain loads of contiguous elements along an axis.
function isUnit(operand: Expression, axis: number): boolean {
  return operand.kind === "load" && operand.guards.length === 0 && operand.index.coefficients[axis] === 1;
}
