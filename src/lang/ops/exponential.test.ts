import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectOracle, oracleCases } from "../../../test/oracle.ts";
import { tensor } from "../../tensor/create.ts";
import { setDevice } from "../../tensor/devices.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { mul } from "./arithmetic.ts";
import * as exponential from "./exponential.ts";
import { sum } from "./structure.ts";

setDevice("reference");

const { pow } = exponential;

const operations: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
  ...exponential,
  erfinv: exponential.erfInv,
};

test.each(oracleCases("elementwise"))("%s", (_, oracle) => {
  expectOracle(oracle, operations[oracle.operation]);
});

test("small powers multiply, and derivatives meet zero bases and exponents", () => {
  const x = tensor([-2, 0, 3]);
  expect(pow(x, 1)).toBe(x);
  expect(pow(x, 2).toArray()).toEqual([4, 0, 9]);
  expect(pow(x, 3).toArray()).toEqual([-8, 0, 27]);
  expect(grad((t: Tensor) => sum(pow(t, 3)))(x).toArray()).toEqual([12, 0, 27]);
  expect(grad((t: Tensor) => sum(pow(t, 0)))(x).toArray()).toEqual([0, 0, 0]);
  expect(
    grad((t: Tensor, e: Tensor) => sum(pow(t, e)), [0, 1])(x, tensor([2, 0, 1])).map((g) => g.toArray()),
  ).toEqual([
    [-4, 0, 1],
    [Number.NaN, 0, Math.fround(Math.fround(Math.log(3)) * 3)],
  ]);
});

test("saturated sigmoids and softplus keep finite derivatives", () => {
  const x = tensor([-1000, 0, 1000]);
  expect(exponential.sigmoid(x).toArray()).toEqual([0, 0.5, 1]);
  expect(grad((t: Tensor) => sum(exponential.sigmoid(t)))(x).toArray()).toEqual([0, 0.25, 0]);
  expect(grad((t: Tensor) => sum(exponential.softplus(t)))(x).toArray()).toEqual([0, 0.5, 1]);
});

test("functions of numbers alone stay numbers that take any dtype", () => {
  const scale = exponential.exp(1);
  expect([scale.dtype, scale.weak, scale.item()]).toEqual(["f64", true, Math.E]);
  expect(mul(tensor([1]), scale).dtype).toBe("f32");
});
