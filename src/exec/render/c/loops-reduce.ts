import { type DType, isFloat } from "../../../base/dtype.ts";
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
  /** The number of partial values. */
  readonly count: number;
  readonly accumulate: SharedText;
  readonly fold: SharedText;
}

/**
 * The functions for one reduction. Element i goes to partial value i mod (copies · lanes), behind the last whole block
 * to i mod lanes of the first vector, and behind its last whole vector where `single` says: the order of the wasm device.
 */
export function reducerOf(step: ReduceNode, { copies: vectors, lanes, single }: Partials): Reducer {
  const { combine } = step;
  const { dtype } = step.value;
  // The order of comparisons does not show in the result: more of them run side by side.
  const isExtreme = combine === "max" || combine === "min";
  const copies = isExtreme ? 4 * vectors : vectors;
  const partials: Partials = { copies, lanes, single };
  const name = `${combine}_${dtype}_${copies}x${lanes}`;
  const accumulate =
    isExtreme && isFloat(dtype)
      ? extremeParts(combine, dtype)
      : {
          ...{ before: "", after: "" },
          step: (lane: string, k: string) =>
            `partials[${lane}] = ${combineText(combine, dtype, `partials[${lane}]`, `values[${k}]`)};`,
        };
  return {
    count: copies * lanes,
    accumulate: accumulateText(`accumulate_${name}${single ? "_single" : ""}`, dtype, partials, accumulate),
    fold: foldText(`fold_${name}`, step, partials),
  };
}

/** How values are taken in: what stands before and behind all of them, and for one of them. */
interface AccumulateParts {
  readonly before: string;
  readonly step: (lane: string, k: string) => string;
  readonly after: string;
}

// As max_f32 and its like (prelude.ts), but whether an element was NaN is noted on the side: the chain stays short.
function extremeParts(combine: "max" | "min", dtype: "f32" | "f64"): AccumulateParts {
  const [compare, join] = combine === "max" ? [">", "&"] : ["<", "|"];
  const half = (x: string, y: string): string => `bits_of_${dtype}(${x} ${compare} ${y} ? ${x} : ${y})`;
  return {
    before: `  i32 unordered = partials[0] != partials[0];
  for (i64 j = 0; j < count; j++) unordered |= values[j] != values[j];
`,
    step: (lane, k) => {
      const [x, y] = [`partials[${lane}]`, `values[${k}]`];
      return `${x} = ${dtype}_of_bits(${half(x, y)} ${join} ${half(y, x)});`;
    },
    after: '  if (unordered) partials[0] = __builtin_nan("");\n',
  };
}

function accumulateText(
  key: string,
  dtype: DType,
  { copies, lanes, single }: Partials,
  { before, step, after }: AccumulateParts,
): SharedText {
  const block = copies * lanes;
  const rest = single
    ? `for (; k < count; k++) ${step("0", "k")}`
    : `for (i64 lane = ${lanes} - (count - k); k < count; k++, lane++) ${step("lane", "k")}`;
  const source = `INLINE void ${key}(${dtype} *restrict partials, const ${dtype} *restrict values, i64 count) {
  i64 k = 0;
${before}  for (; k + ${block} <= count; k += ${block}) {
    for (i32 lane = 0; lane < ${block}; lane++) ${step("lane", "k + lane")}
  }
  for (; k + ${lanes} <= count; k += ${lanes}) {
    for (i32 lane = 0; lane < ${lanes}; lane++) ${step("lane", "k + lane")}
  }
  ${rest}
${after}}`;
  return { key, source };
}

// Combines vectors in pairs, then lanes: halves first, then neighbours.
function foldText(key: string, { combine, value: { dtype } }: ReduceNode, partials: Partials): SharedText {
  const { copies, lanes } = partials;
  const lines: string[] = [];
  const into = (left: number, right: number): void => {
    lines.push(`  p[${left}] = ${combineText(combine, dtype, `p[${left}]`, `p[${right}]`)};`);
  };
  for (let step = 1; step < copies; step *= 2) {
    for (let copy = 0; copy + step < copies; copy += 2 * step) {
      for (let lane = 0; lane < lanes; lane++) into(copy * lanes + lane, (copy + step) * lanes + lane);
    }
  }
  for (let half = lanes / 2; half >= 1; half /= 2) {
    for (let lane = 0; lane < half; lane++) into(lane, lane + half);
  }
  return { key, source: `INLINE ${dtype} ${key}(${dtype} *p) {\n${lines.join("\n")}\n  return p[0];\n}` };
}
