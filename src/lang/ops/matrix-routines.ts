// Dense factorizations of one row-major n × n matrix in f64; the primitives round the results to their dtype.

/** Overwrites a symmetric positive definite matrix by L, a = L·Lᵀ, reading its lower triangle; NaN where it is not definite. */
export function choleskyInPlace(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j];
    }
    a.fill(0, i * n + i + 1, (i + 1) * n);
  }
}

/** Overwrites a matrix by its factors L (unit diagonal, below) and U of its permuted rows; gives the permutation and its sign. */
export function luInPlace(a: Float64Array, n: number): { permutation: Int32Array; sign: number } {
  const permutation = Int32Array.from({ length: n }, (_, i) => i);
  let sign = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (pivot !== k) {
      const row = a.slice(k * n, (k + 1) * n);
      a.copyWithin(k * n, pivot * n, (pivot + 1) * n);
      a.set(row, pivot * n);
      [permutation[k], permutation[pivot]] = [permutation[pivot], permutation[k]];
      sign = -sign;
    }
    if (a[k * n + k] === 0) continue;
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      a[i * n + k] = factor;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return { permutation, sign };
}

/** Which triangle of a matrix is meant, and whether it stands transposed. */
export interface TriangleOptions {
  readonly lower: boolean;
  readonly transposed: boolean;
  readonly unitDiagonal: boolean;
}

/** Overwrites b (n × m) by the solution of op(A)·x = b for a triangular matrix. */
export function triangularSolveInPlace(
  a: Float64Array,
  b: Float64Array,
  n: number,
  m: number,
  { lower, transposed, unitDiagonal }: TriangleOptions,
): void {
  const forward = lower !== transposed;
  const [rowStride, columnStride] = transposed ? [1, n] : [n, 1];
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step;
    for (let before = 0; before < step; before++) {
      const j = forward ? before : n - 1 - before;
      const factor = a[i * rowStride + j * columnStride];
      for (let c = 0; c < m; c++) b[i * m + c] -= factor * b[j * m + c];
    }
    if (unitDiagonal) continue;
    const diagonal = a[i * n + i];
    for (let c = 0; c < m; c++) b[i * m + c] /= diagonal;
  }
}

/**
 * Eigenvalues, ascending, and eigenvectors (row k of `vectors` belongs to value k) of a symmetric matrix, of which the
 * lower triangle is read: Householder tridiagonalization, then implicit QR steps with Wilkinson's shift. The largest
 * component of every vector is positive, so that the vectors are functions of the matrix.
 */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
  if (!a.every(Number.isFinite)) {
    return { values: new Float64Array(n).fill(Number.NaN), vectors: a.fill(Number.NaN) };
  }
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  const off = tridiagonalize(a, rows, n);
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]);
  diagonalize(diagonal, off, rows, n);
  return ordered(diagonal, rows, n);
}

// Reflects a to tridiagonal form, rows ← (I − β v vᵀ)·rows along with it; gives the off-diagonal.
function tridiagonalize(a: Float64Array, rows: Float64Array, n: number): Float64Array {
  const off = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm = Math.hypot(norm, a[i * n + k]);
    const first = a[(k + 1) * n + k];
    const reflected = first > 0 ? -norm : norm;
    off[k] = k === n - 2 || norm === 0 ? first : reflected;
    if (k === n - 2 || norm === 0) continue;
    let squares = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k] - (i === k + 1 ? reflected : 0);
      squares += v[i] * v[i];
    }
    if (squares === 0) continue;
    const beta = 2 / squares;
    let inner = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j];
      w[i] = beta * sum;
      inner += w[i] * v[i];
    }
    for (let i = k + 1; i < n; i++) w[i] -= (beta / 2) * inner * v[i];
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j < n; j++) a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
    }
    w.fill(0);
    for (let i = k + 1; i < n; i++) for (let j = 0; j < n; j++) w[j] += v[i] * rows[i * n + j];
    for (let i = k + 1; i < n; i++) for (let j = 0; j < n; j++) rows[i * n + j] -= beta * v[i] * w[j];
  }
  return off;
}

// Rotates the off-diagonal away, the rows of eigenvectors along with it.
function diagonalize(d: Float64Array, e: Float64Array, rows: Float64Array, n: number): void {
  const negligible = (i: number): boolean =>
    Math.abs(e[i]) <= 2 ** -53 * (Math.abs(d[i]) + Math.abs(d[i + 1])) + Number.MIN_VALUE;
  let end = n - 1;
  for (let steps = 0; end > 0 && steps < 60 * n; ) {
    if (negligible(end - 1)) {
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !negligible(start - 1)) start--;
    qrStep(d, e, rows, n, start, end);
    steps++;
  }
}

function qrStep(
  d: Float64Array,
  e: Float64Array,
  rows: Float64Array,
  n: number,
  start: number,
  end: number,
): void {
  const half = (d[end - 1] - d[end]) / 2;
  const radius = Math.hypot(half, e[end - 1]);
  const shift = d[end] - (e[end - 1] / (half + (half < 0 ? -radius : radius))) * e[end - 1];
  let x = d[start] - shift;
  let z = e[start];
  for (let k = start; k < end; k++) {
    const r = Math.hypot(x, z);
    const c = r === 0 ? 1 : x / r;
    const s = r === 0 ? 0 : z / r;
    if (k > start) e[k - 1] = r;
    const [dk, dn, ek] = [d[k], d[k + 1], e[k]];
    d[k] = c * c * dk + 2 * c * s * ek + s * s * dn;
    d[k + 1] = s * s * dk - 2 * c * s * ek + c * c * dn;
    e[k] = c * s * (dn - dk) + (c * c - s * s) * ek;
    if (k < end - 1) {
      x = e[k];
      z = s * e[k + 1];
      e[k + 1] *= c;
    }
    for (let j = 0; j < n; j++) {
      const upper = rows[k * n + j];
      const lower = rows[(k + 1) * n + j];
      rows[k * n + j] = c * upper + s * lower;
      rows[(k + 1) * n + j] = c * lower - s * upper;
    }
  }
}

function ordered(
  d: Float64Array,
  rows: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((i, j) => d[i] - d[j]);
  const values = new Float64Array(n);
  const vectors = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const row = rows.subarray(order[k] * n, (order[k] + 1) * n);
    let largest = 0;
    for (let j = 1; j < n; j++) if (Math.abs(row[j]) > Math.abs(row[largest])) largest = j;
    const sign = row[largest] < 0 ? -1 : 1;
    values[k] = d[order[k]];
    for (let j = 0; j < n; j++) vectors[k * n + j] = sign * row[j];
  }
  return { values, vectors };
}
