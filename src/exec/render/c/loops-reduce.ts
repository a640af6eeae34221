import { type DType, isFloat } from "../../../base/dtype.ts";
import type { Combine } from "../../../lang/kernel/kernel.ts";
import type { ReduceNode } from "../nest/lower.ts";
import type { SharedText } from "./rendered.ts";
import { combineText } from "./scalar.ts";

/** How the partial values of a sum along lanes are kept: `copies` vectors of `lanes`, as on every device. */
export interface Partials {
  readonly copies: number;
  readonly lanes: number;
  /** True where elements that fill no vector go to lane 0, not to the last lanes. */
  readonly single: boolean;
}

/** Functions that reduce: `accumulate(partials, values, count)` takes in a row of values, `fold(partials)` gives the result. */
export interface Reducer {
  /** The number of partial values. */
  readonly count: number;
  readonly accumulate: SharedText;
  readonly fold: SharedText;
}

/** The functions for one reduction. */
export function reducerOf({ combine, value: { dtype } }: ReduceNode, partials: Partials): Reducer {
  if (!isFloat(dtype)) return integerReducer(combine, dtype);
  return combine === "max" || combine === "min"
    ? extremeReducer(combine, dtype)
    : sumReducer(combine, dtype, partials);
}

// Integers come to the same in every order. The compiler finds one; given one, gcc 12 has been seen to lose elements.
function integerReducer(combine: Combine, dtype: DType): Reducer {
  const name = `${combine}_${dtype}`;
  return {
    count: 1,
    accumulate: accumulateText(`accumulate_${name}`, dtype, [
      `${dtype} result = partials[0];`,
      `for (; k < count; k++) result = ${combineText(combine, dtype, "result", "values[k]")};`,
      "partials[0] = result;",
    ]),
    fold: foldText(`fold_${name}`, dtype, []),
  };
}

/**
 * Element i goes to partial value i mod (copies · lanes), behind the last whole block to i mod lanes of the first vector,
 * and behind its last whole vector where `single` says. At the end vectors are combined in pairs, then halves of lanes:
 * the order of the wasm device, and with it its bits.
 */
function sumReducer(combine: Combine, dtype: DType, { copies, lanes, single }: Partials): Reducer {
  const count = copies * lanes;
  const name = `${combine}_${dtype}_${copies}x${lanes}`;
  const add = (lane: string, k: string): string =>
    `partials[${lane}] = ${combineText(combine, dtype, `partials[${lane}]`, `values[${k}]`)};`;
  const rest = single
    ? `for (; k < count; k++) ${add("0", "k")}`
    : `for (i64 lane = ${lanes} - (count - k); k < count; k++, lane++) ${add("lane", "k")}`;
  const pairs: string[] = [];
  for (let step = 1; step < copies; step *= 2) {
    for (let copy = 0; copy + step < copies; copy += 2 * step) {
      pairs.push(combineRange(combine, dtype, copy * lanes, (copy + step) * lanes, lanes));
    }
  }
  return {
    count,
    accumulate: accumulateText(`accumulate_${name}${single ? "_single" : ""}`, dtype, [
      `for (; k + ${count} <= count; k += ${count}) {`,
      `  for (i32 lane = 0; lane < ${count}; lane++) ${add("lane", "k + lane")}`,
      "}",
      `for (; k + ${lanes} <= count; k += ${lanes}) {`,
      `  for (i32 lane = 0; lane < ${lanes}; lane++) ${add("lane", "k + lane")}`,
      "}",
      rest,
    ]),
    fold: foldText(`fold_${name}`, dtype, [...pairs, ...combineHalves(combine, dtype, lanes)]),
  };
}

// The order of comparisons does not show in the result: as many side by side as hide their latency.
const extremeCount = 32;

function extremeReducer(combine: "max" | "min", dtype: DType): Reducer {
  const name = `${combine}_${dtype}`;
  const step = (lane: string, k: string): string =>
    `partials[${lane}] = ${orderedExtreme(combine, dtype, `partials[${lane}]`, `values[${k}]`)};`;
  return {
    count: extremeCount,
    accumulate: accumulateText(`accumulate_${name}`, dtype, [
      // NaN is noted on the side, so that the chain from one value to the next is short.
      "i32 unordered = partials[0] != partials[0];",
      "for (i64 j = 0; j < count; j++) unordered |= values[j] != values[j];",
      `for (; k + ${extremeCount} <= count; k += ${extremeCount}) {`,
      `  for (i32 lane = 0; lane < ${extremeCount}; lane++) ${step("lane", "k + lane")}`,
      "}",
      `for (i64 lane = 0; k < count; k++, lane++) ${step("lane", "k")}`,
      'if (unordered) partials[0] = __builtin_nan("");',
    ]),
    fold: foldText(`fold_${name}`, dtype, combineHalves(combine, dtype, extremeCount)),
  };
}

// max_f32 and its like (prelude.ts) where neither is NaN.
function orderedExtreme(combine: "max" | "min", dtype: DType, x: string, y: string): string {
  const [compare, join] = combine === "max" ? [">", "&"] : ["<", "|"];
  const half = (a: string, b: string): string => `bits_of_${dtype}(${a} ${compare} ${b} ? ${a} : ${b})`;
  return `${dtype}_of_bits(${half(x, y)} ${join} ${half(y, x)})`;
}

function accumulateText(key: string, dtype: DType, lines: readonly string[]): SharedText {
  const head = `INLINE void ${key}(${dtype} *restrict partials, const ${dtype} *restrict values, i64 count)`;
  return { key, source: functionText(head, ["i64 k = 0;", ...lines]) };
}

function foldText(key: string, dtype: DType, lines: readonly string[]): SharedText {
  return { key, source: functionText(`INLINE ${dtype} ${key}(${dtype} *p)`, [...lines, "return p[0];"]) };
}

function functionText(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => `  ${line}\n`).join("")}}`;
}

function combineHalves(combine: Combine, dtype: DType, lanes: number): string[] {
  const lines: string[] = [];
  for (let half = lanes / 2; half >= 1; half /= 2) lines.push(combineRange(combine, dtype, 0, half, half));
  return lines;
}

function combineRange(combine: Combine, dtype: DType, to: number, from: number, count: number): string {
  const [x, y] = [`p[${to} + lane]`, `p[${from} + lane]`];
  return `for (i32 lane = 0; lane < ${count}; lane++) ${x} = ${combineText(combine, dtype, x, y)};`;
}
