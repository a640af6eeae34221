// Reference values of functions that JavaScript lacks, in f64.

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** erf(x) = 2/√π ∫₀ˣ exp(−t²) dt */
export function errorFunction(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  return size < 1.5 ? errorSeries(x) : Math.sign(x) * (1 - complementaryErrorFraction(size));
}

// erf(x) = 2/√π exp(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, all terms of one sign.
function errorSeries(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return twoOverRootPi * Math.exp(-x * x) * total;
}

// erfc(x) = exp(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), for x ≥ 1.
function complementaryErrorFraction(x: number): number {
  if (x > 27) return 0;
  let denominator = x;
  for (let n = 400; n >= 1; n--) denominator = x + n / 2 / denominator;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / denominator;
}

/** The x with erf(x) = y: ±∞ at ±1, NaN beyond. */
export function inverseErrorFunction(y: number): number {
  const size = Math.abs(y);
  if (!(size < 1)) return size === 1 ? y * Infinity : Number.NaN;
  // Winitzki's approximation, then Newton's method on erf or, near 1, on the logarithm of erfc.
  const logarithm = Math.log1p(-size * size);
  const half = 2 / (Math.PI * 0.147) + logarithm / 2;
  let x = Math.sqrt(Math.sqrt(half * half - logarithm / 0.147) - half);
  for (let step = 0; step < 6; step++) x -= x < 1.5 ? seriesStep(x, size) : fractionStep(x, 1 - size);
  return Math.sign(y) * x;
}

function seriesStep(x: number, y: number): number {
  return (errorSeries(x) - y) / (twoOverRootPi * Math.exp(-x * x));
}

function fractionStep(x: number, complement: number): number {
  const value = complementaryErrorFraction(x);
  return ((Math.log(value) - Math.log(complement)) * value) / (-twoOverRootPi * Math.exp(-x * x));
}
