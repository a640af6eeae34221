import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import { expandDims, moveAxis, split, squeeze, stack, swapAxes, tril, triu } from "./arrays.ts";
import { ones, zeros } from "./create.ts";
import * as logic from "./logic.ts";
import { arange, eye, linspace, oneHot } from "./ranges.ts";

const values = (tensors: { toArray(): unknown }[]) => tensors.map((t) => t.toArray());

test("stack and split", () => {
  const x = tensor([1, 2]);
  expect(stack([x, tensor([3, 4])], -1).toArray()).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(stack([1, 2, 3]).toArray()).toEqual([1, 2, 3]);
  expect(stack([tensor([1], { dtype: "i32" }).shape.length, 2]).dtype).toBe("f32");
  expect(() => stack([x, tensor([1])])).toThrow("stack: got f32[2] and f32[1]");
  expect(values(split(arange(4), 2))).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(values(split(eye(2), [1], 1))).toEqual([
    [[1], [0]],
    [[0], [1]],
  ]);
  expect(values(split(arange(4), [1, 3]))).toEqual([[0], [1, 2], [3]]);
  expect(() => split(arange(4), 3)).toThrow("3 equal parts of i32[4] along axis 0");
  expect(() => split(arange(4), [3, 1])).toThrow("ascending");
});

test("axes are added, dropped, exchanged and moved", () => {
  const x = zeros([2, 1, 4]);
  expect(squeeze(x).shape).toEqual([2, 4]);
  expect(squeeze(x, -2).shape).toEqual([2, 4]);
  expect(() => squeeze(x, 0)).toThrow("axes [0] of f32[2, 1, 4]");
  expect(expandDims(x, -1).shape).toEqual([2, 1, 4, 1]);
  expect(expandDims(x, 0).shape).toEqual([1, 2, 1, 4]);
  expect(swapAxes(x, 0, -1).shape).toEqual([4, 1, 2]);
  expect(moveAxis(x, 0, -1).shape).toEqual([1, 4, 2]);
  expect(moveAxis(x, 2, 0).shape).toEqual([4, 2, 1]);
});

test("triangles", () => {
  expect(tril(ones([2, 3]), -1).toArray()).toEqual([
    [0, 0, 0],
    [1, 0, 0],
  ]);
  expect(triu(ones([2, 3]), 1).toArray()).toEqual([
    [0, 1, 1],
    [0, 0, 1],
  ]);
  expect(tril(ones([2, 2, 2])).toArray()).toEqual(
    Array(2).fill([
      [1, 0],
      [1, 1],
    ]),
  );
  expect(() => tril(ones([2]))).toThrow("tril: got f32[2], expected at least 2 axes");
});

test("ranges", () => {
  expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(linspace(3, 7, 1).toArray()).toEqual([3]);
  expect(() => linspace(0, 1, 2, "i32")).toThrow("dtype i32");
  expect(arange(2, 8, 3).toArray()).toEqual([2, 5]);
  expect(arange(2, -1, -1).toArray()).toEqual([2, 1, 0]);
  expect([arange(3).dtype, arange(0, 1, 0.5).dtype, arange(0, 3, 1, "f64").dtype]).toEqual([
    "i32",
    "f32",
    "f64",
  ]);
  expect(() => arange(0, 1, 0)).toThrow("step 0");
  expect(eye(2, 3).toArray()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
});

test("oneHot", () => {
  expect(oneHot(tensor([2, 0, 5], { dtype: "u8" }), 3).toArray()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
    [0, 0, 0],
  ]);
  expect(() => oneHot(tensor([1]), 2)).toThrow(/oneHot: got labels f32\[1\].*cast/);
});

test("truth", () => {
  const odd = tensor([1, Number.NaN, -Infinity]);
  expect(values([logic.isNaN(odd), logic.isInf(odd), logic.isFinite(odd)])).toEqual([
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 0],
  ]);
  expect(logic.isInf(arange(2)).toArray()).toEqual([0, 0]);
  const x = tensor([2, 0]);
  const y = tensor([true, true]);
  expect(
    values([logic.logicalAnd(x, y), logic.logicalOr(x, y), logic.logicalXor(x, y), logic.logicalNot(x)]),
  ).toEqual([
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 1],
  ]);
  expect(logic.any(eye(2), { axis: 0 }).toArray()).toEqual([1, 1]);
  expect(logic.all(eye(2), { axis: 0, keepDims: true }).toArray()).toEqual([[0, 0]]);
  expect([logic.any(zeros([0])).item(), logic.all(zeros([0])).item()]).toEqual([0, 1]);
  expect(logic.any(zeros([2, 0]), { axis: 1 }).toArray()).toEqual([0, 0]);
  expect(logic.where(y, x, 7).toArray()).toEqual([2, 0]);
});
