import { expect, test } from "vitest";
import { add, mul, sub } from "../lang/ops/arithmetic.ts";
import { cast } from "../lang/ops/operand.ts";
import type { Tensor } from "../lang/program/tensor.ts";
import { grad } from "../lang/transforms/gradient.ts";
import { tensor } from "./create.ts";
import "./install.ts";
import { jit, programOf } from "./jit.ts";

const w = tensor([1, 2, 3]);

const inputTypes = (f: (...args: never[]) => unknown, ...args: unknown[]): string[] => {
  const typed: (...args: unknown[]) => unknown = (...given) => Reflect.apply(f, undefined, given);
  return programOf(typed, ...args).inputs.map(({ type }) => type.dtype);
};

test("a number that only meets f32 comes as f32", () => {
  expect(inputTypes((w: Tensor, rate: number) => sub(w, mul(w, rate)), w, 0.1)).toEqual(["f32", "f32"]);
  const step = jit((w: Tensor, rate: number) => sub(w, mul(add(w, rate), rate)));
  const single = Math.fround(0.1);
  const wanted = [1, 2, 3].map((x) => Math.fround(x - Math.fround(Math.fround(x + single) * single)));
  expect(step(w, 0.1).toArray()).toEqual(wanted);
  expect(step(w, 0).toArray()).toEqual([1, 2, 3]);
});

test("a number that meets other dtypes, or is returned, keeps its digits", () => {
  const f64 = cast(w, "f64");
  expect(
    inputTypes((w: Tensor, v: Tensor, rate: number) => [mul(w, rate), mul(v, rate)], w, f64, 0.1),
  ).toEqual(["f32", "f64", "f64"]);
  const both = jit((w: Tensor, v: Tensor, rate: number) => [mul(w, rate), mul(v, rate)]);
  const [narrow, wide] = both(w, f64, 0.1);
  expect(narrow.toArray()).toEqual([1, 2, 3].map((x) => Math.fround(x * Math.fround(0.1))));
  expect(wide.toArray()).toEqual([0.1, 0.2, 3 * 0.1]);
});

test("derivatives and captured numbers follow", () => {
  const loss = (w: Tensor, rate: number): Tensor => grad((x: Tensor) => mul(mul(x, x), rate))(mul(w, rate));
  expect(jit(loss)(tensor(3), 0.5).item()).toBe(1.5);
});
