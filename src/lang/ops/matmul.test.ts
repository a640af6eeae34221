import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { ones } from "./create.ts";
import { dot, matmul, outer, tensordot } from "./matmul.ts";
import { reshape } from "./structure.ts";

const x: Tensor = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const y: Tensor = tensor([
  [1, 0],
  [0, 1],
  [2, 2],
]);

test("matmul multiplies matrices, vectors and stacks as NumPy does", () => {
  const product = [
    [7, 8],
    [16, 17],
  ];
  expect(matmul(x, y).toArray()).toEqual(product);
  expect(matmul(tensor([1, 1]), x).toArray()).toEqual([5, 7, 9]);
  expect(matmul(x, tensor([1, 1, 1])).toArray()).toEqual([6, 15]);
  expect(matmul(tensor([1, 2]), tensor([3, 4])).toArray()).toBe(11);
  expect(matmul(reshape(x, [1, 2, 3]), y).toArray()).toEqual([product]);
  expect(matmul(x, reshape(y, [1, 3, 2])).toArray()).toEqual([product]);
  expect(matmul(ones([4, 1, 2, 3]), ones([5, 3, 7])).shape).toEqual([4, 5, 2, 7]);
  expect(matmul(ones([3]), ones([5, 3, 7])).shape).toEqual([5, 7]);
});

test("matmul runs along broadcast stacks", () => {
  const stack = tensor([[[1, 0]], [[0, 1]]]);
  const both = tensor([
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]);
  expect(matmul(stack, both).toArray()).toEqual([[[1, 2]], [[7, 8]]]);
});

test("matmul says which inner dimensions differ", () => {
  expect(() => matmul(ones([32, 64]), ones([128, 10]))).toThrow(
    "matmul: inner dimensions differ: got [32, 64] · [128, 10], expected [32, 128] · [128, 10]",
  );
  expect(() => matmul(tensor([[1]], { dtype: "i32" }), ones([1, 1]))).toThrow(/one dtype/);
  expect(() => matmul(tensor(1), x)).toThrow(/use mul/);
});

test("dot, outer and tensordot", () => {
  expect(dot(tensor([1, 2]), tensor([3, 4])).item()).toBe(11);
  expect(() => dot(x, y)).toThrow(/use matmul/);
  expect(outer(tensor([1, 2]), tensor([3, 4, 5])).toArray()).toEqual([
    [3, 4, 5],
    [6, 8, 10],
  ]);
  expect(tensordot(x, y, 1).toArray()).toEqual(matmul(x, y).toArray());
  expect(tensordot(x, x).item()).toBe(91);
  expect(tensordot(x, y, [[0], [1]]).toArray()).toEqual([
    [1, 4, 10],
    [2, 5, 14],
    [3, 6, 18],
  ]);
});

test("integers multiply modulo 2³²", () => {
  const big = tensor([[65537, 3]], { dtype: "i32" });
  expect(matmul(big, tensor([[65537], [1]], { dtype: "i32" })).toArray()).toEqual([[131076]]);
});
