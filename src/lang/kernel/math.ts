import type { Expression } from "./expression.ts";
import { floatOf, reciprocal } from "./math-tools.ts";
import { sqrt } from "./scalar.ts";

// The transcendental functions, written once in the scalar language for f32 and f64, so that devices agree.
export { erf, erfInv } from "./math-error.ts";
export { exp, expm1, sigmoid, tanh } from "./math-exponential.ts";
export { log, log1p, pow } from "./math-logarithm.ts";
export { cos, sin } from "./math-trigonometric.ts";

/** 1/√x; at most 1.5 ulp. */
export function rsqrt(x: Expression): Expression {
  floatOf("rsqrt", x);
  return reciprocal(sqrt(x));
}
