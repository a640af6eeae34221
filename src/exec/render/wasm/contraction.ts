import { NeuriteError } from "../../../base/error.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { Expression } from "../../../lang/kernel/expression.ts";
import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { cutBlocks } from "./contraction-blocks.ts";
import { type DriverStructure, defineDriver, sharedFunctions } from "./contraction-driver.ts";
import { Epilogue } from "./contraction-epilogue.ts";
import { type PackPlan, planPacking } from "./contraction-operand.ts";
import { laneFacts } from "./contraction-tile.ts";
import { fixedWords, layOutWords } from "./contraction-words.ts";
import type { RenderedKernel } from "./rendered.ts";

/** A contraction as WebAssembly: packed in blocks, multiplied in register tiles, its epilogue run on each block of sums. */
export function renderContraction(contraction: Contraction): RenderedKernel {
  const { dtype, buffers } = contraction;
  const sizes = {
    batch: sizeOf(contraction.batch),
    rows: sizeOf(contraction.rows),
    columns: sizeOf(contraction.columns),
    depth: sizeOf(contraction.depth),
  };
  const left = planOperand(contraction, "left");
  const right = planOperand(contraction, "right");
  const scratchWord = buffers.length;
  const before = scratchWord + 1;
  const blocks = cutBlocks(dtype, sizes.rows, sizes.columns, sizes.depth);
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

function planOperand(contraction: Contraction, side: "left" | "right"): PackPlan {
  const { batch, rows, columns, depth, dtype } = contraction;
  const extents = [...batch, ...rows, ...columns, ...depth];
  const group = (list: readonly number[], first: number): number[] => list.map((_, k) => first + k);
  const rowsFrom = batch.length;
  const columnsFrom = rowsFrom + rows.length;
  const axes = {
    batch: group(batch, 0),
    panel: side === "left" ? group(rows, rowsFrom) : group(columns, columnsFrom),
    depth: group(depth, columnsFrom + columns.length),
    extents,
  };
  const operand: Expression = contraction[side];
  const plan = operand.kind === "load" ? planPacking(operand, axes, dtype) : undefined;
  if (plan === undefined)
    throw new NeuriteError({ operation: "contraction", got: "an operand that is no load" });
  return plan;
}

function operandKey({ buffer, guards, along }: PackPlan): string {
  return `${along ? "along" : "across"}(${buffer},${guards})`;
}
