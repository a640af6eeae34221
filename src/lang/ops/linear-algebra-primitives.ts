import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { sameShape, sizeOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import type { HostArray, Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { swapAxes, tril, triu } from "./arrays.ts";
import { diagonalMask } from "./diagonal.ts";
import { allocate } from "./host.ts";
import { gatherPrimitive } from "./indexing-primitives.ts";
import { matmul } from "./matmul.ts";
import {
  choleskyInPlace,
  luInPlace,
  symmetricEigen,
  type TriangleOptions,
  triangularSolveInPlace,
} from "./matrix-routines.ts";
import { range } from "./offsets.ts";
import { tensorOf } from "./operand.ts";
import { addTangents } from "./rules.ts";
import { select } from "./select.ts";
import { broadcastAlong, reshape, sum } from "./structure.ts";

// The extent n of a stack of n × n float matrices; throws for anything else.
function checkSquare(operation: string, a: TensorType): number {
  const [rows, columns] = a.shape.slice(-2);
  if (a.shape.length < 2 || rows !== columns || !isFloat(a.dtype)) {
    throw new NeuriteError({ operation, got: formatType(a), expected: "floats [..., n, n]" });
  }
  return rows;
}

// Calls visit with a copy of every matrix of a stack in f64.
function forEachMatrix({ data, shape }: HostArray, visit: (matrix: Float64Array, k: number) => void): void {
  const size = sizeOf(shape.slice(-2));
  for (let k = 0; k * size < data.length; k++)
    visit(Float64Array.from(data.subarray(k * size, (k + 1) * size)), k);
}

/** The last two axes exchanged. */
export function matrixTranspose(a: Tensor): Tensor {
  return swapAxes(a, -2, -1);
}

// The symmetric matrix of which the lower triangle is given.
function symmetric(a: Tensor): Tensor {
  return add(tril(a), matrixTranspose(tril(a, -1)));
}

// x · x ᵀ + 1: positive definite.
function positiveDefinite(x: Tensor): Tensor {
  const product = matmul(x, matrixTranspose(x));
  return select(diagonalMask(product.shape), add(product, 1), product);
}

const matrices: readonly TensorType[] = [
  { dtype: "f64", shape: [3, 3] },
  { dtype: "f32", shape: [2, 3, 3] },
];

/** The lower triangular L of a = L·Lᵀ; reads the lower triangle of a. */
export const choleskyPrimitive: Primitive = {
  name: "cholesky",
  infer([a]) {
    checkSquare("cholesky", a);
    return [a];
  },
  // L̇ = L·Φ(L⁻¹ Ȧ L⁻ᵀ), Φ the lower triangle with half the diagonal
  derivative({ tangents: [da], outputs: [l] }) {
    if (da === undefined) return [undefined];
    const left = triangularSolve(l, symmetric(da), lower);
    const inner = triangularSolve(l, matrixTranspose(left), lower);
    const halved = select(diagonalMask(inner.shape), mul(inner, 0.5), tril(inner));
    return [matmul(l, halved)];
  },
  batch: ({ inputs }) => bind(choleskyPrimitive, inputs, {}),
  reference({ inputs: [a], outputs: [type] }) {
    const result = allocate(type);
    const n = checkSquare("cholesky", a);
    forEachMatrix(a, (matrix, k) => {
      choleskyInPlace(matrix, n);
      result.set(matrix, k * n * n);
    });
    return [result];
  },
  lowering: { kind: "routine" },
  samples: /*#__PURE__*/ matrices.map((type) => ({
    inputs: [type],
    parameters: {},
    prepare: ([x]) => [positiveDefinite(x)],
  })),
};

type TriangularSolveParameters = { readonly [option in keyof TriangleOptions]: boolean };

const lower: TriangularSolveParameters = { lower: true, transposed: false, unitDiagonal: false };

function triangularSolve(a: Tensor, b: Tensor, options: TriangularSolveParameters): Tensor {
  return bind(triangularSolvePrimitive, [a, b], options)[0];
}

/** The solution x of op(A)·x = b; A is one triangle of a [..., n, n], b is [..., n, m]. */
export const triangularSolvePrimitive: Primitive<TriangularSolveParameters> = {
  name: "triangularSolve",
  infer([a, b]) {
    const n = checkSquare("triangularSolve", a);
    const fits = b.shape.length === a.shape.length && sameShape(b.shape.slice(0, -1), a.shape.slice(0, -1));
    if (!fits || a.dtype !== b.dtype) {
      throw new NeuriteError({
        operation: "triangularSolve",
        got: `${formatType(a)} and ${formatType(b)}`,
        expected: `a right side ${a.dtype}[${[...a.shape.slice(0, -2), n, "m"].join(", ")}]`,
      });
    }
    return [b];
  },
  // ẋ = op(A)⁻¹ (ḃ − op(Ȧ)·x)
  derivative({ inputs: [a], tangents: [da, db], outputs: [x], parameters }) {
    let right = db;
    if (da !== undefined) {
      const part = triangleOf(da, parameters);
      const moved = matmul(parameters.transposed ? matrixTranspose(part) : part, x);
      right = db === undefined ? mul(moved, -1) : sub(db, moved);
    }
    return [right && triangularSolve(tensorOf(a), right, parameters)];
  },
  transpose: ({ cotangents: [ct], inputs: [a], parameters }) => [
    undefined,
    ct && triangularSolve(tensorOf(a), ct, { ...parameters, transposed: !parameters.transposed }),
  ],
  batch({ inputs, batched, size, parameters }) {
    const [a, b] = inputs.map((operand, i) => {
      const x = tensorOf(operand);
      return batched[i] ? x : broadcastAlong(x, [size, ...x.shape], range(1, x.shape.length + 1));
    });
    return [triangularSolve(a, b, parameters)];
  },
  reference({ inputs: [a, b], outputs: [type], parameters }) {
    const result = allocate(type);
    const n = checkSquare("triangularSolve", a);
    const m = b.shape[b.shape.length - 1];
    forEachMatrix(a, (matrix, k) => {
      const right = Float64Array.from(b.data.subarray(k * n * m, (k + 1) * n * m));
      triangularSolveInPlace(matrix, right, n, m, parameters);
      result.set(right, k * n * m);
    });
    return [result];
  },
  lowering: { kind: "routine" },
  samples: /*#__PURE__*/ [
    { lower: true, transposed: false, unitDiagonal: false },
    { lower: false, transposed: true, unitDiagonal: false },
    { lower: true, transposed: true, unitDiagonal: true },
  ].flatMap((parameters) =>
    matrices.map((type) => ({
      inputs: [type, { dtype: type.dtype, shape: type.shape.with(-1, 2) }],
      parameters,
      prepare: ([x, b]) => [positiveDefinite(x), b],
    })),
  ),
};

function triangleOf(a: Tensor, { lower, unitDiagonal }: TriangularSolveParameters): Tensor {
  if (lower) return unitDiagonal ? tril(a, -1) : tril(a);
  const upper = triu(a);
  return unitDiagonal ? select(diagonalMask(a.shape), 0, upper) : upper;
}

/** Eigenvalues [..., n], ascending, and eigenvectors (columns) [..., n, n] of symmetric matrices; reads the lower triangle. */
export const eighPrimitive: Primitive = {
  name: "eigh",
  infer([a]) {
    checkSquare("eigh", a);
    return [{ dtype: a.dtype, shape: a.shape.slice(0, -1) }, a];
  },
  // λ̇ = diag(Vᵀ Ȧ V), V̇ = V (F ∘ Vᵀ Ȧ V), F_ij = 1 / (λ_j − λ_i) off the diagonal
  derivative({ tangents: [da], outputs: [values, vectors] }) {
    if (da === undefined) return [undefined, undefined];
    const inner = matmul(matmul(matrixTranspose(vectors), symmetric(da)), vectors);
    const mask = diagonalMask(inner.shape);
    const rank = inner.shape.length;
    const columns = broadcastAlong(values, inner.shape, [...range(0, rank - 2), rank - 1]);
    const gaps = select(mask, 1, sub(columns, matrixTranspose(columns)));
    const rotation = select(mask, 0, div(inner, gaps));
    return [sum(select(mask, inner, 0), { axis: -1 }), matmul(vectors, rotation)];
  },
  batch: ({ inputs }) => bind(eighPrimitive, inputs, {}),
  reference({ inputs: [a], outputs }) {
    const [values, vectors] = outputs.map(allocate);
    const n = checkSquare("eigh", a);
    forEachMatrix(a, (matrix, k) => {
      const found = symmetricEigen(matrix, n);
      values.set(found.values, k * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) vectors[(k * n + i) * n + j] = found.vectors[j * n + i];
      }
    });
    return [values, vectors];
  },
  lowering: { kind: "routine" },
  samples: /*#__PURE__*/ matrices.map((type) => ({ inputs: [type], parameters: {} })),
};

/** L (unit diagonal, below) and U of the permuted rows, the permutation [..., n] as i32, and its sign [...]. */
export const luPrimitive: Primitive = {
  name: "lu",
  infer([a]) {
    checkSquare("lu", a);
    const stack = a.shape.slice(0, -2);
    return [a, { dtype: "i32", shape: a.shape.slice(0, -1) }, { dtype: a.dtype, shape: stack }];
  },
  // with S = L⁻¹ (P Ȧ) U⁻¹: L̇ = L · strictly lower S, U̇ = upper S · U
  derivative({ tangents: [da], outputs: [factors, permutation] }) {
    if (da === undefined) return [undefined, undefined, undefined];
    const upper = triu(factors);
    const left = triangularSolve(factors, permuteRows(da, permutation), { ...lower, unitDiagonal: true });
    const right = { lower: false, transposed: true, unitDiagonal: false };
    const inner = matrixTranspose(triangularSolve(factors, matrixTranspose(left), right));
    const strict = tril(inner, -1);
    const dl = add(strict, matmul(tril(factors, -1), strict));
    return [addTangents(dl, matmul(triu(inner), upper)), undefined, undefined];
  },
  batch: ({ inputs }) => bind(luPrimitive, inputs, {}),
  reference({ inputs: [a], outputs }) {
    const [factors, permutations, signs] = outputs.map(allocate);
    const n = checkSquare("lu", a);
    forEachMatrix(a, (matrix, k) => {
      const { permutation, sign } = luInPlace(matrix, n);
      factors.set(matrix, k * n * n);
      permutations.set(permutation, k * n);
      signs[k] = sign;
    });
    return [factors, permutations, signs];
  },
  lowering: { kind: "routine" },
  samples: /*#__PURE__*/ matrices.map((type) => ({
    inputs: [type],
    parameters: {},
    prepare: ([x]) => [positiveDefinite(x)],
  })),
};

/** The rows of b [..., n, m] in the order of a permutation [..., n]. */
export function permuteRows(b: Tensor, permutation: Tensor): Tensor {
  const batch = permutation.shape.length - 1;
  const indices = reshape(permutation, [...permutation.shape, 1]);
  return bind(gatherPrimitive, [b, indices], { axes: [batch], batch })[0];
}
