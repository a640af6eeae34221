import type { Expression } from "./expression.ts";
import { type Float, floatOf, nearest, type PerFloat, polynomial } from "./math-tools.ts";
import {
  add,
  and,
  bitcast,
  eq,
  floor,
  ge,
  max,
  min,
  mul,
  ne,
  neg,
  or,
  select,
  shl,
  sub,
  xor,
} from "./scalar.ts";

// π/2 as a sum of parts of 8 (f64: 33) bits and a last one: their products with n < 2¹⁶ (2²⁰) are exact.
const halfPi: PerFloat<readonly number[]> = {
  f32: [1.5703125, 0.000484466552734375, -6.407499313354492e-7, 9.89530235528946e-10, 2.563344151594519e-12],
  f64: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32],
};

// (sin(r)/r − 1)/r² in r² on |r| ≤ π/4; relative error of sin 4.0e-9 in f32, 3.8e-18 in f64.
const sine: PerFloat<readonly number[]> = {
  f32: [-0.166666552, 0.00833218731, -0.000195179091],
  f64: [
    -0.1666666666666663, 0.008333333333321882, -0.000198412698294135, 2.7557313563061693e-6,
    -2.5050738903988087e-8, 1.5895726912617902e-10,
  ],
};

// (cos(r) − 1 + r²/2)/r⁴ in r² on |r| ≤ π/4; relative error of cos 1.2e-10 in f32, 5.8e-20 in f64.
const cosine: PerFloat<readonly number[]> = {
  f32: [0.0416666456, -0.00138873095, 2.44323364e-5],
  f64: [
    0.041666666666666595, -0.0013888888888873307, 2.4801587288965155e-5, -2.7557314203033483e-7,
    2.0875703130340125e-9, -1.135861640146498e-11,
  ],
};

/**
 * sin x, at most 2 ulp for |x| ≤ 10⁵ (f64: 10⁶), 4 ulp where the result is below 10⁻⁶.
 * Beyond, it is the sine of a number within a few ulp of x up to 6·10⁶ (f64: 7·10¹⁵), and then any number from −1 to 1; NaN for ±∞.
 */
export function sin(x: Expression): Expression {
  // The sum of r and a small term loses the sign of −0.
  return select(eq(x, 0), x, quarterTurns(x, 0, floatOf("sin", x)));
}

/** cos x, with the accuracy of `sin`. */
export function cos(x: Expression): Expression {
  return quarterTurns(x, 1, floatOf("cos", x));
}

// x − n·π/2, part by part. The first two differences are exact, the others unless they nearly cancel: what one loses joins the next part,
// since a sum of parts would lose the digits that matter when x is close to a multiple of π/2.
function reduceByHalfPi(x: Expression, n: Expression, type: Float): Expression {
  const [first, second, ...rest] = halfPi[type].map((part) => mul(n, part));
  let reduced = sub(sub(x, first), second);
  let lost: Expression | undefined;
  for (const part of rest) {
    const subtracted: Expression = lost === undefined ? part : sub(part, lost);
    const difference = sub(reduced, subtracted);
    lost = sub(sub(reduced, difference), subtracted);
    reduced = difference;
  }
  return reduced;
}

// sin(x + turns·π/2): x = n·π/2 + r, and n + turns modulo 4 picks ± sin r or ± cos r.
function quarterTurns(x: Expression, turns: 0 | 1, type: Float): Expression {
  const { n, shifted } = nearest(mul(x, 2 / Math.PI), type, turns);
  const reduced = reduceByHalfPi(x, n, type);
  // Only arguments too large to be reduced leave this range.
  const r = max(min(reduced, 1), -1);
  const square = mul(r, r);
  const s = add(r, mul(r, mul(square, polynomial(square, sine[type]))));
  const series = mul(mul(square, square), polynomial(square, cosine[type]));
  const c = add(sub(1, mul(square, 0.5)), series);
  if (type === "f32") {
    const quadrant = bitcast(shifted, "i32");
    const value = select(ne(and(quadrant, 1), 0), c, s);
    return bitcast(xor(bitcast(value, "i32"), shl(and(quadrant, 2), 30)), "f32");
  }
  const position = add(n, turns);
  const quadrant = sub(position, mul(floor(mul(position, 0.25)), 4));
  const value = select(or(eq(quadrant, 1), eq(quadrant, 3)), c, s);
  return select(ge(quadrant, 2), neg(value), value);
}
