import { NeuriteError } from "../../base/error.ts";
import type { Expression } from "./expression.ts";
import {
  add,
  bitcast,
  cast,
  div,
  exponent,
  floor,
  gt,
  lt,
  mul,
  powerOfTwo,
  select,
  shl,
  shr,
  sub,
} from "./scalar.ts";

// What the transcendental functions share. They are branch-free, use no fused multiply-add, and count on every
// operation being rounded to its type. A clamp is a select, so that NaN passes through.

/** The types that transcendental functions exist for. */
export type Float = "f32" | "f64";

/** Numbers that depend on the precision. */
export interface PerFloat<T> {
  readonly f32: T;
  readonly f64: T;
}

/** The float type of an operand; throws for integers and truth values. */
export function floatOf(operation: string, x: Expression): Float {
  if (x.dtype === "f32" || x.dtype === "f64") return x.dtype;
  throw new NeuriteError({ operation, got: `an operand of type ${x.dtype}`, expected: "f32 or f64" });
}

/** c₀ + c₁x + c₂x² + … by Horner's rule. */
export function polynomial(x: Expression, coefficients: readonly (number | Expression)[]): Expression {
  const last = coefficients.length - 1;
  let sum = mul(x, coefficients[last]);
  for (let k = last - 1; k > 0; k--) sum = mul(add(sum, coefficients[k]), x);
  return add(sum, coefficients[0]);
}

/** x < low ? low : x */
export function atLeast(x: Expression, low: number): Expression {
  return select(lt(x, low), low, x);
}

/** x > high ? high : x */
export function atMost(x: Expression, high: number): Expression {
  return select(gt(x, high), high, x);
}

/** low ≤ x ≤ high, NaN stays NaN. */
export function clamp(x: Expression, low: number, high: number): Expression {
  return atMost(atLeast(x, low), high);
}

// 1.5·2²³ and 1.5·2⁵²: adding one rounds to an integer, which then stands in the low bits of the sum.
const rounder: PerFloat<number> = { f32: 12582912, f64: 6755399441055744 };

/** An integer n near a value, and the powers of two it stands for. */
export interface Rounded {
  /** The nearest integer, as a float. */
  readonly n: Expression;
  /** The sum whose low bits are n + bias. */
  readonly shifted: Expression;
}

/** Rounds t, |t| < 2²¹ in f32, to the nearest integer n; `bias` is added to the low bits of `shifted`. */
export function nearest(t: Expression, type: Float, bias = 0): Rounded {
  const shift = rounder[type] + bias;
  const shifted = add(t, shift);
  return { n: sub(shifted, shift), shifted };
}

/** n = nearest(t) and 2^(n + offset), which must be a normal number, 0 or infinite. */
export function roundedPower(t: Expression, type: Float, offset = 0): { n: Expression; power: Expression } {
  if (type === "f64") {
    const { n } = nearest(t, type);
    return { n, power: powerOfTwo(offset === 0 ? n : add(n, offset)) };
  }
  // The exponent field is n + 127.
  const { n, shifted } = nearest(t, type, 127 + offset);
  return { n, power: bitcast(shl(bitcast(shifted, "i32"), 23), "f32") };
}

/**
 * n = nearest(t) and a function p ↦ p·2^n that rounds once, also when the result is denormal or overflows:
 * 2^n is multiplied in two halves, 2^⌊n/2⌋ · 2^⌈n/2⌉.
 */
export function roundedScale(
  t: Expression,
  type: Float,
): { n: Expression; scale: (p: Expression) => Expression } {
  if (type === "f64") {
    const { n } = nearest(t, type);
    const half = floor(mul(n, 0.5));
    return { n, scale: (p) => mul(mul(p, powerOfTwo(half)), powerOfTwo(sub(n, half))) };
  }
  const { n, shifted } = nearest(t, type, 254);
  const bits = bitcast(shifted, "i32");
  const half = shr(bits, 1);
  const first = bitcast(shl(half, 23), "f32");
  const second = bitcast(shl(sub(bits, half), 23), "f32");
  return { n, scale: (p) => mul(mul(p, first), second) };
}

/** x = m · 2^k with m from √½ to √2 and k an integer as a float; x positive, from 2⁻¹²⁶ to 2¹²⁶ (f64: 2⁻¹⁰²² to 2¹⁰²²). */
export interface Decomposed {
  readonly m: Expression;
  readonly k: Expression;
  /** 2^−k */
  readonly inverse: Expression;
}

/** Splits a positive normal number into mantissa and exponent. */
export function decompose(x: Expression, type: Float): Decomposed {
  if (type === "f64") {
    // Times √2, so that the exponent steps at √½ and not at 1.
    const k = exponent(mul(x, Math.SQRT2));
    const inverse = powerOfTwo(sub(0, k));
    return { m: mul(x, inverse), k, inverse };
  }
  const bits = bitcast(x, "i32");
  // 0x3f3504f3 is √½; the difference of the exponent fields is k.
  const k = shr(sub(bits, 0x3f3504f3), 23);
  const shift = shl(k, 23);
  const m = bitcast(sub(bits, shift), "f32");
  return { m, k: cast(k, "f32"), inverse: bitcast(sub(0x3f800000, shift), "f32") };
}

// Veltkamp's constant 2^⌈bits/2⌉ + 1.
const splitter: PerFloat<number> = { f32: 4097, f64: 134217729 };

/** x = high + low, each of half the bits, so that products of halves are exact. */
export function split(x: Expression, type: Float): { high: Expression; low: Expression } {
  const t = mul(x, splitter[type]);
  const high = sub(t, sub(t, x));
  return { high, low: sub(x, high) };
}

/** 1/x */
export function reciprocal(x: Expression): Expression {
  return div(1, x);
}
