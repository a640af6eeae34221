import type { DType } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { normalizeAxis, sameShape, stridesOf } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { allocate } from "./host.ts";
import { takeAlongAxis } from "./indexing.ts";
import { slice } from "./movement.ts";
import { axisOffsets, otherAxes, range } from "./offsets.ts";
import { tensorOf } from "./operand.ts";
import { broadcastAlong } from "./structure.ts";

type SortParameters = { readonly axis: number; readonly descending: boolean };

/** Sorts along an axis by the first operand, stable, NaN as the largest; the others follow. The last output is the permutation. */
export const sortPrimitive: Primitive<SortParameters> = {
  name: "sort",
  infer(inputs) {
    const [{ shape }] = inputs;
    const other = inputs.find((input) => !sameShape(input.shape, shape));
    if (other !== undefined) {
      throw new NeuriteError({
        operation: "sort",
        got: inputs.map(formatType).join(" and "),
        expected: "operands of one shape",
      });
    }
    return [...inputs, { dtype: "i32", shape }];
  },
  derivative: ({ tangents, outputs, parameters: { axis } }) => {
    const permutation = outputs[outputs.length - 1];
    return [...tangents.map((tangent) => tangent && takeAlongAxis(tangent, permutation, axis)), undefined];
  },
  batch({ inputs, batched, size, parameters: { axis, descending } }) {
    const operands = inputs.map((operand, i) => {
      const x = tensorOf(operand);
      return batched[i] ? x : broadcastAlong(x, [size, ...x.shape], range(1, x.shape.length + 1));
    });
    return bind(sortPrimitive, operands, { axis: axis + 1, descending });
  },
  reference({ inputs, outputs, parameters: { axis, descending } }) {
    const results = outputs.map(allocate);
    const [{ dtype, shape, data: keys }] = inputs;
    const [extent, stride] = [shape[axis], stridesOf(shape)[axis]];
    const permutation = results[results.length - 1];
    for (const row of axisOffsets(shape, otherAxes(shape.length, [axis]))) {
      const order = orderOf(dtype, extent, (i) => keys[row + i * stride], descending);
      for (let i = 0; i < extent; i++) permutation[row + i * stride] = order[i];
      inputs.forEach(({ data }, k) => {
        const sorted = results[k];
        for (let i = 0; i < extent; i++) sorted[row + i * stride] = data[row + order[i] * stride];
      });
    }
    return results;
  },
  lowering: { kind: "routine" },
  samples: [
    { inputs: [{ dtype: "f32", shape: [3, 5] }], parameters: { axis: 1, descending: false } },
    {
      inputs: [
        { dtype: "f64", shape: [4, 2] },
        { dtype: "f64", shape: [4, 2] },
      ],
      parameters: { axis: 0, descending: true },
    },
    {
      inputs: [
        { dtype: "i32", shape: [6] },
        { dtype: "f32", shape: [6] },
      ],
      parameters: { axis: 0, descending: false },
    },
  ],
};

/** Shorter lists are sorted by comparing: counting digits takes longer than they do. */
const shortestCounted = 256;

/** The places 0 … extent − 1 in the order of their keys. */
function orderOf(
  dtype: DType,
  extent: number,
  keyAt: (place: number) => number,
  descending: boolean,
): ArrayLike<number> {
  const places = Int32Array.from({ length: extent }, (_, i) => i);
  if (dtype === "f64" || extent < shortestCounted) {
    return places.sort((i, j) => compare(keyAt(i), keyAt(j), descending));
  }
  const rankOf = dtype === "f32" ? rankOfFloat : dtype === "i32" ? rankOfInteger : (key: number) => key;
  const ranks = new Uint32Array(extent);
  for (let i = 0; i < extent; i++) ranks[i] = descending ? ~rankOf(keyAt(i)) : rankOf(keyAt(i));
  return inOrder(ranks, places);
}

const digitBits = 11;

/** Puts places in the order of their ranks, digit by digit from the lowest: each digit keeps the order of those before. */
function inOrder(ranks: Uint32Array, places: Int32Array): ArrayLike<number> {
  let from: Int32Array = places;
  let to: Int32Array = new Int32Array(places.length);
  const ends = new Uint32Array(2 ** digitBits);
  const lowest = ends.length - 1;
  for (let shift = 0; shift < 32; shift += digitBits) {
    ends.fill(0);
    for (let i = 0; i < from.length; i++) ends[(ranks[i] >>> shift) & lowest]++;
    let start = 0;
    for (let digit = 0; digit < ends.length; digit++) {
      const count = ends[digit];
      ends[digit] = start;
      start += count;
    }
    for (let i = 0; i < from.length; i++) to[ends[(ranks[from[i]] >>> shift) & lowest]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

// Ranks are integers of 32 bits in the order of the keys.
function rankOfInteger(key: number): number {
  return key ^ 0x80000000;
}

const float: Float32Array = /*#__PURE__*/ new Float32Array(1);
const bits: Int32Array = /*#__PURE__*/ new Int32Array(float.buffer);

function rankOfFloat(key: number): number {
  if (Number.isNaN(key)) return 0xffffffff;
  // A sum with 0 is not −0.
  float[0] = key + 0;
  return bits[0] < 0 ? ~bits[0] : bits[0] ^ 0x80000000;
}

// NaN counts as larger than every number.
function compare(x: number, y: number, descending: boolean): number {
  if (x === y) return 0;
  const less = Number.isNaN(y) ? !Number.isNaN(x) : x < y;
  if (!less && Number.isNaN(x) && Number.isNaN(y)) return 0;
  return less === descending ? 1 : -1;
}

/** The axis to sort along and the direction. */
export interface SortOptions {
  /** Default the last. */
  readonly axis?: number;
  /** Largest first; default false. */
  readonly descending?: boolean;
}

function bindSort(operation: string, operands: readonly Tensor[], options: SortOptions): Tensor[] {
  const axis = normalizeAxis(operation, options.axis ?? -1, operands[0].shape.length);
  return bind(sortPrimitive, operands, { axis, descending: options.descending ?? false });
}

/**
 * The elements in order along an axis; equal ones keep theirs, NaN counts as the largest.
 *
 * @example
 * ```ts
 * sort(tensor([3, 1, 2])); // [1, 2, 3]
 * ```
 */
export function sort(x: Tensor, options: SortOptions = {}): Tensor {
  return bindSort("sort", [x], options)[0];
}

/**
 * Several tensors of one shape in the order of the first, `keys`, along an axis. Throws for different shapes.
 *
 * @example
 * ```ts
 * const [keys, values] = sortBy(tensor([3, 1]), [tensor([30, 10])]); // [1, 3], [10, 30]
 * ```
 */
export function sortBy(keys: Tensor, values: readonly Tensor[], options: SortOptions = {}): Tensor[] {
  return bindSort("sortBy", [keys, ...values], options).slice(0, -1);
}

/**
 * The indices that put x in order along an axis, i32 of the shape of x.
 *
 * @example
 * ```ts
 * argsort(tensor([3, 1, 2])); // [1, 2, 0]
 * ```
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  return bindSort("argsort", [x], options)[1];
}

/**
 * The k largest elements along the last axis, largest first, and their indices; of equal ones the first come first.
 * Throws unless 0 ≤ k ≤ extent.
 *
 * @example
 * ```ts
 * const { values, indices } = topK(tensor([3, 1, 2]), 2); // [3, 2], [0, 2]
 * ```
 */
export function topK(x: Tensor, k: number): { readonly values: Tensor; readonly indices: Tensor } {
  const last = x.shape.length - 1;
  if (last < 0 || !Number.isInteger(k) || k < 0 || k > x.shape[last]) {
    throw new NeuriteError({
      operation: "topK",
      got: `k = ${k} for ${formatType(x)}`,
      expected: "an integer from 0 to the extent of the last axis",
    });
  }
  const [values, indices] = bindSort("topK", [x], { descending: true });
  const first = (all: Tensor): Tensor =>
    slice(all, new Array<number>(last + 1).fill(0), x.shape.with(last, k));
  return { values: first(values), indices: first(indices) };
}
