import type { Expression } from "./expression.ts";
import { reducedExponential, withSignOf } from "./math-exponential.ts";
import { log } from "./math-logarithm.ts";
import { atMost, floatOf, type PerFloat, polynomial, roundedPower } from "./math-tools.ts";
import { abs, add, eq, literal, lt, mul, neg, select, sqrt, sub } from "./scalar.ts";

/** Polynomials of erf: the first around 0, the second around `center`, from `border` on. */
interface ErrorFunctionTable {
  readonly border: number;
  /** erf(x)/x − 1 in x². */
  readonly small: readonly number[];
  readonly center: number;
  /** −log₂(1 − erf(x)) in x − center. */
  readonly large: readonly number[];
  /** Beyond, erf rounds to 1. */
  readonly end: number;
}

// Relative errors of erf below and above the border: 1.4e-8 and 3.0e-8 in f32, 1.4e-17 and 1.3e-18 in f64.
const errorFunction: PerFloat<ErrorFunctionTable> = {
  f32: {
    border: 0.9,
    small: [0.128379151, -0.376125127, 0.112820558, -0.0267763268, 0.00500863139, -0.000607495836],
    center: 1,
    large: [2.66841674, 3.80722904, 1.21635652, 0.0596656427, -0.0135412859, 0.00184268132],
    end: 3.95,
  },
  f64: {
    border: 1,
    small: [
      0.12837916709551256, -0.37612638903183376, 0.11283791670939435, -0.02686617064246542,
      0.005223977601464994, -0.0008548325729549528, 0.00012055288149815444, -1.4924616562133015e-5,
      1.6446037424131767e-6, -1.6198497886756363e-7, 1.3679261758473442e-8, -7.723642227474575e-10,
    ],
    center: 3.5,
    large: [
      20.359943454933727, 10.482765842749474, 1.3947298380096196, 0.007539031765831059, -0.001260464283980562,
      0.0002125024796944063, -3.5189738146273933e-5, 5.6058019489249825e-6, -8.399132675721039e-7,
      1.3079035985658552e-7, -8.120809693053913e-10, 4.957024709109593e-9, -3.1760818236420356e-9,
      -4.449631715230704e-9, -2.5616731178376524e-9, -9.127312695388657e-10, -2.009936704009235e-10,
      -2.6208419163592276e-11, -1.5143056286704596e-12,
    ],
    end: 5.95,
  },
};

/** erf x = 2/√π ∫₀ˣ e^−t² dt: a polynomial near 0, else ±(1 − 2^−g(|x|)), which attenuates the error of g. */
export function erf(x: Expression): Expression {
  const type = floatOf("erf", x);
  const { border, small, center, large, end } = errorFunction[type];
  const size = abs(x);
  const square = mul(x, x);
  const near = add(x, mul(x, polynomial(square, small)));
  const logarithm = neg(polynomial(sub(atMost(size, end), center), large));
  const { n, power } = roundedPower(logarithm, type);
  const complement = mul(reducedExponential(mul(sub(logarithm, n), Math.LN2), type), power);
  return select(lt(size, border), near, withSignOf(x, sub(1, complement)));
}

/** Polynomials of erfInv(x)/x: in w = −ln(1 − x²) up to `border`, in √w beyond, both around a center. */
interface InverseTable {
  readonly border: number;
  readonly centers: readonly [small: number, large: number];
  readonly small: readonly number[];
  readonly large: readonly number[];
}

// Relative errors below and above the border: 1.5e-8 and 6.5e-9 in f32, 3.3e-17 and 1.6e-16 in f64.
const inverse: PerFloat<InverseTable> = {
  f32: {
    border: 5,
    centers: [1, 3.125],
    small: [
      1.12737441, 0.247832879, 0.00425056368, -0.00237638433, 0.000100342208, 3.81660175e-5, -4.39220139e-6,
      -5.18696368e-7, 1.39676288e-7, -8.57628457e-9,
    ],
    large: [
      2.95832014, 1.00371873, 0.00704884017, -0.00530136563, 0.00378277362, -0.00251980918, 0.00130858063,
      -0.00032484805, -0.000172479049, 0.000130078348,
    ],
  },
  f64: {
    border: 7.5,
    centers: [3.75, 4.4375],
    small: [
      1.801242791533653, 0.23191923513704638, -0.007021052885932358, -0.0003326727176595347,
      0.0001386215649564384, -1.5982234930604535e-5, 1.156961401233549e-7, 2.4763731253662465e-7,
      -3.658620696556276e-8, 8.594756048390519e-10, 5.072459070225214e-10, -8.427263125306146e-11,
      2.7613299488464254e-12, 1.0853409190943293e-12, -1.964989745632618e-13, 7.92547644717885e-15,
      2.359431691219885e-15, -4.685588965991974e-16, 2.3275450226553033e-17, 5.637812206898518e-18,
      -1.2363281796026599e-18, 3.6158737509472717e-20, 1.910261963670966e-20, -1.9055949983247936e-21,
      -1.265303384035929e-22, 1.8697719820735306e-23, 1.0790193928980167e-25,
    ],
    large: [
      4.2816156493316795, 1.0101866687781937, 0.0004116832778795173, -0.00046888745052323544,
      0.00016144249965186036, -4.5499907903016974e-5, 1.2869781716449421e-5, -4.563937190832003e-6,
      2.246991870252633e-6, -1.2667958266792236e-6, 6.631972082489276e-7, -2.878522329416187e-7,
      9.270860347283624e-8, -1.511095235520269e-8, -4.820435572798702e-9, 5.08598873545926e-9,
      -2.182295347513705e-9, 4.771614711386625e-10, 2.4299435038900814e-11, -5.644509212555343e-11,
      2.3799912685307065e-11, -7.387533976226343e-12, 4.3524719750830923e-13, 9.847759563382574e-13,
      -2.977066878961843e-13, -2.5317347336289805e-14, 1.4289038447024687e-14,
    ],
  },
};

/** The inverse of erf on [−1, 1], ±∞ at its ends and NaN outside: normal numbers are √2·erfInv(2u − 1). */
export function erfInv(x: Expression): Expression {
  const type = floatOf("erfInv", x);
  const { border, centers, small, large } = inverse[type];
  // (1 − x)(1 + x) keeps the bits that 1 − x² loses near ±1.
  const w = neg(log(mul(sub(1, x), add(x, 1))));
  const isSmall = lt(w, border);
  const t = select(isSmall, sub(w, centers[0]), sub(sqrt(w), centers[1]));
  const coefficients = small.map((value, k) => select(isSmall, literal(type, value), large[k]));
  const value = mul(x, polynomial(t, coefficients));
  return select(eq(abs(x), 1), mul(x, Infinity), value);
}
