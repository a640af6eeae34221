import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { planOperand } from "../contraction/plan.ts";
import { type ContractionSizes, contractionAsLoops, sizesOf } from "../contraction/sizes.ts";
import { cutBlocks } from "./contraction-blocks.ts";
import { type DriverStructure, defineDriver, sharedFunctions } from "./contraction-driver.ts";
import { Epilogue } from "./contraction-epilogue.ts";
import { prefersLoops } from "./contraction-loops.ts";
import { laneFacts } from "./contraction-tile.ts";
import { fixedWords, layOutWords, type PackedOperand } from "./contraction-words.ts";
import { renderLoopNest } from "./loops.ts";
import type { RenderedKernel } from "./rendered.ts";

/** A contraction as WebAssembly: packed in blocks and multiplied in register tiles, or as plain loops if it is small; `relaxed`: with relaxed SIMD. */
export function renderContraction(contraction: Contraction, relaxed = false): RenderedKernel {
  const sizes = sizesOf(contraction);
  if (prefersLoops(contraction, sizes)) return renderLoopNest(contractionAsLoops(contraction));
  return renderPacked(contraction, relaxed, sizes);
}

/** A contraction packed in blocks, its epilogue run on each block of sums, whatever its sizes, which must not be 0. */
export function renderPacked(
  contraction: Contraction,
  relaxed = false,
  sizes: ContractionSizes = sizesOf(contraction),
): RenderedKernel {
  const { dtype, buffers } = contraction;
  const left = packOperand(contraction, "left");
  const right = packOperand(contraction, "right");
  const scratchWord = buffers.length;
  const before = scratchWord + 1;
  const blocks = cutBlocks(dtype, sizes, rowStride(right));
  const epilogue = new Epilogue(contraction, before + fixedWords, blocks.rowBytes / laneFacts[dtype].bytes);
  // What computes an operand before would be done by each part.
  const divisible = epilogue.isDivisible && left.nest === undefined && right.nest === undefined;
  const parts = divisible ? blocks.parts : 1;
  const { words, scratchBytes } = layOutWords(
    dtype,
    sizes,
    blocks,
    { left, right },
    epilogue.words,
    before,
    parts,
  );
  const structure: DriverStructure = { dtype, relaxed, scratchWord, left, right };
  return {
    key: `contraction ${dtype} ${buffers.length} ${operandKey(left)} ${operandKey(right)} ${epilogue.key}`,
    words,
    scratchBytes,
    parts,
    shared: sharedFunctions(structure),
    define: (module, exportName) => defineDriver(module, exportName, structure, epilogue.define(module)),
  };
}

function packOperand(contraction: Contraction, side: "left" | "right"): PackedOperand {
  const { plan, materialized } = planOperand(contraction, side);
  if (materialized === undefined) return { plan, nest: undefined, length: 0 };
  return { plan, nest: renderLoopNest(materialized.nest), length: materialized.length };
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
