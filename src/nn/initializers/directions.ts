import { NeuriteError } from "../../base/error.ts";
import { formatShape, type Shape, sizeOf } from "../../base/shape.ts";
import {
  add,
  cast,
  cholesky,
  div,
  iota,
  matmul,
  mul,
  norm,
  random,
  reshape,
  sub,
  type Tensor,
  transpose,
  triangularSolve,
} from "../../tensor/index.ts";
import { type Initializer, initializer } from "./initializer.ts";

/**
 * A random orthogonal matrix times `gain` (default 1), from all of them evenly (Saxe et al. 2014): all axes but the last
 * are its rows; where there are more columns than rows the rows are orthonormal, else the columns. It keeps lengths, also
 * over many steps of a recurrent network.
 *
 * @example
 * ```ts
 * import { initializers } from "neurite/nn";
 *
 * const Q = initializers.orthogonal()(random.key(0), [3, 3], "f64");
 * matmul(transpose(Q), Q); // the identity
 * ```
 */
export function orthogonal({ gain = 1 }: { readonly gain?: number } = {}): Initializer {
  return initializer("orthogonal", { gain }, (key, shape, dtype) => {
    const [rows, columns] = matrixOf("orthogonal", shape);
    const tall = [Math.max(rows, columns), Math.min(rows, columns)];
    // Q of a normal matrix is spread evenly. Its squared condition number asks for f64, and for a second round.
    const drawn = random.normal(key, tall, { dtype: "f64" });
    const Q = orthonormalColumns(orthonormalColumns(drawn));
    return mul(cast(reshape(rows < columns ? transpose(Q) : Q, shape), dtype), gain);
  });
}

// Q = A L⁻ᵀ with L Lᵀ = Aᵀ A
function orthonormalColumns(A: Tensor): Tensor {
  const L = cholesky(matmul(transpose(A), A));
  return transpose(triangularSolve(L, transpose(A)));
}

/**
 * Every weight vector, the weights of one output, points in a random direction of its own, all directions alike, and has
 * length 1 (lecture 4, "Initialization").
 *
 * @example
 * ```ts
 * import { initializers } from "neurite/nn";
 *
 * const W = initializers.randomDirections()(random.key(0), [2, 3], "f32");
 * norm(W, { axis: 0 }); // [1, 1, 1]
 * ```
 */
export function randomDirections(): Initializer {
  return initializer("randomDirections", {}, (key, shape, dtype) => {
    const drawn = reshape(random.normal(key, shape, { dtype }), matrixOf("randomDirections", shape));
    return reshape(div(drawn, norm(drawn, { axis: 0, keepDims: true })), shape);
  });
}

/**
 * Biases spread over [−radius, radius] (default 2), each at a random place of its own part: beside weight vectors of length 1
 * the hinges of relu, where w·x + b = 0, cover inputs up to `radius` from the origin (lecture 4, "Initialization"). Of
 * standardised inputs 95 % lie within 2 along each direction. Throws for a negative radius.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * const hinges = dense({
 *   units: 50,
 *   activation: "relu",
 *   kernelInitializer: "randomDirections",
 *   biasInitializer: "spreadHinges",
 * });
 * ```
 */
export function spreadHinges({ radius = 2 }: { readonly radius?: number } = {}): Initializer {
  if (radius < 0) {
    throw new NeuriteError({
      operation: "spreadHinges",
      got: `radius: ${radius}`,
      expected: "a number from 0",
    });
  }
  return initializer("spreadHinges", { radius }, (key, shape, dtype) => {
    const count = sizeOf(shape);
    const places = div(add(iota(count, 0, dtype), random.uniform(key, [count], { dtype })), count);
    return reshape(mul(sub(mul(places, 2), 1), radius), shape);
  });
}

/** Rows and columns of weights as a matrix: the last axis are the outputs. */
function matrixOf(type: string, shape: Shape): [number, number] {
  if (shape.length >= 2) return [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];
  throw new NeuriteError({ operation: type, got: formatShape(shape), expected: "at least two axes" });
}
