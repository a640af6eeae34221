import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { mul } from "./arithmetic.ts";
import { zeros } from "./create.ts";
import { gather, scatter, take, takeAlongAxis } from "./indexing.ts";
import { reshape, sum } from "./structure.ts";

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const integers = (data: number | readonly (number | readonly number[])[]): Tensor =>
  tensor(data, { dtype: "i32" });

test("gather takes elements or slices", () => {
  expect(
    gather(
      x,
      integers([
        [0, 1],
        [1, 2],
      ]),
    ).toArray(),
  ).toEqual([2, 6]);
  expect(gather(x, integers([[1], [0]])).toArray()).toEqual([
    [4, 5, 6],
    [1, 2, 3],
  ]);
  expect(gather(x, integers([[2, 0]]), [1, 0]).toArray()).toEqual([3]);
  expect(() => gather(x, tensor([[0.5]]))).toThrow(/expected integers/);
  expect(() => gather(x, integers([[0]]), [0, 1])).toThrow(/i32 indices/);
});

test("take replaces an axis by the shape of the indices", () => {
  expect(take(x, integers(1), 1).toArray()).toEqual([2, 5]);
  expect(
    take(
      x,
      integers([
        [2, 0],
        [0, 1],
      ]),
      1,
    ).toArray(),
  ).toEqual([
    [
      [3, 1],
      [1, 2],
    ],
    [
      [6, 4],
      [4, 5],
    ],
  ]);
  expect(take(reshape(x, [1, 2, 3]), integers([1]), -2).shape).toEqual([1, 1, 3]);
});

test("takeAlongAxis takes one element per position", () => {
  expect(takeAlongAxis(x, integers([[2], [0]])).toArray()).toEqual([[3], [4]]);
  expect(takeAlongAxis(x, integers([[1, 0, 1]]), 0).toArray()).toEqual([[4, 2, 6]]);
  expect(() => takeAlongAxis(x, integers([[0]]))).toThrow(/equal extents on every other axis/);
});

test("scatter sets or adds; the last of several wins, and what is out of range is dropped", () => {
  const rows = integers([[0], [2], [0]]);
  const updates = tensor([5, 6, 7]);
  expect(scatter(zeros([3]), rows, updates).toArray()).toEqual([7, 0, 6]);
  expect(scatter(zeros([3]), rows, updates, { mode: "add" }).toArray()).toEqual([12, 0, 6]);
  expect(scatter(x, integers([[1]]), tensor([[7, 8]]), { axes: [1] }).toArray()).toEqual([
    [1, 7, 3],
    [4, 8, 6],
  ]);
});

test("only the update that stays gets a gradient", () => {
  const rows = integers([[0], [2], [0]]);
  const weights = tensor([1, 10, 100]);
  const f = (base: Tensor, updates: Tensor): Tensor => sum(mul(scatter(base, rows, updates), weights));
  const [toBase, toUpdates] = grad(f, [0, 1])(zeros([3]), tensor([5, 6, 7]));
  expect(toBase.toArray()).toEqual([0, 10, 0]);
  expect(toUpdates.toArray()).toEqual([0, 100, 1]);
});

test("repeated indices add up in the gradient of take", () => {
  const gradient = grad((table: Tensor) => sum(take(table, integers([1, 1, 0]))))(x);
  expect(gradient.toArray()).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ]);
});

test("an index out of range is an error when the result is read", () => {
  const message = "index out of range for axis 0 of extent 3";
  const values = tensor([1, 2, 3]);
  expect(() => take(values, integers([0, 5])).dataSync()).toThrow(message);
  expect(() => take(values, integers([-1])).dataSync()).toThrow(message);
  expect(() => scatter(values, integers([[3]]), tensor([7])).dataSync()).toThrow(message);
});
