import type { DType } from "../../../base/dtype.ts";
import type { ReduceNode } from "../nest/lower.ts";
import type { SharedText } from "./rendered.ts";
import { combineText } from "./scalar.ts";

/** How the partial values of a reduction along lanes are kept: `copies` vectors of `lanes`, as on every device. */
export interface Partials {
  readonly copies: number;
  readonly lanes: number;
  /** True where elements that fill no vector go to lane 0, not to the last lanes. */
  readonly single: boolean;
}

/** Functions that reduce: `accumulate(partials, values, count)` takes in a row of values, `fold(partials)` gives the result. */
export interface Reducer {
  readonly accumulate: SharedText;
  readonly fold: SharedText;
}

/**
 * The functions for one reduction. Element i goes to partial value i mod (copies · lanes), behind the last whole block
 * to i mod lanes of the first vector, and behind its last whole vector where `single` says: the order of the wasm device.
 */
export function reducerOf({ combine, value: { dtype } }: ReduceNode, partials: Partials): Reducer {
  const { copies, lanes, single } = partials;
  const name = `${combine}_${dtype}_${copies}x${lanes}`;
  const pair = (x: string, y: string): string => combineText(combine, dtype, x, y);
  return {
    accumulate: accumulateText(`accumulate_${name}${single ? "_single" : ""}`, dtype, partials, pair),
    fold: foldText(`fold_${name}`, dtype, partials, pair),
  };
}

type Pair = (x: string, y: string) => string;

function accumulateText(
  key: string,
  dtype: DType,
  { copies, lanes, single }: Partials,
  pair: Pair,
): SharedText {
  const block = copies * lanes;
  const add = (partial: string, element: string): string =>
    `partials[${partial}] = ${pair(`partials[${partial}]`, `values[${element}]`)};`;
  const source = `INLINE void ${key}(${dtype} *restrict partials, const ${dtype} *restrict values, i64 count) {
  i64 k = 0;
  for (; k + ${block} <= count; k += ${block}) {
    for (i32 lane = 0; lane < ${block}; lane++) ${add("lane", "k + lane")}
  }
  for (; k + ${lanes} <= count; k += ${lanes}) {
    for (i32 lane = 0; lane < ${lanes}; lane++) ${add("lane", "k + lane")}
  }
  for (${single ? "" : `i64 lane = ${lanes} - (count - k)`}; k < count; k++${single ? "" : ", lane++"}) ${add(single ? "0" : "lane", "k")}
}`;
  return { key, source };
}

// Combines vectors in pairs, then lanes: halves first, then neighbours.
function foldText(key: string, dtype: DType, { copies, lanes }: Partials, pair: Pair): SharedText {
  const lines: string[] = [];
  const into = (left: number, right: number): void => {
    lines.push(`  p[${left}] = ${pair(`p[${left}]`, `p[${right}]`)};`);
  };
  for (let step = 1; step < copies; step *= 2) {
    for (let copy = 0; copy + step < copies; copy += 2 * step) {
      for (let lane = 0; lane < lanes; lane++) into(copy * lanes + lane, (copy + step) * lanes + lane);
    }
  }
  for (let half = lanes / 2; half >= 1; half /= 2) {
    for (let lane = 0; lane < half; lane++) into(lane, lane + half);
  }
  return {
    key,
    source: `INLINE ${dtype} ${key}(${dtype} *p) {\n${lines.join("\n")}\n  return p[0];\n}`,
  };
}
