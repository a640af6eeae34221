import type { PackAxis, PackPlan } from "../contraction/operand.ts";
import type { ContractionSizes, ContractionType } from "../contraction/sizes.ts";
import { align, type Blocks } from "./contraction-blocks.ts";
import { packFrame } from "./contraction-pack.ts";
import { axisBytes } from "./contraction-runs.ts";
import { laneFacts } from "./contraction-tile.ts";
import type { RenderedKernel } from "./rendered.ts";

// Words that the loops of every contraction read, in this order.
const loopWords = [
  "batch",
  "rows",
  "columns",
  "depth",
  "blockRows",
  "blockColumns",
  "blockDepth",
  "leftPanelBytes",
  "rightPanelBytes",
  "rightDepthBytes",
  "rowBytes",
  "rightSlotBytes",
  "repackRight",
  // Whether the right operand is read where it lies.
  "direct",
  // Bytes of all arguments, and from the scratch area of one part to the next.
  "argumentBytes",
  "partBytes",
  // Places in scratch, in bytes from its start, where the sums lie.
  "ownArguments",
  "leftBlock",
  "rightBlock",
  "zeroPlaces",
  "indices",
] as const;

// Words for packing one operand, in this order. Axes, start and limits are bytes from the arguments.
const operandWords = [
  "batchRank",
  "batchAxes",
  "panelRank",
  "panelAxes",
  "depthRank",
  "depthAxes",
  "start",
  "limits",
  "stride",
  "fillLow",
  "fillHigh",
  "fillBytes",
  // The words of the nest that computes the operand, and their number in bytes.
  "nestWords",
  "nestBytes",
  // Places in scratch, in bytes from its start.
  "nestArguments",
  "materialized",
  "frame",
  "places",
  "elements",
  "runs",
  "fillArea",
] as const;

/** Room for the places of one point. */
export const placesBytes = 64;

/** The name of a word that the loops read. */
export type LoopWord = (typeof loopWords)[number];
/** The name of a word of one operand. */
export type OperandWord = (typeof operandWords)[number];

/** The number of words of fixed meaning. */
export const fixedWords: number = loopWords.length + 2 * operandWords.length;

/** The position of a loop word among a contraction's words. */
export function loopWord(name: LoopWord): number {
  return loopWords.indexOf(name);
}

/** The position of an operand's word among a contraction's words. */
export function operandWord(side: "left" | "right", name: OperandWord): number {
  return loopWords.length + (side === "left" ? 0 : operandWords.length) + operandWords.indexOf(name);
}

/** An operand: how it is packed, and what computes it before if it is no plain load. */
export interface PackedOperand {
  readonly plan: PackPlan;
  readonly nest: RenderedKernel | undefined;
  /** The number of elements that the nest computes. */
  readonly length: number;
}

/**
 * The words of a contraction: those of fixed meaning, then the epilogue's, then tables of axes, whose length depends on the operands.
 * `before` words stand before them in the arguments. Each part of the work has a scratch area of its own.
 */
export function layOutWords(
  dtype: ContractionType,
  sizes: ContractionSizes,
  blocks: Blocks,
  operands: { readonly left: PackedOperand; readonly right: PackedOperand },
  epilogueWords: readonly number[],
  before: number,
  parts: number,
): { words: number[]; scratchBytes: number } {
  let scratchBytes = blocks.bytes;
  const reserve = (bytes: number): number => {
    const offset = scratchBytes;
    scratchBytes += align(bytes);
    return offset;
  };
  const tables: number[] = [];
  const table = (numbers: readonly number[]): number => {
    const position = before + fixedWords + epilogueWords.length + tables.length;
    tables.push(...numbers);
    return 4 * position;
  };
  const axes = (list: readonly PackAxis[]): number =>
    table(list.flatMap((axis) => [axis.extent, ...axis.strides]));

  const loop: Record<LoopWord, number> = {
    ...sizes,
    blockRows: blocks.rows,
    blockColumns: blocks.columns,
    blockDepth: blocks.depth,
    leftPanelBytes: blocks.leftPanelBytes,
    rightPanelBytes: blocks.rightPanelBytes,
    rightDepthBytes: blocks.rightDepthBytes,
    rowBytes: blocks.rowBytes,
    rightSlotBytes: blocks.rightSlotBytes,
    repackRight: blocks.repackRight ? 1 : 0,
    direct: blocks.direct ? 1 : 0,
    // Known when all are laid out.
    argumentBytes: 0,
    partBytes: 0,
    ownArguments: 0,
    leftBlock: blocks.left,
    rightBlock: blocks.right,
    zeroPlaces: reserve(placesBytes),
    indices: reserve(256),
  };
  const operand = (
    { plan, nest, length }: PackedOperand,
    panelBlock: number,
  ): Record<OperandWord, number> => {
    const { bytes } = laneFacts[dtype];
    const nestWords = nest?.words ?? [];
    const longest = Math.max(panelBlock, blocks.depth);
    const [fillLow, fillHigh] = bitsOf(plan.fill, dtype);
    const contiguousDepth = !plan.along && plan.stride === bytes && plan.guards > 0;
    const longestRun = Math.min(blocks.depth, plan.depth.at(-1)?.extent ?? 1);
    const fillBytes = contiguousDepth ? align(longestRun * bytes) : 16;
    return {
      batchRank: plan.batch.length,
      batchAxes: axes(plan.batch),
      panelRank: plan.panel.length,
      panelAxes: axes(plan.panel),
      depthRank: plan.depth.length,
      depthAxes: axes(plan.depth),
      start: table(plan.start),
      limits: table(plan.limits),
      stride: plan.stride,
      fillLow,
      fillHigh,
      fillBytes,
      nestWords: table(nestWords),
      nestBytes: 4 * nestWords.length,
      nestArguments: reserve(nest === undefined ? 0 : 4 * (before + nestWords.length)),
      materialized: reserve(nest === undefined ? 0 : length * bytes),
      frame: reserve(packFrame.bytes),
      places: reserve(placesBytes),
      elements: reserve(longest * axisBytes(plan.guards)),
      runs: reserve(longest * axisBytes(plan.guards)),
      fillArea: reserve(fillBytes),
    };
  };
  const ofOperands = [operand(operands.left, blocks.rows), operand(operands.right, blocks.columns)];
  loop.argumentBytes = 4 * (before + fixedWords + epilogueWords.length + tables.length);
  loop.ownArguments = reserve(loop.argumentBytes);
  loop.partBytes = scratchBytes;
  const words = [
    ...loopWords.map((name) => loop[name]),
    ...ofOperands.flatMap((values) => operandWords.map((name) => values[name])),
    ...epilogueWords,
    ...tables,
  ];
  return { words, scratchBytes: parts * scratchBytes };
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
