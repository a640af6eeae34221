import { dtypeFacts } from "../../../base/dtype.ts";
import type { PackAxis, PackPlan } from "../contraction/operand.ts";
import { type ContractionSizes, type ContractionType, roundUp } from "../contraction/sizes.ts";
import type { Blocks } from "./contraction-blocks.ts";
import { placeLanes } from "./contraction-places.ts";
import { type TileShape, tileColumns } from "./contraction-tile.ts";

/** Words that the loops of every contraction read, in this order. */
export const planFields = [
  "batch",
  "rows",
  "columns",
  "depth",
  "rowBlock",
  "columnBlock",
  "depthBlock",
  // Where the parts' scratch areas begin, behind the operands that are computed before.
  "area",
  // Into how many parts the work can be divided, and how far apart their scratch areas lie.
  "parts",
  "partBytes",
  // Places in scratch, in bytes from the start of the part's area, and distances there, in elements.
  "sums",
  "sumsStep",
  "leftBlock",
  "leftPanel",
  "rightBlock",
  "rightPanel",
  // From one packed block of the right operand to that of the next depths; 0 if only one is kept.
  "rightSlot",
  "places",
  // How many tiles of left values are copied at a time before they are read; 1 if only edges are.
  "leftTiles",
  // Whether all of them are kept for the next block of columns.
  "keepLeft",
] as const;

/** Words that say how one operand is read, in this order. Axes, start and extents are positions among the arguments. */
export const operandFields = [
  "buffer",
  "guards",
  "batchRank",
  "batchAxes",
  "panelRank",
  "panelAxes",
  "depthRank",
  "depthAxes",
  "start",
  "extents",
  // Whether rows or columns lie one behind the other, so that only depths are listed.
  "listed",
  // Whether runs of contiguous elements along depth are listed instead of elements.
  "whole",
  // The list of depths: room for it, and places in scratch.
  "capacity",
  "list",
  "lengths",
  // What stands where a guard fails.
  "fill",
  "fillBytes",
  "fillLow",
  "fillHigh",
] as const;

type PlanField = (typeof planFields)[number];
type OperandField = (typeof operandFields)[number];

/** The number of words of fixed meaning. */
export const fixedWords: number = planFields.length + 2 * operandFields.length;

/** An operand: how it is read, and where it lies. */
export interface Operand {
  readonly plan: PackPlan;
  /** The word with the address of the buffer, and what is added to it. */
  readonly word: number;
  readonly offset: number;
}

/** How the tiles read an operand. */
export interface Reading {
  readonly listed: boolean;
  readonly whole: boolean;
}

/** Rows or columns that lie one behind the other under the same guards are read by lists of depths, all others along depth. */
export function readingOf(
  { along, limits, panel, depth }: PackPlan,
  side: "left" | "right",
  shape: TileShape,
): Reading {
  const run = panel[panel.length - 1].extent;
  const steady = limits.every((limit, k) => k % 2 === 0 || limit === 0);
  const filled = run % shape.rowStep === 0 || run >= 4 * shape.rows || panel.length === 1;
  if (along && steady && (side === "right" || filled)) return { listed: true, whole: false };
  const [stride, ...guardSteps] = depth[depth.length - 1].strides;
  const whole = stride === shape.bytes && guardSteps.every((step) => step === 0);
  return { listed: false, whole };
}

/**
 * The words of a contraction: those of fixed meaning, then its `ownWords`, then tables of axes, whose length depends on the
 * operands. `before` words stand before them in the arguments; the parts' areas begin at byte `area` of scratch.
 */
export function layOutWords(
  dtype: ContractionType,
  shape: TileShape,
  sizes: ContractionSizes,
  blocks: Blocks,
  operands: { readonly left: Operand; readonly right: Operand },
  ownWords: readonly number[],
  before: number,
  area: number,
): { words: number[]; scratchBytes: number } {
  let partBytes = 0;
  const reserve = (bytes: number): number => {
    const offset = partBytes;
    // The pad keeps areas from falling into the same sets of a cache.
    if (bytes > 0) partBytes += roundUp(bytes, 64) + 64;
    return offset;
  };
  const tables: number[] = [];
  const table = (numbers: readonly number[]): number => {
    tables.push(...numbers);
    return before + fixedWords + ownWords.length + tables.length - numbers.length;
  };
  const axes = (list: readonly PackAxis[]): number =>
    table(list.flatMap((axis) => [axis.extent, ...axis.strides]));
  const { bytes } = dtypeFacts[dtype];
  const width = tileColumns(shape);

  const places: number[] = [];
  const operand = (side: "left" | "right"): Record<OperandField, number> => {
    const { plan, word, offset } = operands[side];
    const { listed, whole } = readingOf(plan, side, shape);
    const depthRun = plan.depth[plan.depth.length - 1].extent;
    const panelRun = plan.panel[plan.panel.length - 1].extent;
    const entries = whole ? Math.ceil(blocks.depth / depthRun) + 1 : blocks.depth;
    const capacity = roundUp(entries, placeLanes) + placeLanes;
    // As far as is read from one place.
    const block = side === "left" ? blocks.leftTiles * shape.rows : blocks.columns;
    const reach = listed ? Math.min(panelRun, block) : whole ? Math.min(depthRun, blocks.depth) : 1;
    const fillBytes = plan.guards === 0 ? 0 : roundUp(reach * bytes, 8);
    const [fillLow, fillHigh] = bitsOf(plan.fill, dtype);
    places.push((listed || side === "right" ? capacity : entries * shape.rows) + placeLanes);
    const [start, ...coordinates] = plan.start;
    return {
      buffer: word,
      guards: plan.guards,
      batchRank: plan.batch.length,
      batchAxes: axes(plan.batch),
      panelRank: plan.panel.length,
      panelAxes: axes(plan.panel),
      depthRank: plan.depth.length,
      depthAxes: axes(plan.depth),
      start: table([start + offset, ...coordinates]),
      extents: table(plan.limits.filter((_, k) => k % 2 === 0)),
      listed: Number(listed),
      whole: Number(whole),
      capacity,
      list: reserve(4 * capacity * (1 + plan.guards)),
      lengths: reserve(4 * capacity),
      fill: reserve(fillBytes),
      fillBytes,
      fillLow,
      fillHigh,
    };
  };
  const [left, right] = [operand("left"), operand("right")];
  // The pad keeps panels, which are written side by side, from falling into the same sets of a cache.
  const pad = 64 / bytes;
  const leftPanel = blocks.depth * shape.rows + pad;
  const rightPanel = blocks.depth * width + pad;
  const rightSlot = (rightPanel * roundUp(blocks.columns, width)) / width;
  const plan: Record<PlanField, number> = {
    ...sizes,
    rowBlock: blocks.rows,
    columnBlock: blocks.columns,
    depthBlock: blocks.depth,
    area,
    parts: blocks.parts,
    places: reserve(4 * Math.max(...places)),
    sums: reserve(blocks.sumsRows * blocks.sumsStep * bytes),
    sumsStep: blocks.sumsStep,
    leftTiles: blocks.leftTiles,
    keepLeft: Number(blocks.keptTiles > 0),
    leftBlock: reserve(Math.max(blocks.leftTiles, blocks.keptTiles) * leftPanel * bytes),
    leftPanel,
    rightPanel,
    rightSlot: blocks.keptDepths > 1 ? rightSlot : 0,
    rightBlock: reserve(blocks.keptDepths * rightSlot * bytes),
    partBytes: 0,
  };
  plan.partBytes = partBytes;
  const words = [
    ...planFields.map((name) => plan[name]),
    ...[left, right].flatMap((values) => operandFields.map((name) => values[name])),
    ...ownWords,
    ...tables,
  ];
  return { words, scratchBytes: area + blocks.parts * partBytes };
}

// The 64 bits that fill one f64 or two of the narrower elements.
function bitsOf(value: number, dtype: ContractionType): [number, number] {
  const view = new DataView(new ArrayBuffer(8));
  if (dtype === "f64") view.setFloat64(0, value, true);
  else if (dtype === "f32") view.setFloat32(0, value, true);
  else view.setInt32(0, value, true);
  const low = view.getInt32(0, true);
  return [low, dtype === "f64" ? view.getInt32(4, true) : low];
}
