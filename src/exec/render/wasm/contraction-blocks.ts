import { type ContractionSizes, type ContractionType, evenPart, roundUp } from "../contraction/sizes.ts";
import { mostParts } from "../nest/parts.ts";
import { laneFacts, tileColumns, tileRows } from "./contraction-tile.ts";

/** How a contraction is cut into blocks that fit the caches, and where they lie in scratch. */
export interface Blocks {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly leftPanelBytes: number;
  /** Bytes from one right panel to the next, and from one depth to the next in a panel. */
  readonly rightPanelBytes: number;
  readonly rightDepthBytes: number;
  /** True if the register tile reads the right operand where it lies, without packing. */
  readonly direct: boolean;
  readonly rowBytes: number;
  /** Bytes from one packed right block to the next along depth; 0 if only one is kept. */
  readonly rightSlotBytes: number;
  /** True if a right block is packed again for each block of rows. */
  readonly repackRight: boolean;
  /** Where the packed blocks lie in scratch, behind the sums. */
  readonly left: number;
  readonly right: number;
  readonly bytes: number;
  /** Into how many parts the work is worth dividing. */
  readonly parts: number;
}

const cacheLine = 64;
const depthLimit = 256;
const columnsLimit = 512;
const leftBlockBytes = 128 * 1024;
const sumsBytes = 256 * 1024;
const rowsLimit = 1024;
const rightBytesLimit = 64 * 1024 * 1024;
// A part takes at least some ten microseconds, and has such a scratch area of its own.
const partPoints = 2 ** 18;
const allPartsBytes = 128 * 1024 * 1024;

// Wider rows than this fall into few sets of a cache; the more rows of sums share a packed block, the better it pays.
const directStrideLimit = 2048;
const directRowBytes = 128 * 1024;

/**
 * Cuts [rows × depth] · [depth × columns] into blocks of about equal size. `rightStride` is the distance in bytes
 * between the rows of a right operand that the register tile could read in place, undefined if it cannot.
 */
export function cutBlocks(
  dtype: ContractionType,
  { batch, rows, columns, depth }: ContractionSizes,
  rightStride: number | undefined,
): Blocks {
  const { bytes } = laneFacts[dtype];
  const tileBytes = tileColumns(dtype) * bytes;
  // Whole tiles only: nothing behind the operand is read.
  const direct =
    rightStride !== undefined &&
    columns % tileColumns(dtype) === 0 &&
    rightStride <= directStrideLimit &&
    rows * rightStride <= directRowBytes;
  const depthBlock = evenPart(depth, depthLimit, 1);
  const columnBlock = evenPart(columns, columnsLimit, tileColumns(dtype));
  const rowsFit = Math.min(
    rowsLimit,
    leftBlockBytes / (depthBlock * bytes),
    sumsBytes / (columnBlock * bytes),
  );
  const rowBlock = evenPart(rows, Math.max(tileRows, Math.floor(rowsFit)), tileRows);
  const depthBlocks = Math.ceil(depth / depthBlock);
  // The pad keeps panels and rows from falling into the same sets of a cache.
  const leftPanelBytes = align(depthBlock * tileRows * bytes) + cacheLine;
  const rightPanelBytes = direct ? tileBytes : align(depthBlock * tileBytes) + cacheLine;
  const rowBytes = align(columnBlock * bytes) + cacheLine;
  const rightBlockBytes = direct ? 0 : (columnBlock / tileColumns(dtype)) * rightPanelBytes;
  const severalRowBlocks = rowBlock < rows;
  const repackRight = severalRowBlocks && depthBlocks * rightBlockBytes > rightBytesLimit;
  const keepRight = severalRowBlocks && depthBlocks > 1 && !repackRight;
  const left = rowBlock * rowBytes;
  const right = left + (rowBlock / tileRows) * leftPanelBytes;
  const bytesOfPart = right + (keepRight ? depthBlocks : 1) * rightBlockBytes;
  const partsLimit = Math.min(mostParts, allPartsBytes / bytesOfPart);
  return {
    rows: rowBlock,
    columns: columnBlock,
    depth: depthBlock,
    leftPanelBytes,
    rightPanelBytes,
    rightDepthBytes: direct ? rightStride : tileBytes,
    direct,
    rowBytes,
    rightSlotBytes: keepRight ? rightBlockBytes : 0,
    repackRight,
    left,
    right,
    bytes: bytesOfPart,
    parts: Math.max(1, Math.floor(Math.min(partsLimit, (batch * rows * columns * depth) / partPoints))),
  };
}

/** Rounds up to a whole number of cache lines. */
export function align(bytes: number): number {
  return roundUp(bytes, cacheLine);
}
