import { describe, expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectStored, oracleCases, stored } from "../../../test/oracle.ts";
import type { DType } from "../../base/dtype.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { mul } from "./arithmetic.ts";
import { cumprod, cumsum } from "./cumulative.ts";
import { argsort, sort, sortBy, topK } from "./sorting.ts";
import { sum } from "./structure.ts";

test.each(oracleCases("sort"))("%s as PyTorch", (_, { inputs, outputs, params }) => {
  const x = stored(inputs.x);
  expectStored(sort(x, params), outputs.values, 0);
  expectStored(argsort(x, params), outputs.indices, 0);
});

test("several tensors follow the keys, and equal keys keep their order", () => {
  const keys = tensor([2, 1, 2, 1], { dtype: "i32" });
  const [sorted, values] = sortBy(keys, [tensor([10, 20, 30, 40])]);
  expect(sorted.toArray()).toEqual([1, 1, 2, 2]);
  expect(values.toArray()).toEqual([20, 40, 10, 30]);
  expect(() => sortBy(keys, [tensor([1])])).toThrow(/operands of one shape/);
});

describe("a long list is sorted as a short one is,", () => {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, -1e-40];
  const random = Array.from({ length: 1000 }, (_, i) => Math.sin(i * i) * 10 ** ((i % 60) - 30));
  test.each<[DType, readonly number[]]>([
    ["f32", [...random, ...special, ...random, ...special]],
    ["f64", [...random, ...special, ...random, ...special]],
    ["i32", random.map((x, i) => (i % 7 === 0 ? Math.sign(x) * 2147483647 : Math.round(x)))],
    ["u32", random.map((x, i) => (i % 7 === 0 ? 4294967295 : Math.abs(Math.round(x % 1e9))))],
    ["u8", random.map((_, i) => (i * 37) % 256)],
  ])("%s", (dtype, values) => {
    const x = tensor(values, { dtype });
    const keys = [...x.dataSync()];
    for (const descending of [false, true]) {
      // NaN counts as the largest, equal keys keep their order.
      const compare = (i: number, j: number): number => {
        const [a, b] = descending ? [keys[j], keys[i]] : [keys[i], keys[j]];
        if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
        return a < b ? -1 : a > b ? 1 : 0;
      };
      const order = keys.map((_, i) => i).sort(compare);
      expect([...argsort(x, { descending }).dataSync()]).toEqual(order);
      expect([...sort(x, { descending }).dataSync()]).toEqual(order.map((i) => keys[i]));
    }
  });
});

test("topK gives the largest and where they were", () => {
  const { values, indices } = topK(
    tensor([
      [1, 9, 9, 3],
      [4, 0, 2, 8],
    ]),
    2,
  );
  expect(values.toArray()).toEqual([
    [9, 9],
    [8, 4],
  ]);
  expect(indices.toArray()).toEqual([
    [1, 2],
    [3, 0],
  ]);
  expect(() => topK(tensor([1, 2]), 3)).toThrow(/an integer from 0 to the extent/);
});

test("the gradient of a sort goes back to where the element came from", () => {
  const weights = tensor([1, 10, 100]);
  const gradient = grad((x: Tensor) => sum(mul(sort(x), weights)))(tensor([3, 1, 2]));
  expect(gradient.toArray()).toEqual([100, 1, 10]);
});

test("running sums and products, from either end", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(cumsum(x).toArray()).toEqual([
    [1, 3, 6],
    [4, 9, 15],
  ]);
  expect(cumsum(x, { axis: 0, reverse: true }).toArray()).toEqual([
    [5, 7, 9],
    [4, 5, 6],
  ]);
  expect(cumprod(x).toArray()).toEqual([
    [1, 2, 6],
    [4, 20, 120],
  ]);
  expect(cumprod(x, { reverse: true }).toArray()).toEqual([
    [6, 6, 3],
    [120, 30, 6],
  ]);
});

test("a running product differentiates at zero", () => {
  const gradient = grad((x: Tensor) => sum(cumprod(x)))(tensor([2, 0, 3]));
  // 2 + 2·0 + 2·0·3: ∂x₁ = 2 + 2·3
  expect(gradient.toArray()).toEqual([1, 8, 0]);
});
