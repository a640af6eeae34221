import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectOracle, oracleCases } from "../../../test/oracle.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { sum } from "./structure.ts";
import { avgPool, maxPool, sumPool } from "./window.ts";

test.each(oracleCases("pool2d"))("%s as PyTorch", (_, oracle) => {
  const { window, strides, padding } = oracle.params;
  const pool = oracle.operation === "maxPool2d" ? maxPool : avgPool;
  expectOracle(oracle, (x) => pool(x, window, { strides, padding }));
});

const row = tensor([1, 5, 5, Number.NaN, 2], { shape: [1, 5, 1] });

test("a maximum with NaN is NaN, and its gradient goes to the NaN", () => {
  expect(maxPool(row, 2, { padding: "same" }).toArray()).toEqual([[[5], [Number.NaN], [2]]]);
  const gradient = grad((x: Tensor) => sum(maxPool(x, 3, { strides: 1 })))(row);
  expect(gradient.toArray()).toEqual([[[0], [1], [0], [2], [0]]]);
});

test("integers pool, and windows wholly outside give the identity", () => {
  const x = tensor([-3, -7], { shape: [1, 2, 1], dtype: "i32" });
  expect(maxPool(x, 2, { strides: 1, padding: [[2, 0]] }).toArray()).toEqual([[[-2147483648], [-3], [-3]]]);
  expect(sumPool(x, 2, { strides: 1, padding: [[2, 0]] }).toArray()).toEqual([[[0], [-3], [-10]]]);
  expect(() => avgPool(x, 2)).toThrow(/f32 or f64/);
});
