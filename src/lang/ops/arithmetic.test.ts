import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import { printProgram } from "../program/print.ts";
import { trace } from "../program/trace.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { cast } from "./operand.ts";
import { select } from "./select.ts";
import { broadcastTo, reshape, sum, transpose } from "./structure.ts";

test("elementwise operations broadcast", () => {
  const x = tensor([[1, 2, 3]]);
  const y = tensor([[10], [20]]);
  expect(add(x, y).toArray()).toEqual([
    [11, 12, 13],
    [21, 22, 23],
  ]);
  expect(sub(1, x).toArray()).toEqual([[0, -1, -2]]);
  expect(mul(x, 2).toArray()).toEqual([[2, 4, 6]]);
  expect(neg(x).toArray()).toEqual([[-1, -2, -3]]);
});

test("integers wrap around, and division by zero gives zero", () => {
  const x = tensor([2147483647, -2147483648, 65537], { dtype: "i32" });
  expect(add(x, 1).toArray()).toEqual([-2147483648, -2147483647, 65538]);
  expect(mul(x, 65537).toArray()).toEqual([2147418111, -2147483648, 131073]);
  expect(neg(tensor([1], { dtype: "u8" })).toArray()).toEqual([255]);
  expect(div(tensor([7, -7, 5], { dtype: "i32" }), tensor([2, 2, 0], { dtype: "i32" })).toArray()).toEqual([
    3, -3, 0,
  ]);
});

test("a number takes the dtype of the tensor, also as an argument of a traced function", () => {
  const x = tensor([1, 2]);
  expect(add(x, 0.5).dtype).toBe("f32");
  expect(() => add(tensor([1], { dtype: "i32" }), 0.5)).toThrow(
    "add: got the number 0.5 where the dtype is i32",
  );
  expect(() => add(x, tensor([1], { dtype: "i32" }))).toThrow(/f32\[2\] and i32\[1\].*cast/);
  const { program } = trace(
    (rate, weights) => [mul(weights, mul(2, rate))],
    [
      { dtype: "f64", shape: [] },
      { dtype: "f32", shape: [2] },
    ],
    { name: "test", weak: [true, false] },
  );
  expect(printProgram(program)).toBe(
    [
      "(v0: f64[], v1: f32[2]) => {",
      "  v2: f64[] = mul(2:f64, v0)",
      "  v3: f32[] = cast{dtype: f32}(v2)",
      "  v4: f32[2] = broadcast{shape: [2], axes: []}(v3)",
      "  v5: f32[2] = mul(v1, v4)",
      "  return v5",
      "}",
    ].join("\n"),
  );
});

test("select takes one side and leaves no trace of the other", () => {
  const condition = tensor([true, false]);
  expect(select(condition, tensor([1, Number.NaN]), 7).toArray()).toEqual([1, 7]);
  expect(select(condition, tensor([[1], [2]]), tensor([8, 9])).toArray()).toEqual([
    [1, 9],
    [2, 9],
  ]);
  expect(() => select(tensor([1, 0]), 1, 2)).toThrow("expected dtype bool");
});

test("cast truncates and saturates", () => {
  expect(cast(tensor([2.9, -2.9, 1e20, Number.NaN]), "i32").toArray()).toEqual([2, -2, 2147483647, 0]);
  expect(cast(tensor([-1, 300], { dtype: "i32" }), "u8").toArray()).toEqual([255, 44]);
  expect(cast(tensor([0, 0.1, Number.NaN]), "bool").toArray()).toEqual([0, 1, 1]);
});

test("structure", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(sum(x).item()).toBe(21);
  expect(sum(x, { axis: -1, keepDims: true }).toArray()).toEqual([[6], [15]]);
  expect(sum(x, { axis: 0 }).toArray()).toEqual([5, 7, 9]);
  expect(sum(x, { axis: [] })).toBe(x);
  expect(transpose(x).toArray()).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  expect(reshape(x, [3, -1]).toArray()).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(() => reshape(x, [4, -1])).toThrow("reshape: got f32[2, 3] to shape [4, -1]");
  expect(broadcastTo(tensor([[1], [2]]), [2, 2, 2]).toArray()).toEqual([
    [
      [1, 1],
      [2, 2],
    ],
    [
      [1, 1],
      [2, 2],
    ],
  ]);
  expect(() => broadcastTo(x, [3])).toThrow("broadcastTo");
  expect(() => transpose(x, [0, 0])).toThrow("each of its 2 axes once");
});
