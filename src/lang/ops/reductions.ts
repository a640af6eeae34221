import { type Shape, sizeOf, stridesOf } from "../../base/shape.ts";
import { linearIndex } from "../kernel/coordinate.ts";
import type { Combine } from "../kernel/kernel.ts";
import * as scalar from "../kernel/scalar.ts";
import type { DerivativeContext, Primitive, ReductionAt } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { add, div, mul } from "./arithmetic.ts";
import { eq } from "./comparison.ts";
import { pad, slice } from "./movement.ts";
import { asTensor, cast, type TensorLike, tensorOf } from "./operand.ts";
import { type ReductionParameters, type ReductionRules, reduceAxes, reduction } from "./reduction-family.ts";
import { select } from "./select.ts";
import { type ReductionOptions, reshape, spread, sum, transpose } from "./structure.ts";

const numbers = ["f32", "f64", "i32", "u32", "u8"] as const;

function extremum(name: "max" | "min"): Primitive<ReductionParameters> {
  const choose = name === "max" ? Math.max : Math.min;
  return reduction(name, {
    dtypes: [...numbers, "bool"],
    refusesEmpty: true,
    derivative: shareAmongTies,
    lower: (_, value) => ({ stages: [{ combine: name, value }], value: ([result]) => result }),
    reference: (values) => values.reduce((best, value) => choose(best, value)),
  });
}

// ẏ = mean of ẋ over the elements that equal y.
function shareAmongTies(context: DerivativeContext<ReductionParameters>): [Tensor | undefined] {
  const { inputs, tangents, outputs, parameters } = context;
  const [dx] = tangents;
  if (dx === undefined) return [undefined];
  const x = tensorOf(inputs[0]);
  const { axes: axis, keepDims } = parameters;
  const chosen = eq(x, spread(outputs[0], x.shape, parameters));
  const count = sum(cast(chosen, x.dtype), { axis, keepDims });
  return [div(sum(select(chosen, dx, 0), { axis, keepDims }), count)];
}

/** Maximum over axes. */
export const maxPrimitive: Primitive<ReductionParameters> = /*#__PURE__*/ extremum("max");

/** Minimum over axes. */
export const minPrimitive: Primitive<ReductionParameters> = /*#__PURE__*/ extremum("min");

/**
 * The largest element over axes (all unless given), NaN if there is one; equal largest elements share the derivative.
 * Throws when there is nothing to choose from.
 *
 * @example
 * ```ts
 * max(tensor([[1, 5], [3, 2]]), { axis: 1 }); // [5, 3]
 * ```
 */
export function max(x: TensorLike, options: ReductionOptions = {}): Tensor {
  return reduceWith(maxPrimitive, x, options);
}

/**
 * The smallest element over axes (all unless given), NaN if there is one; equal smallest elements share the derivative.
 * Throws when there is nothing to choose from.
 *
 * @example
 * ```ts
 * min(tensor([[1, 5], [3, 2]])); // 1
 * ```
 */
export function min(x: TensorLike, options: ReductionOptions = {}): Tensor {
  return reduceWith(minPrimitive, x, options);
}

/** Product over axes. */
export const prodPrimitive: Primitive<ReductionParameters> = /*#__PURE__*/ reduction("prod", {
  dtypes: numbers,
  derivative: ({ inputs: [x], tangents: [dx], outputs: [y], parameters: { axes } }) => [
    dx === undefined ? undefined : productTangent(tensorOf(x), dx, axes, y.shape),
  ],
  lower: (_, value) => ({ stages: [{ combine: "prod", value }], value: ([result]) => result }),
  reference: (values, dtype) =>
    values.reduce(
      (product, value) => (dtype === "i32" || dtype === "u32" ? Math.imul(product, value) : product * value),
      1,
    ),
});

// Multiplies in pairs, (p, ṗ)(q, q̇) = (p q, ṗ q + p q̇): exact also where elements are 0.
function productTangent(x: Tensor, dx: Tensor, axes: readonly number[], shape: Shape): Tensor | undefined {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const length = sizeOf(axes.map((axis) => x.shape[axis]));
  if (length === 0) return undefined;
  const asRows = (t: Tensor): Tensor => reshape(transpose(t, [...kept, ...axes]), [sizeOf(shape), length]);
  let product = asRows(x);
  let tangent = asRows(dx);
  while (product.shape[1] > 1) {
    const odd = product.shape[1] % 2;
    const half = (product.shape[1] + odd) / 2;
    const [p, q] = halves(pad(product, [0, [0, odd]], 1), half);
    const [dp, dq] = halves(pad(tangent, [0, [0, odd]]), half);
    product = mul(p, q);
    tangent = add(mul(dp, q), mul(p, dq));
  }
  return reshape(tangent, shape);
}

function halves(rows: Tensor, half: number): [Tensor, Tensor] {
  return [slice(rows, [0, 0], [undefined, half]), slice(rows, [0, half])];
}

/**
 * The product of elements over axes (all unless given), 1 for none; integers wrap around.
 *
 * @example
 * ```ts
 * prod(tensor([[1, 2], [3, 4]]), { axis: 0 }); // [3, 8]
 * ```
 */
export function prod(x: TensorLike, options: ReductionOptions = {}): Tensor {
  return reduceWith(prodPrimitive, x, options);
}

function positionOfExtremum(name: "argmax" | "argmin", combine: Combine): Primitive<ReductionParameters> {
  const better = name === "argmax" ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  return reduction(name, {
    dtypes: numbers,
    result: "i32",
    refusesEmpty: true,
    lower: (_, value, extents) => firstPosition(combine, value, stridesOf(extents)),
    reference: (values) =>
      values.reduce((best, value, i) => {
        if (Number.isNaN(values[best])) return best;
        return Number.isNaN(value) || better(value, values[best]) ? i : best;
      }, 0),
  });
}

// First the extremum, then the smallest position that holds it; NaN is an extremum, and the first one counts.
function firstPosition(
  combine: Combine,
  value: Parameters<ReductionRules["lower"]>[1],
  strides: readonly number[],
): Omit<ReductionAt, "inner"> {
  return {
    stages: [
      { combine, value },
      {
        combine: "min",
        value: (inner, [best]) => {
          const element = value(inner);
          const holds = scalar.or(scalar.eq(element, best), scalar.ne(element, element));
          return scalar.select(holds, scalar.coordinateValue(linearIndex(inner, strides)), 2147483647);
        },
      },
    ],
    value: ([, position]) => position,
  };
}

/** Position of the first maximum among the reduced elements. */
export const argmaxPrimitive: Primitive<ReductionParameters> = /*#__PURE__*/ positionOfExtremum(
  "argmax",
  "max",
);

/** Position of the first minimum among the reduced elements. */
export const argminPrimitive: Primitive<ReductionParameters> = /*#__PURE__*/ positionOfExtremum(
  "argmin",
  "min",
);

/** The axis of a search: all elements, row-major, unless given. */
export interface PositionOptions {
  /** Counts from the end when negative. */
  readonly axis?: number | undefined;
  /** Keep the axis with extent 1; default false. */
  readonly keepDims?: boolean;
}

/**
 * The position (i32) of the largest element along an axis, or among all elements in row-major order; the first of equal
 * ones, the first NaN if there is one. Throws when there is nothing to choose from.
 *
 * @example
 * ```ts
 * argmax(tensor([[1, 5, 5], [3, 2, 1]]), { axis: -1 }); // [1, 0]
 * ```
 */
export function argmax(x: TensorLike, options: PositionOptions = {}): Tensor {
  return reduceAxes(argmaxPrimitive, x, options.axis, options.keepDims ?? false);
}

/**
 * The position (i32) of the smallest element along an axis, or among all elements in row-major order; the first of
 * equal ones, the first NaN if there is one. Throws when there is nothing to choose from.
 *
 * @example
 * ```ts
 * argmin(tensor([4, 1, 1])); // 1
 * ```
 */
export function argmin(x: TensorLike, options: PositionOptions = {}): Tensor {
  return reduceAxes(argminPrimitive, x, options.axis, options.keepDims ?? false);
}

function reduceWith(
  primitive: Primitive<ReductionParameters>,
  x: TensorLike,
  { axis, keepDims = false }: ReductionOptions,
): Tensor {
  if (typeof axis === "object" && axis.length === 0) return asTensor(x);
  return reduceAxes(primitive, x, axis, keepDims);
}
