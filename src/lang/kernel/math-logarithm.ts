import type { Expression } from "./expression.ts";
import { ln2, reducedExponential } from "./math-exponential.ts";
import {
  clamp,
  type Decomposed,
  decompose,
  type Float,
  floatOf,
  type PerFloat,
  polynomial,
  reciprocal,
  roundedScale,
  split,
} from "./math-tools.ts";
import {
  abs,
  add,
  and,
  bitcast,
  div,
  eq,
  floor,
  gt,
  le,
  literal,
  lt,
  mul,
  ne,
  neg,
  not,
  or,
  select,
  sub,
} from "./scalar.ts";

// 2(atanh(s)/s − 1)/s² in s² on s ≤ (√2 − 1)/(√2 + 1); relative error of 2 atanh 8.2e-10 in f32, 1.2e-18 in f64.
const areaTangent: PerFloat<readonly number[]> = {
  f32: [0.666667759, 0.399775594, 0.298718989],
  f64: [
    0.6666666666666735, 0.3999999999940916, 0.2857142874376947, 0.22222198416468952, 0.18183573208251444,
    0.15313805264846855, 0.1479857721502977,
  ],
};

// Scaling by 2^24 (2^54) makes denormals normal.
const lift: PerFloat<number> = { f32: 24, f64: 54 };

/** Splits any x > 0, also denormal; huge numbers are scaled down, so that 2^−k is a normal number. */
function decomposePositive(x: Expression, type: Float): Decomposed {
  const below = lt(x, 1);
  const scaled = mul(x, select(below, literal(type, 2 ** lift[type]), 2 ** -lift[type]));
  const { m, k, inverse } = decompose(scaled, type);
  return { m, k: add(k, select(below, literal(type, -lift[type]), lift[type])), inverse };
}

/** ln((1 + f)·2^k) = k ln 2 + 2 atanh(s) with s = f/(2 + f), summed from the small terms to the large. */
function logarithmOf(f: Expression, k: Expression, type: Float): Expression {
  const [high, low] = ln2[type];
  const s = div(f, add(f, 2));
  const square = mul(s, s);
  const series = mul(square, polynomial(square, areaTangent[type]));
  const halfSquare = mul(mul(f, 0.5), f);
  // 2 atanh(s) = f − (f²/2 − s(f²/2 + series))
  const correction = add(mul(s, add(halfSquare, series)), mul(k, low));
  return sub(mul(k, high), sub(sub(halfSquare, correction), f));
}

// The limits of a logarithm whose argument is `argument`: NaN below 0, −∞ at 0, ∞ at ∞; NaN passes.
function withLimits(argument: Expression, value: Expression): Expression {
  const finite = select(lt(argument, Infinity), value, argument);
  return select(
    gt(argument, 0),
    finite,
    select(eq(argument, 0), literal(floatOf("log", value), -Infinity), Number.NaN),
  );
}

/** ln x; at most 1 ulp. */
export function log(x: Expression): Expression {
  const type = floatOf("log", x);
  const { m, k } = decomposePositive(x, type);
  return withLimits(x, logarithmOf(sub(m, 1), k, type));
}

/** ln(1 + x), accurate near 0: what the rounding of u = 1 + x lost, x − (u − 1), is added to the reduced argument. */
export function log1p(x: Expression): Expression {
  const type = floatOf("log1p", x);
  const u = add(x, 1);
  const lost = sub(x, sub(u, 1));
  // A quarter of u, so that 2^−k is a normal number for all of them.
  const { m, k, inverse } = decompose(mul(u, 0.25), type);
  const f = add(sub(m, 1), mul(lost, mul(inverse, 0.25)));
  const value = logarithmOf(f, add(k, 2), type);
  // The sums lose the sign of −0.
  return select(eq(x, 0), x, withLimits(u, value));
}

/**
 * x^y = e^(y ln x) with ln x and the product in two parts each, so that the error does not grow with the exponent.
 * Special values are those of C and NumPy: x⁰ = 1^y = 1 also for NaN; NaN for x < 0 and y not an integer.
 */
export function pow(x: Expression, y: Expression): Expression {
  const type = floatOf("pow", x);
  const size = abs(x);
  const [high, low] = logarithmInParts(size, type);
  const product = mul(y, high);
  const limit = type === "f32" ? 110 : 760;
  // The product of 0 with an infinite y is 0 here, since 1^∞ = 1.
  const isOne = eq(size, 1);
  const exponent = clamp(select(isOne, literal(type, 0), product), -limit, limit);
  // Where the product is out of range or infinite its rounding error has no meaning.
  const meaningful = and(le(abs(product), limit), not(isOne));
  const rest = select(meaningful, productError(y, high, low, product, type), 0);
  const { n, scale } = roundedScale(mul(exponent, Math.LOG2E), type);
  const [ln2High, ln2Low] = ln2[type];
  const r = add(sub(sub(exponent, mul(n, ln2High)), mul(n, ln2Low)), rest);
  return withSigns(x, y, size, scale(reducedExponential(r, type)), type);
}

// ln x as an unevaluated sum of two floats, for x ≥ 0; ±∞ and NaN stand in the first.
function logarithmInParts(x: Expression, type: Float): [high: Expression, low: Expression] {
  const { m, k } = decomposePositive(x, type);
  const f = sub(m, 1);
  const denominator = add(m, 1);
  const denominatorLost = sub(m, sub(denominator, 1));
  const inverse = reciprocal(denominator);
  // s = f/(1 + m): half of its bits, then what they leave of f.
  const sHigh = split(mul(f, inverse), type).high;
  const parts = split(denominator, type);
  const remainder = sub(
    sub(sub(f, mul(sHigh, parts.high)), mul(sHigh, parts.low)),
    mul(sHigh, denominatorLost),
  );
  const sLow = mul(remainder, inverse);
  const s = add(sHigh, sLow);
  const square = mul(s, s);
  const series = mul(mul(s, square), polynomial(square, areaTangentFine[type]));
  const tail = add(mul(sLow, 2), series);
  // k ln 2 is 0 or larger than 2s, so that the error of the sum is exact.
  const [ln2High, ln2Low] = ln2[type];
  const whole = mul(k, ln2High);
  const twice = mul(sHigh, 2);
  const sum = add(whole, twice);
  const sumLost = sub(twice, sub(sum, whole));
  const rest = add(sumLost, add(mul(k, ln2Low), tail));
  const high = add(sum, rest);
  const low = sub(rest, sub(high, sum));
  const limited = select(lt(x, Infinity), high, x);
  return [select(eq(x, 0), literal(type, -Infinity), limited), low];
}

// As above with one more term: 2.5e-11 in f32, 1.2e-18 in f64.
const areaTangentFine: PerFloat<readonly number[]> = {
  f32: [0.666666627, 0.400009722, 0.284987956, 0.242787287],
  f64: areaTangent.f64,
};

// y·(high + low) − product, with the error of the product from exact partial products.
function productError(
  y: Expression,
  high: Expression,
  low: Expression,
  product: Expression,
  type: Float,
): Expression {
  const a = split(y, type);
  const b = split(high, type);
  const head = sub(mul(a.high, b.high), product);
  const cross = add(add(head, mul(a.high, b.low)), mul(a.low, b.high));
  return add(add(cross, mul(a.low, b.low)), mul(y, low));
}

// The sign of x^y from |x|^y, and the values that no formula gives.
function withSigns(
  x: Expression,
  y: Expression,
  size: Expression,
  value: Expression,
  type: Float,
): Expression {
  const isInteger = eq(floor(y), y);
  const half = mul(y, 0.5);
  const isOdd = and(isInteger, ne(floor(half), half));
  const below = lt(x, 0);
  // −0 is negative too; f64 has no bits to look at, but 1/−0 = −∞.
  const isNegative = type === "f32" ? lt(bitcast(x, "i32"), 0) : or(below, lt(reciprocal(x), 0));
  const signed = select(and(isNegative, isOdd), neg(value), value);
  const undefinedThere = and(and(below, lt(size, Infinity)), not(isInteger));
  return select(eq(y, 0), literal(type, 1), select(undefinedThere, literal(type, Number.NaN), signed));
}
