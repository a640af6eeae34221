import type { Contraction } from "../../../lang/kernel/kernel.ts";
import type { PackPlan } from "../contraction/operand.ts";
import { planOperand } from "../contraction/plan.ts";
import { type ContractionSizes, contractionAsLoops, roundUp, sizesOf } from "../contraction/sizes.ts";
import { cutBlocks } from "./contraction-blocks.ts";
import { prefersLoops } from "./contraction-choice.ts";
import { driverText, operandText, planText } from "./contraction-driver.ts";
import { Epilogue } from "./contraction-epilogue.ts";
import { packText } from "./contraction-pack.ts";
import { guardLimit, placesText, rankLimit } from "./contraction-places.ts";
import { tileShape, tileSuffix, tileText } from "./contraction-tile.ts";
import { fixedWords, layOutWords, type Operand, readingOf } from "./contraction-words.ts";
import { renderLoopNest } from "./loops.ts";
import type { RenderedKernel, Target } from "./rendered.ts";

/** A contraction as C: multiplied in register tiles, or as plain loops if it is small. */
export function renderContraction(contraction: Contraction, target: Target): RenderedKernel {
  const sizes = sizesOf(contraction);
  if (prefersLoops(contraction, tileShape(contraction.dtype, target), sizes))
    return renderLoopNest(contractionAsLoops(contraction));
  return renderTiled(contraction, target, sizes);
}

/** A contraction in register tiles, its epilogue run on each row of them, whatever its sizes, which must not be 0. */
export function renderTiled(
  contraction: Contraction,
  target: Target,
  sizes: ContractionSizes = sizesOf(contraction),
): RenderedKernel {
  const { dtype, buffers } = contraction;
  const shape = tileShape(dtype, target);
  const suffix = tileSuffix(shape);
  const scratchWord = buffers.length;
  const before = scratchWord + 1;
  const epilogue = new Epilogue(contraction, before + fixedWords);
  const nests: Computed[] = [];
  let area = 0;
  const place = (side: "left" | "right"): Operand => {
    const { plan, materialized } = planOperand(contraction, side, hasRoom);
    if (materialized === undefined) return { plan, word: plan.buffer, offset: 0 };
    const offset = area;
    area += roundUp(materialized.length * shape.bytes, 64);
    nests.push({ kernel: renderLoopNest(materialized.nest), offset });
    return { plan, word: scratchWord, offset };
  };
  const operands = { left: place("left"), right: place("right") };
  const { panel } = operands.left.plan;
  const { listed } = readingOf(operands.left.plan, "left", shape);
  const blocks = cutBlocks(shape, sizes, panel[panel.length - 1].extent, listed);
  const divisible = epilogue.isDivisible && nests.length === 0;
  const ownWords = [...epilogue.words, ...nests.flatMap(({ kernel, offset }) => [offset, ...kernel.words])];
  const { words, scratchBytes } = layOutWords(
    dtype,
    shape,
    sizes,
    divisible ? blocks : { ...blocks, parts: 1 },
    operands,
    ownWords,
    before,
    area,
  );
  const own = [
    placesText,
    planText,
    operandText,
    tileText(shape, target),
    packText(shape),
    driverText(shape),
  ];
  return {
    key: `contraction ${suffix} ${dtype} ${buffers.length} ${nests.map(({ kernel }) => kernel.key).join()} ${epilogue.key}`,
    words,
    scratchBytes,
    parts: divisible ? blocks.parts : 1,
    shared: [...own, ...nests.flatMap(({ kernel }) => kernel.shared)],
    define: () => {
      const firstNest = before + fixedWords + epilogue.words.length;
      return `${epilogue.define(shape)}
${nestTexts(nests, scratchWord, firstNest).join("\n")}
void KERNEL(char *memory, const i32 *args, i32 part, i32 parts) {
  const contraction_plan *plan = (const contraction_plan *)(args + ${before});
${nests.map((_, k) => `  if (part == 0) OWN_NAME(KERNEL, operand${k})(memory, args);`).join("\n")}
  contract_${suffix}(memory, args, plan, (u32)args[${scratchWord}], part, parts, OWN_NAME(KERNEL, epilogue));
}`;
    },
  };
}

/** An operand that a loop nest computes into scratch, at an offset. */
interface Computed {
  readonly kernel: RenderedKernel;
  readonly offset: number;
}

// Functions that compute operands: their arguments are the buffers, the place of the operand and the words of the nest.
function nestTexts(nests: readonly Computed[], scratchWord: number, firstWord: number): string[] {
  let word = firstWord;
  return nests.map(({ kernel }, k) => {
    const own = word;
    word += 1 + kernel.words.length;
    return `${kernel.define().replace("void KERNEL(", `static void OWN_NAME(KERNEL, nest${k})(`)}
static void OWN_NAME(KERNEL, operand${k})(char *memory, const i32 *args) {
  i32 words[${scratchWord + 1 + kernel.words.length}];
  for (i64 k = 0; k < ${scratchWord}; k++) words[k] = args[k];
  words[${scratchWord}] = args[${scratchWord}] + args[${own}];
  for (i64 k = 0; k < ${kernel.words.length}; k++) words[${scratchWord + 1} + k] = args[${own + 1} + k];
  OWN_NAME(KERNEL, nest${k})(memory, words, 0, 1);
}`;
  });
}

// True if the walks have room for the axes and guards of an operand.
function hasRoom({ batch, panel, depth, guards }: PackPlan): boolean {
  return guards <= guardLimit && [batch, panel, depth].every((group) => group.length <= rankLimit);
}
