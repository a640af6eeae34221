/** Σ xᵢ yᵢ */
export function dot(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i] * y[i];
  return total;
}

/** x + scale · y, a vector of its own. */
export function plusScaled(x: Float64Array, y: Float64Array, scale: number): Float64Array {
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = x[i] + scale * y[i];
  return result;
}
