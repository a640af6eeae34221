import * as scalar from "../kernel/scalar.ts";
import type { Tensor } from "../program/tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { gt } from "./comparison.ts";
import { elementwise, type Unary } from "./elementwise.ts";
import { erf, expm1, sigmoid, tanh } from "./exponential.ts";
import { asTensor, type TensorLike } from "./operand.ts";
import { select } from "./select.ts";

/**
 * max(x, 0); NaN stays, and the derivative at 0 is 0.
 *
 * @example
 * ```ts
 * relu(tensor([-1, 2])); // [0, 2]
 * ```
 */
export const relu: Unary = /*#__PURE__*/ elementwise("relu", {
  dtypes: "number",
  derivative: (dx, _, y) => select(gt(y, 0), dx, 0),
  lower: (x) => scalar.select(scalar.lt(x, 0), scalar.literal(x.dtype, 0), x),
  reference: (x) => (x < 0 ? 0 : x),
});

/**
 * x where positive, else negativeSlope · x (default 0.01, as lecture 4, "Neural Network models").
 *
 * @example
 * ```ts
 * leakyRelu(tensor([-1, 2])); // [-0.01, 2]
 * ```
 */
export function leakyRelu(x: TensorLike, negativeSlope = 0.01): Tensor {
  const operand = asTensor(x);
  return select(gt(operand, 0), operand, mul(operand, negativeSlope));
}

/**
 * x where positive, else alpha · (eˣ − 1) (default alpha 1).
 *
 * @example
 * ```ts
 * elu(tensor([-1, 2])); // [-0.6321, 2]
 * ```
 */
export function elu(x: TensorLike, alpha = 1): Tensor {
  const operand = asTensor(x);
  const positive = gt(operand, 0);
  // Large positive x must not overflow where they are not taken: their derivative would be 0 · ∞.
  return select(positive, operand, mul(expm1(select(positive, 0, operand)), alpha));
}

/**
 * x · sigmoid(x), also called swish.
 *
 * @example
 * ```ts
 * silu(tensor([-1, 2])); // [-0.2689, 1.7616]
 * ```
 */
export function silu(x: TensorLike): Tensor {
  return mul(x, sigmoid(x));
}

/**
 * Another name of `silu`.
 *
 * @example
 * ```ts
 * swish(tensor([-1, 2])); // [-0.2689, 1.7616]
 * ```
 */
export const swish: (x: TensorLike) => Tensor = silu;

/** Options of `gelu`. */
export interface GeluOptions {
  /** Use the tanh approximation; default false. */
  readonly approximate?: boolean;
}

/**
 * x · Φ(x) with the normal distribution function Φ, exactly or by the tanh approximation.
 *
 * @example
 * ```ts
 * gelu(tensor([-1, 2])); // [-0.1587, 1.9545]
 * ```
 */
export function gelu(x: TensorLike, { approximate = false }: GeluOptions = {}): Tensor {
  const half = mul(x, 0.5);
  if (!approximate) return mul(half, add(erf(mul(x, Math.SQRT1_2)), 1));
  const cubic = add(x, mul(mul(mul(x, x), x), 0.044715));
  return mul(half, add(tanh(mul(cubic, Math.sqrt(2 / Math.PI))), 1));
}
