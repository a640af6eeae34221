import type { Expression } from "./expression.ts";
import {
  atMost,
  clamp,
  type Float,
  floatOf,
  type PerFloat,
  polynomial,
  roundedPower,
  roundedScale,
} from "./math-tools.ts";
import { abs, add, div, lt, mul, neg, select, sub } from "./scalar.ts";

const log2e = Math.LOG2E;
/** ln 2 in two parts; the first has few enough bits that its product with an exponent is exact. */
export const ln2: PerFloat<readonly [high: number, low: number]> = {
  f32: [0.693145751953125, 1.4286068203094173e-6],
  f64: [0.6931471805601177, -1.7239444525614835e-13],
};

// (e^r − 1 − r)/r² on |r| ≤ ½ ln 2, fitted to the relative error of e^r: 3.1e-9 in f32, 3.7e-18 in f64.
const exponential: PerFloat<readonly number[]> = {
  f32: [0.49999994, 0.166665211, 0.0416682735, 0.00836868584, 0.00138201425],
  f64: [
    0.5000000000000011, 0.16666666666666438, 0.0416666666665267, 0.008333333333478927, 0.001388888894446713,
    0.00019841269539142266, 2.4801492273798973e-5, 2.7557557829225703e-6, 2.7630533790732967e-7,
    2.5009009779509802e-8,
  ],
};

// The same, fitted to the relative error of e^r − 1: 1.4e-8 in f32, 2.8e-19 in f64.
const exponentialMinusOne: PerFloat<readonly number[]> = {
  f32: [0.49999997, 0.166665465, 0.041667439, 0.00836626906, 0.00138703512],
  f64: [
    0.5, 0.16666666666666677, 0.04166666666666668, 0.008333333333321737, 0.0013888888888895425,
    0.00019841269855544921, 2.4801587278439118e-5, 2.7557244904669666e-6, 2.755732824193447e-7,
    2.5108780578943287e-8, 2.0894702550750747e-9,
  ],
};

// Outside of these e^x has underflowed to 0 or overflowed.
const range: PerFloat<readonly [low: number, high: number]> = { f32: [-104, 89], f64: [-746, 710] };

// e^x − 1 rounds to x below these.
const tiny: PerFloat<number> = { f32: 2 ** -25, f64: 2 ** -54 };

/** r = x − n·ln 2, in two steps of which the first is exact. */
export function reduceByLn2(x: Expression, n: Expression, type: Float): Expression {
  const [high, low] = ln2[type];
  return sub(sub(x, mul(n, high)), mul(n, low));
}

// e^r − 1 for |r| ≤ ½ ln 2: r + r²q(r), as small a relative error as e^r has.
function excess(r: Expression, type: Float): Expression {
  return add(r, mul(mul(r, r), polynomial(r, exponential[type])));
}

/** e^r for |r| ≤ ½ ln 2. */
export function reducedExponential(r: Expression, type: Float): Expression {
  return add(1, excess(r, type));
}

/** e^x: x = n ln 2 + r, e^x = 2^n e^r; at most 1 ulp, also for denormal results. */
export function exp(x: Expression): Expression {
  const type = floatOf("exp", x);
  const inRange = clamp(x, ...range[type]);
  const { n, scale } = roundedScale(mul(inRange, log2e), type);
  return scale(reducedExponential(reduceByLn2(inRange, n, type), type));
}

// unit·(1 + e^x) for unit = 2^−shift, summed from the small terms to the large: 2^n(e^r − 1) + unit + 2^n.
function onePlusExponential(x: Expression, type: Float, shift = 0): Expression {
  const { n, power } = roundedPower(mul(x, log2e), type, -shift);
  return add(add(mul(excess(reduceByLn2(x, n, type), type), power), 2 ** -shift), power);
}

/** e^x − 1, accurate near 0: 2(2^(n−1) p + (2^(n−1) − ½)) with p = e^r − 1. */
export function expm1(x: Expression): Expression {
  const type = floatOf("expm1", x);
  // Below the lower limit the result rounds to −1.
  const inRange = clamp(x, type === "f32" ? -18 : -38, range[type][1]);
  const { n, power } = roundedPower(mul(inRange, log2e), type, -1);
  const r = reduceByLn2(inRange, n, type);
  const p = add(r, mul(mul(r, r), polynomial(r, exponentialMinusOne[type])));
  // 2^(n−1) and not 2^n, which overflows before the result does.
  const half = add(mul(p, power), sub(power, 0.5));
  // Tiny numbers are their own result; the sum would lose denormals and the sign of −0.
  return select(lt(abs(x), tiny[type]), x, mul(half, 2));
}

/** The logistic function 1/(1 + e^−x); at most 2 ulp, also for denormal results. */
export function sigmoid(x: Expression): Expression {
  const type = floatOf("sigmoid", x);
  // Numerator and denominator are scaled down, so that the result underflows before e^−x overflows.
  const shift = type === "f32" ? 24 : 54;
  const denominator = onePlusExponential(clamp(neg(x), -60, -range[type][0]), type, shift);
  return div(2 ** -shift, denominator);
}

// (tanh(x)/x − 1)/x² in x² on |x| ≤ 0.55; relative error of tanh 3.7e-8 in f32, 2.8e-20 in f64.
const tangent: PerFloat<readonly number[]> = {
  f32: [-0.333329469, 0.133207291, -0.0526720136, 0.01643789],
  f64: [
    -0.3333333333333333, 0.1333333333333294, -0.053968253967958665, 0.02186948852498347,
    -0.008863235280806807, 0.0035921244817832933, -0.0014558003650070686, 0.0005898036713949287,
    -0.00023811039587673456, 9.37353521807482e-5, -3.2668537394961253e-5, 7.282153323590064e-6,
  ],
};

/** tanh x: a polynomial for |x| < 0.55, else ±(1 − 2/(1 + e^2|x|)), which attenuates the error of e^2|x|. */
export function tanh(x: Expression): Expression {
  const type = floatOf("tanh", x);
  const size = abs(x);
  // Beyond 10 (f64: 20) the result rounds to ±1.
  const limited = atMost(size, type === "f32" ? 10 : 20);
  const large = sub(1, div(2, onePlusExponential(add(limited, limited), type)));
  const square = mul(x, x);
  // A product, which keeps the sign of −0.
  const small = mul(x, add(mul(square, polynomial(square, tangent[type])), 1));
  return select(lt(size, 0.55), small, withSignOf(x, large));
}

/** y with the sign of x, for y ≥ 0 and x ≠ 0. */
export function withSignOf(x: Expression, y: Expression): Expression {
  return select(lt(x, 0), neg(y), y);
}
