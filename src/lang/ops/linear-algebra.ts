import { NeuriteError } from "../../base/error.ts";
import { broadcastShapes } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { add, mul } from "./arithmetic.ts";
import { diagonalMask } from "./diagonal.ts";
import {
  choleskyPrimitive,
  eighPrimitive,
  luPrimitive,
  matrixTranspose,
  permuteRows,
  triangularSolvePrimitive,
} from "./linear-algebra-primitives.ts";
import { full } from "./operand.ts";
import { prod } from "./reductions.ts";
import { select } from "./select.ts";
import { broadcastTo, reshape, sum } from "./structure.ts";

// Matrices [..., n, n] and right sides [..., n, m] with their leading axes broadcast; a vector is one column.
function aligned(operation: string, a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const column = b.shape.length === 1 ? reshape(b, [b.shape[0], 1]) : b;
  if (a.shape.length < 2 || column.shape.length < 2 || column.shape.at(-2) !== a.shape.at(-1)) {
    throw new NeuriteError({
      operation,
      got: `${formatType(a)} and a right side ${formatType(b)}`,
      expected: "[..., n, n] and [n] or [..., n, m]",
    });
  }
  const stack = broadcastShapes(operation, a.shape.slice(0, -2), column.shape.slice(0, -2));
  return [
    broadcastTo(a, [...stack, ...a.shape.slice(-2)]),
    broadcastTo(column, [...stack, ...column.shape.slice(-2)]),
  ];
}

// The shape of a solution: one column goes back to a vector.
function likeRight(x: Tensor, b: Tensor): Tensor {
  return b.shape.length === 1 ? reshape(x, x.shape.slice(0, -1)) : x;
}

/**
 * The lower triangular L with L·Lᵀ = a for symmetric positive definite matrices [..., n, n]; NaN where a matrix is not
 * definite. Only the symmetric part of `a` counts. Throws for other shapes and dtypes.
 *
 * @example
 * ```ts
 * cholesky(tensor([[4, 2], [2, 2]])); // [[2, 0], [1, 1]]
 * ```
 */
export function cholesky(a: Tensor): Tensor {
  return bind(choleskyPrimitive, [symmetrized("cholesky", a)], {})[0];
}

function symmetrized(operation: string, a: Tensor): Tensor {
  if (a.shape.length < 2 || a.shape.at(-1) !== a.shape.at(-2)) {
    throw new NeuriteError({ operation, got: formatType(a), expected: "floats [..., n, n]" });
  }
  return mul(add(a, matrixTranspose(a)), 0.5);
}

/** Which triangle is given, and how the equation reads. */
export interface TriangularSolveOptions {
  /** The matrix is lower triangular (default) or upper triangular; the other triangle is not read. */
  readonly lower?: boolean;
  /** Solve aᵀ·x = b; default false. */
  readonly transposed?: boolean;
  /** Take the diagonal as ones without reading it; default false. */
  readonly unitDiagonal?: boolean;
  /** Solve a·x = b (default) or x·a = b. */
  readonly leftSide?: boolean;
}

/**
 * The solution x of a·x = b for triangular matrices a [..., n, n] and b [n] or [..., n, m] ([..., m, n] for x·a = b).
 * Leading axes broadcast. Throws for shapes that do not fit.
 *
 * @example
 * ```ts
 * triangularSolve(tensor([[2, 0], [1, 1]]), tensor([2, 3])); // [1, 2]
 * ```
 */
export function triangularSolve(a: Tensor, b: Tensor, options: TriangularSolveOptions = {}): Tensor {
  const { lower = true, transposed = false, unitDiagonal = false, leftSide = true } = options;
  if (!leftSide && b.shape.length > 1) {
    // x·a = b ⇔ aᵀ·xᵀ = bᵀ
    const swapped = triangularSolve(a, matrixTranspose(b), { lower, transposed: !transposed, unitDiagonal });
    return matrixTranspose(swapped);
  }
  const parameters = { lower, transposed: transposed === leftSide, unitDiagonal };
  return likeRight(bind(triangularSolvePrimitive, aligned("triangularSolve", a, b), parameters)[0], b);
}

/**
 * Eigenvalues [..., n], ascending, and orthonormal eigenvectors [..., n, n] (one per column) of symmetric matrices. Only
 * the symmetric part of `a` counts; the largest component of each eigenvector is positive. Derivatives need distinct
 * eigenvalues.
 *
 * @example
 * ```ts
 * const { values, vectors } = eigh(tensor([[2, 1], [1, 2]])); // values [1, 3]
 * ```
 */
export function eigh(a: Tensor): { readonly values: Tensor; readonly vectors: Tensor } {
  const [values, vectors] = bind(eighPrimitive, [symmetrized("eigh", a)], {});
  return { values, vectors };
}

/**
 * The solution x of a·x = b for matrices a [..., n, n] and b [n] or [..., n, m], by LU factorization with row exchanges.
 * Leading axes broadcast; infinite or NaN where a matrix is singular. Throws for shapes that do not fit.
 *
 * @example
 * ```ts
 * solve(tensor([[0, 2], [1, 1]]), tensor([2, 3])); // [2, 1]
 * ```
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  const [matrix, right] = aligned("solve", a, b);
  const [factors, permutation] = bind(luPrimitive, [matrix], {});
  const forward = triangularSolve(factors, permuteRows(right, permutation), { unitDiagonal: true });
  return likeRight(triangularSolve(factors, forward, { lower: false }), b);
}

/**
 * The inverse of matrices [..., n, n]; infinite or NaN where a matrix is singular. To solve equations use `solve`.
 *
 * @example
 * ```ts
 * inverse(tensor([[2, 0], [0, 4]])); // [[0.5, 0], [0, 0.25]]
 * ```
 */
export function inverse(a: Tensor): Tensor {
  const shape = a.shape.slice(-2);
  return solve(a, select(diagonalMask(shape), full(shape, 1, a.dtype), 0));
}

/**
 * The determinant of matrices [..., n, n], shape [...].
 *
 * @example
 * ```ts
 * determinant(tensor([[1, 2], [3, 4]])); // -2
 * ```
 */
export function determinant(a: Tensor): Tensor {
  const [factors, , sign] = bind(luPrimitive, [a], {});
  const diagonal = sum(select(diagonalMask(factors.shape), factors, 0), { axis: -1 });
  return mul(sign, prod(diagonal, { axis: -1 }));
}
