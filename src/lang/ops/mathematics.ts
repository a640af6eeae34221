import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import type { Tensor } from "../program/tensor.ts";
import { abs, add, div, maximum, minimum, mul, rem, round, sub } from "./arithmetic.ts";
import { and, eq, lt, ne } from "./comparison.ts";
import { cos, exp, expm1, sin, sqrt } from "./exponential.ts";
import { stopGradient } from "./identity.ts";
import type { TensorLike } from "./operand.ts";
import { select } from "./select.ts";

/**
 * x².
 *
 * @example
 * ```ts
 * square(tensor([1, -2])); // [1, 4]
 * ```
 */
export function square(x: TensorLike): Tensor {
  return mul(x, x);
}

/**
 * 1 / x, of floats.
 *
 * @example
 * ```ts
 * reciprocal(tensor([1, 2])); // [1, 0.5]
 * ```
 */
export function reciprocal(x: TensorLike): Tensor {
  return div(1, x);
}

/**
 * The tangent of radians.
 *
 * @example
 * ```ts
 * tan(Math.PI / 4); // 1
 * ```
 */
export function tan(x: TensorLike): Tensor {
  return div(sin(x), cos(x));
}

/**
 * The hyperbolic sine (eˣ − e⁻ˣ) / 2, exact also near 0.
 *
 * @example
 * ```ts
 * sinh(tensor([0, 1])); // [0, 1.1752…]
 * ```
 */
export function sinh(x: TensorLike): Tensor {
  return mul(sub(expm1(x), expm1(mul(x, -1))), 0.5);
}

/**
 * The hyperbolic cosine (eˣ + e⁻ˣ) / 2.
 *
 * @example
 * ```ts
 * cosh(tensor([0, 1])); // [1, 1.5430…]
 * ```
 */
export function cosh(x: TensorLike): Tensor {
  return mul(add(exp(x), exp(mul(x, -1))), 0.5);
}

/**
 * √(x² + y²), without overflow; the derivative at (0, 0) is 0.
 *
 * @example
 * ```ts
 * hypot(tensor([3, 5]), tensor([4, 12])); // [5, 13]
 * ```
 */
export function hypot(x: TensorLike, y: TensorLike): Tensor {
  const larger = stopGradient(maximum(abs(x), abs(y)));
  const scale = select(and(ne(larger, 0), lt(larger, Infinity)), larger, 1);
  return mul(scale, rootOrZero(add(square(div(x, scale)), square(div(y, scale)))));
}

/** √x with derivative 0 at 0, where that of a length is undefined. */
export function rootOrZero(x: Tensor): Tensor {
  const zero = eq(x, 0);
  return select(zero, 0, sqrt(select(zero, 1, x)));
}

/**
 * Values below `low` become `low` and values above `high` become `high`; NaN stays.
 *
 * @example
 * ```ts
 * clip(tensor([-1, 0.5, 2]), 0, 1); // [0, 0.5, 1]
 * ```
 */
export function clip(x: TensorLike, low: TensorLike, high: TensorLike): Tensor {
  if (typeof low === "number" && typeof high === "number" && !(low <= high)) {
    throw new NeuriteError({ operation: "clip", got: `bounds ${low} and ${high}`, expected: "low ≤ high" });
  }
  return minimum(maximum(x, low), high);
}

/**
 * The remainder of x / y with the sign of y, as Python's `%`; integers: 0 where y = 0.
 *
 * @example
 * ```ts
 * mod(tensor([7, -7]), 3); // [1, 2]
 * ```
 */
export function mod(x: TensorLike, y: TensorLike): Tensor {
  const remainder = rem(x, y);
  const otherSign = ne(lt(remainder, 0), lt(y, 0));
  return select(and(ne(remainder, 0), otherSign), add(remainder, y), remainder);
}

/**
 * ⌊x / y⌋, as Python's `//`; integers: 0 where y = 0.
 *
 * @example
 * ```ts
 * floorDivide(tensor([7, -7]), 3); // [2, -3]
 * ```
 */
export function floorDivide(x: TensorLike, y: TensorLike): Tensor {
  const quotient = div(sub(x, mod(x, y)), y);
  return isFloat(quotient.dtype) ? round(quotient) : quotient;
}
