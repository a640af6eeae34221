import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectOracle, oracleCases } from "../../../test/oracle.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { mul } from "./arithmetic.ts";
import { cholesky, determinant, eigh, inverse, solve, triangularSolve } from "./linear-algebra.ts";
import { matmul } from "./matmul.ts";
import { sum, transpose } from "./structure.ts";

test.each(oracleCases("linalg"))("%s as PyTorch", (_, oracle) => {
  expectOracle(
    oracle,
    (a, b) => {
      if (oracle.operation === "cholesky") return cholesky(a);
      return oracle.operation === "eigvalsh" ? eigh(a).values : triangularSolve(a, b, oracle.params);
    },
    1e-10,
  );
});

const square: Tensor = tensor(
  [
    [0, 2, 1],
    [1, 1, 0],
    [3, 0, 2],
  ],
  { dtype: "f64" },
);
// det = 0·2 − 2·(2 − 0) + 1·(0 − 3)
const expectedDeterminant = -7;

function expectClose(x: Tensor, expected: Tensor, digits = 12): void {
  expect(x.shape).toEqual(expected.shape);
  const wanted = expected.dataSync();
  for (const [i, value] of x.dataSync().entries()) expect(value).toBeCloseTo(wanted[i], digits);
}

test("solve exchanges rows where a pivot is zero, for vectors, columns and stacks", () => {
  const x = tensor([1, -2, 3], { dtype: "f64" });
  expectClose(solve(square, matmul(square, x)), x);
  const columns = tensor([[[1, 4]], [[2, 5]], [[3, 6]]], { dtype: "f64", shape: [3, 2] });
  expectClose(solve(square, matmul(square, columns)), columns);
  const stack = tensor(
    [
      [
        [2, 0],
        [0, 4],
      ],
      [
        [1, 1],
        [0, 1],
      ],
    ],
    { dtype: "f64" },
  );
  const right = tensor([[2], [4]], { dtype: "f64" });
  expect(solve(stack, right).toArray()).toEqual([
    [[1], [1]],
    [[-2], [4]],
  ]);
  expect(() => solve(square, tensor([1, 2], { dtype: "f64" }))).toThrow(/a right side f64\[2\]/);
});

test("inverse and determinant", () => {
  const unit = tensor(
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    { dtype: "f64" },
  );
  expectClose(matmul(square, inverse(square)), unit);
  expect(determinant(square).item()).toBeCloseTo(expectedDeterminant, 12);
});

test("the gradient of the determinant is det · A⁻ᵀ, that of solve −A⁻ᵀ g xᵀ", () => {
  expectClose(grad(determinant)(square), mul(transpose(inverse(square)), expectedDeterminant));
  const b = tensor([[1], [2], [3]], { dtype: "f64" });
  const gradient = grad((a: Tensor) => sum(solve(a, b)))(square);
  const g = tensor([[1], [1], [1]], { dtype: "f64" });
  expectClose(gradient, mul(matmul(solve(transpose(square), g), transpose(solve(square, b))), -1));
});

test("eigenvectors are orthonormal and reproduce a large matrix", () => {
  const n = 40;
  const entries = Float64Array.from(
    { length: n * n },
    (_, k) => Math.sin(1 + Math.floor(k / n)) * Math.cos(k % n),
  );
  const a = tensor(entries, { shape: [n, n] });
  const symmetric = matmul(a, transpose(a));
  const { values, vectors } = eigh(symmetric);
  expectClose(matmul(mul(vectors, values), transpose(vectors)), symmetric, 10);
  const sorted = [...values.dataSync()];
  expect(sorted).toEqual([...sorted].sort((x, y) => x - y));
  const gram = matmul(transpose(vectors), vectors).dataSync();
  for (const [k, value] of gram.entries()) expect(value).toBeCloseTo(k % (n + 1) === 0 ? 1 : 0, 12);
});

test("triangular equations with the matrix on the right", () => {
  const lower = tensor(
    [
      [2, 0],
      [1, 4],
    ],
    { dtype: "f64" },
  );
  const x = tensor([[1, 2]], { dtype: "f64" });
  expectClose(triangularSolve(lower, matmul(x, lower), { leftSide: false }), x);
});

test("a matrix that is not definite gives NaN, and only squares are taken", () => {
  expect(cholesky(tensor([[-1]])).item()).toBeNaN();
  expect(() => cholesky(tensor([[1, 2]]))).toThrow("cholesky: got f32[1, 2]");
});
