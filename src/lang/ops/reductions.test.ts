import { describe, expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { abs, floor, fma, maximum, mul, rem, round, sign } from "./arithmetic.ts";
import { bitcast } from "./bitcast.ts";
import { zeros } from "./create.ts";
import { argmax, argmin, max, min, prod } from "./reductions.ts";
import { sum } from "./structure.ts";

describe("max and min", () => {
  const x = tensor([
    [1, 5, 5],
    [3, 2, 1],
  ]);

  test("take the extremes over axes", () => {
    expect(max(x).item()).toBe(5);
    expect(max(x, { axis: 1, keepDims: true }).toArray()).toEqual([[5], [3]]);
    expect(min(x, { axis: 0 }).toArray()).toEqual([1, 2, 1]);
    expect(max(tensor([1, Number.NaN, 3])).item()).toBeNaN();
    expect(max(tensor([true, false])).dtype).toBe("bool");
  });

  test("share the gradient among equal elements", () => {
    expect(grad((t: Tensor) => max(t))(x).toArray()).toEqual([
      [0, 0.5, 0.5],
      [0, 0, 0],
    ]);
    expect(grad((t: Tensor) => sum(maximum(t, 5)))(x).toArray()).toEqual([
      [0, 0.5, 0.5],
      [0, 0, 0],
    ]);
  });

  test("refuse an empty axis", () => {
    expect(() => max(zeros([2, 0]), { axis: 1 })).toThrow("max: got f32[2, 0] over axes [1]");
    expect(max(zeros([2, 0]), { axis: 0 }).shape).toEqual([0]);
    expect(prod(zeros([2, 0]), { axis: 1 }).toArray()).toEqual([1, 1]);
  });
});

test("argmax and argmin take the first of equal elements, and NaN before all", () => {
  const x = tensor([
    [1, 5, 5],
    [3, 1, 1],
  ]);
  expect(argmax(x, { axis: 1 }).toArray()).toEqual([1, 0]);
  expect(argmin(x, { axis: -1, keepDims: true }).toArray()).toEqual([[0], [1]]);
  expect(argmax(x).item()).toBe(1);
  expect(argmin(tensor([1, Number.NaN, 0, Number.NaN])).item()).toBe(1);
  expect(argmax(x).dtype).toBe("i32");
});

test("the gradient of a product is exact where elements are zero", () => {
  const gradient = grad((t: Tensor) => prod(t));
  expect(gradient(tensor([2, 3, 5])).toArray()).toEqual([15, 10, 6]);
  expect(gradient(tensor([2, 0, 5])).toArray()).toEqual([0, 10, 0]);
  expect(gradient(tensor([0, 0, 5])).toArray()).toEqual([0, 0, 0]);
  const second = grad((t: Tensor) => sum(mul(gradient(t), tensor([1, 0, 0]))));
  expect(second(tensor([2, 0, 5])).toArray()).toEqual([0, 5, 0]);
});

test("rounding, signs and remainders", () => {
  expect(round(tensor([0.5, 1.5, 2.5, -0.5, -1.5, 2.4])).toArray()).toEqual([0, 2, 2, -0, -2, 2]);
  expect(floor(tensor([-1.5, 1.5])).toArray()).toEqual([-2, 1]);
  expect(sign(tensor([-3, 0, 2, Number.NaN])).toArray()).toEqual([-1, 0, 1, Number.NaN]);
  expect(abs(tensor([-3, 2], { dtype: "i32" })).toArray()).toEqual([3, 2]);
  expect(rem(tensor([7, -7]), 3).toArray()).toEqual([1, -1]);
  expect(rem(tensor([7, -7], { dtype: "i32" }), tensor([0, 4], { dtype: "i32" })).toArray()).toEqual([0, -3]);
  expect(fma(tensor([1, 2]), 3, 1).toArray()).toEqual([4, 7]);
});

test("bitcast reads bits", () => {
  expect(bitcast(tensor([1, -0]), "u32").toArray()).toEqual([0x3f800000, 0x80000000]);
  expect(() => bitcast(tensor([1], { dtype: "u8" }), "i32")).toThrow("bitcast: got u8[1] as i32");
});
