import { sizeOf } from "../../../base/shape.ts";
import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { type ContractionSizes, cutBlocks } from "./contraction-blocks.ts";
import { type DriverStructure, defineDriver, sharedFunctions } from "./contraction-driver.ts";
import { Epilogue } from "./contraction-epilogue.ts";
import { contractionAsLoops, prefersLoops } from "./contraction-loops.ts";
import { materialize } from "./contraction-materialize.ts";
import { isAffine, type OperandAxes, planPacking } from "./contraction-operand.ts";
import { laneFacts } from "./contraction-tile.ts";
import { fixedWords, layOutWords, type PackedOperand } from "./contraction-words.ts";
import { renderLoopNest } from "./loops.ts";
import type { RenderedKernel } from "./rendered.ts";

/** A contraction as WebAssembly: packed in blocks and multiplied in register tiles, or as plain loops if it is small. */
export function renderContraction(contraction: Contraction): RenderedKernel {
  const sizes = sizesOf(contraction);
  if (prefersLoops(contraction, sizes)) return renderLoopNest(contractionAsLoops(contraction));
  return renderPacked(contraction, sizes);
}

/** A contraction packed in blocks, its epilogue run on each block of sums, whatever its sizes, which must not be 0. */
export function renderPacked(
  contraction: Contraction,
  sizes: ContractionSizes = sizesOf(contraction),
): RenderedKernel {
  const { dtype, buffers } = contraction;
  const left = packOperand(contraction, "left");
  const right = packOperand(contraction, "right");
  const scratchWord = buffers.length;
  const before = scratchWord + 1;
  const blocks = cutBlocks(dtype, sizes, rowStride(right));
  const epilogue = new Epilogue(contraction, before + fixedWords, blocks.rowBytes / laneFacts[dtype].bytes);
  const { words, scratchBytes } = layOutWords(dtype, sizes, blocks, { left, right }, epilogue.words, before);
  const structure: DriverStructure = { dtype, scratchWord, left, right };
  return {
    key: `contraction ${dtype} ${buffers.length} ${operandKey(left)} ${operandKey(right)} ${epilogue.key}`,
    words,
    scratchBytes,
    shared: sharedFunctions(structure),
    define: (module, exportName) => defineDriver(module, exportName, structure, epilogue.define(module)),
  };
}

function sizesOf({ batch, rows, columns, depth }: Contraction): ContractionSizes {
  return { batch: sizeOf(batch), rows: sizeOf(rows), columns: sizeOf(columns), depth: sizeOf(depth) };
}

function packOperand(contraction: Contraction, side: "left" | "right"): PackedOperand {
  const { batch, rows, columns, depth, dtype, buffers, name } = contraction;
  const group = (list: readonly number[], first: number): number[] => list.map((_, k) => first + k);
  const rowsFrom = batch.length;
  const columnsFrom = rowsFrom + rows.length;
  const axes: OperandAxes = {
    batch: group(batch, 0),
    panel: side === "left" ? group(rows, rowsFrom) : group(columns, columnsFrom),
    depth: group(depth, columnsFrom + columns.length),
    extents: [...batch, ...rows, ...columns, ...depth],
  };
  const operand = contraction[side];
  if (operand.kind === "load" && isAffine(operand)) {
    return { plan: planPacking(operand, axes, dtype), nest: undefined, length: 0 };
  }
  const { nest, load, length } = materialize(operand, axes, buffers, name);
  return { plan: planPacking(load, axes, dtype), nest: renderLoopNest(nest), length };
}

// The distance between the contiguous rows of a matrix, undefined for all other operands.
function rowStride({ plan }: PackedOperand): number | undefined {
  const { along, guards, panel, depth } = plan;
  const isMatrix = along && guards === 0 && panel.length === 1 && depth.length === 1;
  return isMatrix ? depth[0].strides[0] : undefined;
}

function operandKey({ plan, nest }: PackedOperand): string {
  const { buffer, guards, along } = plan;
  return `${along ? "along" : "across"}(${nest === undefined ? buffer : nest.key},${guards})`;
}
