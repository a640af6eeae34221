import { type ContractionSizes, evenPart, roundUp } from "../contraction/sizes.ts";
import { mostParts } from "../nest/parts.ts";
import { type TileShape, tileColumns } from "./contraction-tile.ts";

/** How a contraction is cut into blocks that fit the caches. */
export interface Blocks {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Rows of sums that are kept, and elements from one to the next. */
  readonly sumsRows: number;
  readonly sumsStep: number;
  /** How many tiles of left values that lie along rows are copied at a time before they are read; 1 if they are read in place. */
  readonly leftTiles: number;
  /** How many such tiles are kept for the next block of columns; 0 if they are copied again. */
  readonly keptTiles: number;
  /** How many packed blocks of the right operand, one behind the other along depth, are kept for the next block of rows. */
  readonly keptDepths: number;
  /** Into how many parts the work is divided at most. */
  readonly parts: number;
}

// A row tile of the left operand stays in the first-level cache, a packed block of the right one in the second:
// measured with 1 MiB of it; 256 to 512 KiB differ by a few percent.
const depthBytes = 2048;
const rightBytes = 384 * 1024;
const sumsBytes = 256 * 1024;
const leftTiles = 8;
// Copies that are kept stream through the last cache.
const keptBytes = 32 * 1024 * 1024;
const keptRightBytes = 8 * 1024 * 1024;
const keptBytesOfParts = 256 * 1024 * 1024;
// A part takes at least some ten microseconds.
const partPoints = 2 ** 20;

/**
 * Cuts [rows × depth] · [depth × columns] into blocks of about equal size. Left values lie in runs of `leftRun` along rows;
 * `copied`: tiles of them are copied before they are read.
 */
export function cutBlocks(
  shape: TileShape,
  sizes: ContractionSizes,
  leftRun: number,
  copied: boolean,
): Blocks {
  const { batch, rows, columns, depth } = sizes;
  const { bytes } = shape;
  const width = tileColumns(shape);
  const narrow = roundUp(Math.min(columns, 256), width);
  const depthLimit = Math.max(
    depthBytes / bytes,
    Math.min((2 * depthBytes) / bytes, rightBytes / 2 / (narrow * bytes)),
  );
  const depthBlock = evenPart(depth, depthLimit, 1);
  const columnBlock = evenPart(columns, Math.max(width, rightBytes / (depthBlock * bytes)), width);
  const sumsStep = columnBlock + 64 / bytes;
  const severalDepths = depthBlock < depth;
  const rowLimit = severalDepths ? sumsBytes / (sumsStep * bytes) : Number.POSITIVE_INFINITY;
  const rowBlock = evenPart(rows, Math.max(shape.rows, rowLimit), shape.rows);
  // A tile ends where a run of rows ends.
  const tiles = Math.ceil(rowBlock / shape.rows) + Math.ceil(rowBlock / leftRun) + 1;
  const copiedTiles = copied && columns >= 128 ? leftTiles : 1;
  const allTiles = tiles * Math.ceil(rows / rowBlock) * Math.ceil(depth / depthBlock);
  const allBytes = allTiles * depthBlock * shape.rows * bytes;
  const keeps = copiedTiles > 1 && columns > columnBlock && allBytes <= keptBytes;
  const partsRoom = keeps ? Math.floor(keptBytesOfParts / allBytes) : mostParts;
  const worthwhile = Math.floor((batch * rows * columns * depth) / partPoints);
  return {
    rows: rowBlock,
    columns: columnBlock,
    depth: depthBlock,
    sumsRows: severalDepths ? tiles * shape.rows : shape.rows,
    sumsStep,
    leftTiles: copiedTiles,
    keptTiles: keeps ? allTiles : 0,
    keptDepths:
      rowBlock < rows && depth * columnBlock * bytes <= keptRightBytes ? Math.ceil(depth / depthBlock) : 1,
    parts: Math.max(1, Math.min(mostParts, partsRoom, worthwhile)),
  };
}
