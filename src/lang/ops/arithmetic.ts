import { isFloat } from "../../base/dtype.ts";
import * as scalar from "../kernel/scalar.ts";
import type { Tensor } from "../program/tensor.ts";
import { eq, gt, lt } from "./comparison.ts";
import {
  add,
  applyElementwise,
  type Binary,
  elementwise,
  elementwiseBinary,
  elementwisePrimitive,
  type Operation,
  type Unary,
} from "./elementwise.ts";
import type { TensorLike } from "./operand.ts";
import { select } from "./select.ts";

export { add };

/**
 * −x; unsigned integers wrap around.
 *
 * @example
 * ```ts
 * neg(tensor([1, -2])); // [-1, 2]
 * ```
 */
export const neg: Unary = /*#__PURE__*/ elementwise("neg", {
  dtypes: "number",
  derivative: (dx) => neg(dx),
  transpose: (cotangent) => neg(cotangent),
  lower: scalar.neg,
  reference: (x) => -x,
});

/**
 * x − y, broadcast to one shape.
 *
 * @example
 * ```ts
 * sub(tensor([1, 2]), 1); // [0, 1]
 * ```
 */
export const sub: Binary = /*#__PURE__*/ elementwiseBinary("sub", {
  dtypes: "number",
  derivative: [(dx) => dx, (dy) => neg(dy)],
  transpose: [(cotangent) => cotangent, (cotangent) => neg(cotangent)],
  lower: scalar.sub,
  reference: (x, y) => x - y,
});

/**
 * x · y elementwise, broadcast to one shape.
 *
 * @example
 * ```ts
 * mul(tensor([1, 2]), 3); // [3, 6]
 * ```
 */
export const mul: Binary = /*#__PURE__*/ elementwiseBinary("mul", {
  dtypes: "number",
  derivative: [(dx, _, y) => mul(dx, y), (dy, x) => mul(x, dy)], // ż = ẋ y + x ẏ
  transpose: [(cotangent, _, y) => mul(cotangent, y), (cotangent, x) => mul(x, cotangent)],
  lower: scalar.mul,
  reference: (x, y, dtype) => (isFloat(dtype) ? x * y : Math.imul(x, y)),
});

/**
 * x / y, broadcast to one shape; integers round towards zero and x / 0 = 0.
 *
 * @example
 * ```ts
 * div(tensor([1, 3]), 2); // [0.5, 1.5]
 * ```
 */
export const div: Binary = /*#__PURE__*/ elementwiseBinary("div", {
  dtypes: "number",
  derivative: [(dx, _, y) => div(dx, y), (dy, _, y, z) => neg(mul(div(dy, y), z))], // ż = (ẋ − z ẏ) / y
  transpose: [(cotangent, _, y) => div(cotangent, y)],
  ranges: [
    [-2, 2],
    [0.5, 2],
  ],
  lower: scalar.div,
  reference: (x, y, dtype) => (isFloat(dtype) ? x / y : truncatedQuotient(x, y)),
});

function truncatedQuotient(x: number, y: number): number {
  return y === 0 ? 0 : Math.trunc(x / y);
}

/**
 * The remainder of x / y with the sign of x, as JavaScript's `%`; integers: 0 where y = 0. Python's sign has `mod`.
 *
 * @example
 * ```ts
 * rem(tensor([7, -7]), 3); // [1, -1]
 * ```
 */
export const rem: Binary = /*#__PURE__*/ elementwiseBinary("rem", {
  dtypes: "number",
  derivative: [(dx) => dx, (dy, x, y) => neg(mul(dy, trunc(div(x, y))))], // z = x − y trunc(x / y)
  ranges: [
    [-2, 2],
    [0.6, 0.9],
  ],
  lower: scalar.rem,
  reference: (x, y, dtype) => (y === 0 && !isFloat(dtype) ? 0 : x % y),
});

/**
 * |x|; the derivative at 0 is 0.
 *
 * @example
 * ```ts
 * abs(tensor([-1, 2])); // [1, 2]
 * ```
 */
export const abs: Unary = /*#__PURE__*/ elementwise("abs", {
  dtypes: "number",
  derivative: (dx, x) => mul(dx, sign(x)),
  lower: (x) => (x.dtype === "u32" || x.dtype === "u8" ? x : scalar.abs(x)),
  reference: Math.abs,
});

/**
 * −1, 0 or 1 by the sign; 0 and NaN stay.
 *
 * @example
 * ```ts
 * sign(tensor([-3, 0, 2])); // [-1, 0, 1]
 * ```
 */
export const sign: Unary = /*#__PURE__*/ elementwise("sign", {
  dtypes: "number",
  lower: (x) =>
    x.dtype === "u32" || x.dtype === "u8"
      ? scalar.min(x, 1)
      : scalar.select(
          scalar.gt(x, 0),
          scalar.literal(x.dtype, 1),
          scalar.select(scalar.lt(x, 0), scalar.literal(x.dtype, -1), x),
        ),
  reference: Math.sign,
});

/**
 * The larger operand, NaN where either is NaN; equal operands share the derivative.
 *
 * @example
 * ```ts
 * maximum(tensor([-1, 2]), 0); // [0, 2]
 * ```
 */
export const maximum: Binary = /*#__PURE__*/ elementwiseBinary("maximum", {
  dtypes: "number",
  derivative: [(dx, x, y) => shareOf(dx, x, y, gt), (dy, x, y) => shareOf(dy, y, x, gt)],
  lower: scalar.max,
  reference: (x, y) => Math.max(x, y),
});

/**
 * The smaller operand, NaN where either is NaN; equal operands share the derivative.
 *
 * @example
 * ```ts
 * minimum(tensor([-1, 2]), 1); // [-1, 1]
 * ```
 */
export const minimum: Binary = /*#__PURE__*/ elementwiseBinary("minimum", {
  dtypes: "number",
  derivative: [(dx, x, y) => shareOf(dx, x, y, lt), (dy, x, y) => shareOf(dy, y, x, lt)],
  lower: scalar.min,
  reference: (x, y) => Math.min(x, y),
});

// All of the tangent where x was taken, half of it where x = y.
function shareOf(dx: Tensor, x: TensorLike, y: TensorLike, taken: Binary): Tensor {
  return select(taken(x, y), dx, select(eq(x, y), mul(dx, 0.5), 0));
}

/**
 * The largest integer ≤ x, as a float.
 *
 * @example
 * ```ts
 * floor(-1.5); // -2
 * ```
 */
export const floor: Unary = /*#__PURE__*/ elementwise("floor", {
  lower: scalar.floor,
  reference: Math.floor,
});

/**
 * The smallest integer ≥ x, as a float.
 *
 * @example
 * ```ts
 * ceil(1.5); // 2
 * ```
 */
export const ceil: Unary = /*#__PURE__*/ elementwise("ceil", { lower: scalar.ceil, reference: Math.ceil });

/**
 * The integer next to x towards zero, as a float.
 *
 * @example
 * ```ts
 * trunc(-1.5); // -1
 * ```
 */
export const trunc: Unary = /*#__PURE__*/ elementwise("trunc", {
  lower: scalar.trunc,
  reference: Math.trunc,
});

/**
 * The nearest integer, half to even, as a float.
 *
 * @example
 * ```ts
 * round(tensor([0.5, 1.5])); // [0, 2]
 * ```
 */
export const round: Unary = /*#__PURE__*/ elementwise("round", {
  lower: scalar.round,
  reference: roundHalfToEven,
});

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const isHalf = x - below === 0.5;
  const nearest = isHalf ? below + (below % 2 === 0 ? 0 : 1) : Math.round(x);
  return nearest === 0 ? 0 * x : nearest;
}

/**
 * x · y + z of floats, broadcast to one shape; rounded once where the device can.
 *
 * @example
 * ```ts
 * fma(tensor([1, 2]), 3, 1); // [4, 7]
 * ```
 */
export const fma: Operation<(x: TensorLike, y: TensorLike, z: TensorLike) => Tensor> =
  /*#__PURE__*/ declareFma();

function declareFma(): typeof fma {
  const primitive = elementwisePrimitive("fma", {
    arity: 3,
    derivatives: [(dx, [, y]) => mul(dx, y), (dy, [x]) => mul(x, dy), (dz) => dz],
    lower: ([x, y, z]) => scalar.fma(x, y, z),
    reference: ([x, y, z]) => x * y + z,
  });
  const apply = (x: TensorLike, y: TensorLike, z: TensorLike): Tensor =>
    applyElementwise(primitive, [x, y, z]);
  return Object.assign(apply, { primitive });
}
