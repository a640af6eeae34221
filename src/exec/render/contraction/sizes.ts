import { sizeOf } from "../../../base/shape.ts";
import type { Contraction, LoopNest } from "../../../lang/kernel/kernel.ts";
import { mul } from "../../../lang/kernel/scalar.ts";

/** The element types that contractions multiply. */
export type ContractionType = Contraction["dtype"];

/** The sizes of a contraction: the products of its extents. */
export interface ContractionSizes {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** The sizes of a contraction. */
export function sizesOf({ batch, rows, columns, depth }: Contraction): ContractionSizes {
  return { batch: sizeOf(batch), rows: sizeOf(rows), columns: sizeOf(columns), depth: sizeOf(depth) };
}

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

/** Rounds up to a whole number of units. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** The size of equal parts, a multiple of `unit`, that are at most about `limit` long. */
export function evenPart(length: number, limit: number, unit: number): number {
  return roundUp(length / Math.max(1, Math.ceil(length / limit)), unit);
}
