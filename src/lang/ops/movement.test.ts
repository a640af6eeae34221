import { describe, expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import { and, eq, ge, gt, le, lt, ne, not, or, shiftLeft, shiftRight, xor } from "./comparison.ts";
import { concatenate } from "./concatenate.ts";
import { dynamicSlice, dynamicUpdateSlice } from "./dynamic-slice.ts";
import { barrier, mark, stopGradient } from "./identity.ts";
import { iota } from "./iota.ts";
import { flip, pad, slice } from "./movement.ts";

const x = tensor([
  [1, 2, 3, 4],
  [5, 6, 7, 8],
]);

describe("slice", () => {
  test("takes positions from the end, strides and missing axes", () => {
    expect(slice(x, [0, 1], [1, -1]).toArray()).toEqual([[2, 3]]);
    expect(slice(x, [1]).toArray()).toEqual([[5, 6, 7, 8]]);
    expect(slice(x, [], [], [1, 3]).toArray()).toEqual([
      [1, 4],
      [5, 8],
    ]);
    expect(slice(x, [])).toBe(x);
    expect(slice(x, [0, 3], [2, 1]).shape).toEqual([2, 0]);
  });

  test("goes backwards as Python does", () => {
    expect(slice(x, [], [], [1, -1]).toArray()).toEqual([
      [4, 3, 2, 1],
      [8, 7, 6, 5],
    ]);
    const line = iota(7);
    expect(slice(line, [5], [1], [-2]).toArray()).toEqual([5, 3]);
    expect(slice(line, [undefined], [0], [-3]).toArray()).toEqual([6, 3]);
    expect(slice(line, [1], [4], [-1]).toArray()).toEqual([]);
  });

  test("refuses positions outside", () => {
    expect(() => slice(x, [0, 5])).toThrow("slice: got position 5 on axis 1 of f32[2, 4]");
    expect(() => slice(x, [0], [1], [0])).toThrow("stride 0");
    expect(() => slice(x, [0, 0, 0])).toThrow("bounds of 3 axes");
  });
});

test("pad", () => {
  expect(pad(tensor([1, 2]), [[1, 2]]).toArray()).toEqual([0, 1, 2, 0, 0]);
  expect(pad(tensor([[3]]), [1, [0, 1]], 9).toArray()).toEqual([
    [9, 9],
    [3, 9],
    [9, 9],
  ]);
  expect(() => pad(x, [1])).toThrow("pad: got widths [1] for f32[2, 4]");
  expect(() => pad(x, [0, -1])).toThrow("non-negative");
});

test("flip, concatenate, iota", () => {
  expect(flip(x, 0).toArray()).toEqual([
    [5, 6, 7, 8],
    [1, 2, 3, 4],
  ]);
  expect(flip(tensor([1, 2, 3])).toArray()).toEqual([3, 2, 1]);
  expect(concatenate([slice(x, [0, 0], [2, 1]), slice(x, [0, 2])], -1).toArray()).toEqual([
    [1, 3, 4],
    [5, 7, 8],
  ]);
  expect(() => concatenate([x, tensor([1])])).toThrow("concatenate: got f32[2, 4] and f32[1] along axis 0");
  expect(() => concatenate([])).toThrow("no tensors");
  expect(iota([2, 2], 0, "f32").toArray()).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test("windows at run-time places are clamped inside", () => {
  expect(dynamicSlice(x, [1, 1], [1, 2]).toArray()).toEqual([[6, 7]]);
  expect(dynamicSlice(x, [-3, 9], [1, 2]).toArray()).toEqual([[3, 4]]);
  expect(dynamicUpdateSlice(x, tensor([[0, 0]]), tensor([1, 3], { dtype: "i32" })).toArray()).toEqual([
    [1, 2, 3, 4],
    [5, 6, 0, 0],
  ]);
  expect(() => dynamicSlice(x, [0, 0], [3, 1])).toThrow("window [3, 1] of f32[2, 4]");
  expect(() => dynamicSlice(x, [0], [1, 1])).toThrow("starts i32[1]");
});

test("identities keep the values", () => {
  for (const same of [mark("z", x), barrier(x), stopGradient(x)]) expect(same.toArray()).toEqual(x.toArray());
});

test("comparisons give bool, and NaN is unequal to itself", () => {
  const y = tensor([1, Number.NaN, 3]);
  expect(eq(y, y).toArray()).toEqual([1, 0, 1]);
  expect(ne(y, y).toArray()).toEqual([0, 1, 0]);
  expect(lt(y, 2).dtype).toBe("bool");
  expect([lt, le, gt, ge].map((compare) => compare(y, 3).toArray())).toEqual([
    [1, 0, 0],
    [1, 0, 1],
    [0, 0, 0],
    [0, 0, 1],
  ]);
});

test("bits", () => {
  const a = tensor([true, true, false]);
  const b = tensor([true, false, false]);
  expect([and(a, b), or(a, b), xor(a, b), not(a)].map((t) => t.toArray())).toEqual([
    [1, 0, 0],
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  const n = tensor([-8, 5], { dtype: "i32" });
  expect(not(n).toArray()).toEqual([7, -6]);
  expect(shiftLeft(n, 33).toArray()).toEqual([-16, 10]);
  expect(shiftRight(n, 1).toArray()).toEqual([-4, 2]);
  expect(shiftRight(tensor([4294967288], { dtype: "u32" }), 1).toArray()).toEqual([2147483644]);
  expect(not(tensor([5], { dtype: "u8" })).toArray()).toEqual([250]);
  expect(() => and(x, x)).toThrow("expected dtype bool, i32, u32, u8");
});
