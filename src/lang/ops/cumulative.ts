import { NeuriteError } from "../../base/error.ts";
import { normalizeAxis, stridesOf } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { mul } from "./arithmetic.ts";
import { allocate } from "./host.ts";
import { flip, pad, slice } from "./movement.ts";
import { axisOffsets, otherAxes } from "./offsets.ts";

type CumulativeParameters = { readonly axis: number; readonly reverse: boolean };

/** y_i = Σ_{j ≤ i} x_j along an axis (j ≥ i when reversed). */
export const cumsumPrimitive: Primitive<CumulativeParameters> = {
  name: "cumsum",
  infer([x]) {
    if (x.dtype === "bool") {
      throw new NeuriteError({
        operation: "cumsum",
        got: formatType(x),
        expected: "numbers",
        hint: "cast it",
      });
    }
    return [x];
  },
  derivative: ({ tangents: [dx], parameters }) => [dx && bind(cumsumPrimitive, [dx], parameters)[0]],
  transpose: ({ cotangents: [ct], parameters: { axis, reverse } }) => [
    ct && bind(cumsumPrimitive, [ct], { axis, reverse: !reverse })[0],
  ],
  batch: ({ inputs, parameters: { axis, reverse } }) =>
    bind(cumsumPrimitive, inputs, { axis: axis + 1, reverse }),
  reference({ inputs: [x], outputs: [type], parameters: { axis, reverse } }) {
    const result = allocate(type);
    const [extent, stride] = [x.shape[axis], stridesOf(x.shape)[axis]];
    for (const row of axisOffsets(x.shape, otherAxes(x.shape.length, [axis]))) {
      let sum = 0;
      for (let i = 0; i < extent; i++) {
        const at = row + (reverse ? extent - 1 - i : i) * stride;
        sum += x.data[at];
        result[at] = sum;
      }
    }
    return [result];
  },
  lowering: { kind: "routine" },
  samples: [
    { inputs: [{ dtype: "f32", shape: [2, 5] }], parameters: { axis: 1, reverse: false } },
    { inputs: [{ dtype: "f64", shape: [4, 2] }], parameters: { axis: 0, reverse: true } },
    { inputs: [{ dtype: "i32", shape: [4] }], parameters: { axis: 0, reverse: false } },
  ],
};

/** Along which axis, and from which end. */
export interface CumulativeOptions {
  /** Default the last. */
  readonly axis?: number;
  /** Accumulate from the end; default false. */
  readonly reverse?: boolean;
}

/**
 * Running sums along an axis.
 *
 * @example
 * ```ts
 * cumsum(tensor([1, 2, 3])); // [1, 3, 6]
 * ```
 */
export function cumsum(x: Tensor, options: CumulativeOptions = {}): Tensor {
  const axis = normalizeAxis("cumsum", options.axis ?? -1, x.shape.length);
  return bind(cumsumPrimitive, [x], { axis, reverse: options.reverse ?? false })[0];
}

/**
 * Running products along an axis, differentiable at zeros too.
 *
 * @example
 * ```ts
 * cumprod(tensor([1, 2, 3])); // [1, 2, 6]
 * ```
 */
export function cumprod(x: Tensor, options: CumulativeOptions = {}): Tensor {
  const axis = normalizeAxis("cumprod", options.axis ?? -1, x.shape.length);
  if (options.reverse === true) return flip(cumprod(flip(x, axis), { axis }), axis);
  const extent = x.shape[axis];
  let product = x;
  // After step k every element is the product of the last 2ᵏ.
  for (let step = 1; step < extent; step *= 2) {
    const earlier = slice(product, [], x.shape.with(axis, extent - step));
    const widths = x.shape.map((_, k) => [k === axis ? step : 0, 0] as const);
    product = mul(product, pad(earlier, widths, 1));
  }
  return product;
}
