import { isFloat } from "../../base/dtype.ts";
import * as math from "../kernel/math.ts";
import * as scalar from "../kernel/scalar.ts";
import { Tensor } from "../program/tensor.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { eq } from "./comparison.ts";
import { zerosLike } from "./create.ts";
import { type Binary, elementwise, elementwiseBinary, type Unary } from "./elementwise.ts";
import type { TensorLike } from "./operand.ts";
import { select } from "./select.ts";
import { errorFunction, inverseErrorFunction } from "./special-functions.ts";

/**
 * eˣ.
 *
 * @example
 * ```ts
 * exp(tensor([0, 1])); // [1, 2.718…]
 * ```
 */
export const exp: Unary = /*#__PURE__*/ elementwise("exp", {
  derivative: (dx, _, y) => mul(dx, y),
  lower: math.exp,
  reference: Math.exp,
});

/**
 * eˣ − 1, exact also near 0.
 *
 * @example
 * ```ts
 * expm1(1e-6);
 * ```
 */
export const expm1: Unary = /*#__PURE__*/ elementwise("expm1", {
  derivative: (dx, _, y) => mul(dx, add(y, 1)),
  lower: math.expm1,
  reference: Math.expm1,
});

/**
 * The natural logarithm: −∞ at 0, NaN below.
 *
 * @example
 * ```ts
 * log(tensor([1, Math.E])); // [0, 1]
 * ```
 */
export const log: Unary = /*#__PURE__*/ elementwise("log", {
  derivative: (dx, x) => div(dx, x),
  ranges: [[0.1, 4]],
  lower: math.log,
  reference: Math.log,
});

/**
 * log(1 + x), exact also near 0.
 *
 * @example
 * ```ts
 * log1p(1e-6);
 * ```
 */
export const log1p: Unary = /*#__PURE__*/ elementwise("log1p", {
  derivative: (dx, x) => div(dx, add(x, 1)),
  ranges: [[-0.8, 3]],
  lower: math.log1p,
  reference: Math.log1p,
});

/**
 * √x; NaN below 0.
 *
 * @example
 * ```ts
 * sqrt(tensor([4, 9])); // [2, 3]
 * ```
 */
export const sqrt: Unary = /*#__PURE__*/ elementwise("sqrt", {
  derivative: (dx, _, y) => mul(dx, div(0.5, y)),
  ranges: [[0.1, 4]],
  lower: scalar.sqrt,
  reference: Math.sqrt,
});

/**
 * 1 / √x; ∞ at 0, NaN below.
 *
 * @example
 * ```ts
 * rsqrt(tensor([4])); // [0.5]
 * ```
 */
export const rsqrt: Unary = /*#__PURE__*/ elementwise("rsqrt", {
  derivative: (dx, x, y) => mul(dx, div(mul(y, -0.5), x)), // ẏ = −½ x^(−3/2) ẋ
  ranges: [[0.2, 4]],
  lower: math.rsqrt,
  reference: (x) => 1 / Math.sqrt(x),
});

/**
 * The sine of radians.
 *
 * @example
 * ```ts
 * sin(Math.PI / 6); // 0.5
 * ```
 */
export const sin: Unary = /*#__PURE__*/ elementwise("sin", {
  derivative: (dx, x) => mul(dx, cos(x)),
  lower: math.sin,
  reference: Math.sin,
});

/**
 * The cosine of radians.
 *
 * @example
 * ```ts
 * cos(Math.PI / 3); // 0.5
 * ```
 */
export const cos: Unary = /*#__PURE__*/ elementwise("cos", {
  derivative: (dx, x) => neg(mul(dx, sin(x))),
  lower: math.cos,
  reference: Math.cos,
});

/**
 * The hyperbolic tangent.
 *
 * @example
 * ```ts
 * tanh(tensor([0, 1])); // [0, 0.7616…]
 * ```
 */
export const tanh: Unary = /*#__PURE__*/ elementwise("tanh", {
  derivative: (dx, _, y) => mul(dx, sub(1, mul(y, y))), // ẏ = (1 − y²) ẋ
  lower: math.tanh,
  reference: Math.tanh,
});

/**
 * The error function 2/√π ∫₀ˣ exp(−t²) dt.
 *
 * @example
 * ```ts
 * erf(1); // 0.8427…
 * ```
 */
export const erf: Unary = /*#__PURE__*/ elementwise("erf", {
  derivative: (dx, x) => mul(dx, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
  lower: math.erf,
  reference: errorFunction,
});

/**
 * The inverse of `erf`: ±∞ at ±1, NaN beyond.
 *
 * @example
 * ```ts
 * erfInv(0.5); // 0.4769…
 * ```
 */
export const erfInv: Unary = /*#__PURE__*/ elementwise("erfInv", {
  derivative: (dx, _, y) => mul(dx, mul(exp(mul(y, y)), Math.sqrt(Math.PI) / 2)), // ẏ = √π/2 exp(y²) ẋ
  ranges: [[-0.9, 0.9]],
  lower: math.erfInv,
  reference: inverseErrorFunction,
});

/**
 * The logistic function 1 / (1 + e⁻ˣ), without overflow.
 *
 * @example
 * ```ts
 * sigmoid(tensor([-1000, 0, 1000])); // [0, 0.5, 1]
 * ```
 */
export const sigmoid: Unary = /*#__PURE__*/ elementwise("sigmoid", {
  derivative: (dx, _, y) => mul(dx, mul(y, sub(1, y))), // ẏ = y (1 − y) ẋ
  lower: math.sigmoid,
  reference: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
});

/**
 * log(1 + eˣ), without overflow: a smooth `relu`.
 *
 * @example
 * ```ts
 * softplus(tensor([-1000, 0, 1000])); // [0, 0.6931…, 1000]
 * ```
 */
export const softplus: Unary = /*#__PURE__*/ elementwise("softplus", {
  derivative: (dx, x) => mul(dx, sigmoid(x)),
  lower: (x) => scalar.add(scalar.max(x, 0), math.log1p(math.exp(scalar.neg(scalar.abs(x))))),
  reference: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
});

const power: Binary = /*#__PURE__*/ elementwiseBinary("pow", {
  derivative: [
    (dx, x, y) => mul(dx, powerSlope(x, y)),
    (dy, x, _, z) => mul(dy, mul(z, logOfBase(x))), // ż = z log(x) ẏ
  ],
  ranges: [
    [0.3, 3],
    [-2, 2],
  ],
  lower: math.pow,
  reference: jsPower,
});

// Unlike JavaScript, C and IEEE 754 give 1 for (±1)^±∞ and 1^NaN.
function jsPower(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

// The derivative for the exponent counts as 0 where the base is 0.
function logOfBase(x: TensorLike): TensorLike {
  if (typeof x === "number") return x === 0 ? 0 : Math.log(x);
  return log(select(eq(x, 0), 1, x));
}

// y x^(y − 1), and 0 where y = 0 whatever x is.
function powerSlope(x: TensorLike, y: TensorLike): Tensor {
  if (typeof y === "number") return y === 0 ? zerosLike(x) : mul(pow(x, y - 1), y);
  const constant = eq(y, 0);
  return select(constant, 0, mul(y, power(x, select(constant, 1, sub(y, 1)))));
}

/**
 * x to the power y, broadcast to one shape; NaN for a negative x with a fractional y. The exponents 1, 2 and 3 multiply.
 *
 * @example
 * ```ts
 * pow(tensor([1, 2, 3]), 2); // [1, 4, 9]
 * ```
 */
export const pow: Binary = /*#__PURE__*/ Object.assign(
  (x: TensorLike, y: TensorLike): Tensor => {
    if (x instanceof Tensor && isFloat(x.dtype)) {
      if (y === 1) return x;
      if (y === 2) return mul(x, x);
      if (y === 3) return mul(x, mul(x, x));
    }
    return power(x, y);
  },
  { primitive: power.primitive },
);
