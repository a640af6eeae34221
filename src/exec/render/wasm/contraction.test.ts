import { describe, expect, test } from "vitest";
import { randomArray } from "../contraction/contraction.fixture.ts";
import {
  convolutions,
  matrixProduct,
  oddProducts,
  otherContractions,
  productCase,
  randomContractions,
} from "../contraction/contraction-cases.fixture.ts";
import { check, runWasm } from "./contraction.fixture.ts";
import { renderContraction } from "./contraction.ts";

describe("matrix products", () => {
  test("odd sizes, in all transpositions", () => {
    for (const item of oddProducts()) check(item);
  });
  test.each(["f32", "f64", "i32", "u32"] as const)("several blocks of %s", (dtype) => {
    const several = [
      { sizes: [205, 18, 301], transposed: [false, true] },
      { sizes: [150, 35, 300], transposed: [true, false] },
      { sizes: [5, 530, 270], transposed: [false, false] },
      { sizes: [3, 7, 1500], transposed: [true, true] },
      { sizes: [300, 16, 300], transposed: [false, false] },
    ];
    for (const { sizes, transposed } of several) check(productCase(dtype, sizes, transposed));
  });
  test("a new size with the same structure runs the same code", () => {
    const first = check(productCase("f32", [40, 50, 60], [false, false]));
    const second = check(productCase("f32", [8, 70, 3], [false, false]));
    expect(second.key).toBe(first.key);
  });
});

test.each(convolutions().map((item) => [item.contraction.name, item] as const))("%s", (_, item) => {
  check(item);
});

test.each(otherContractions().map((item) => [item.contraction.name, item] as const))("%s", (_, item) => {
  check(item);
});

test("no depth gives zeros, no rows nothing", () => {
  for (const [rows, depth] of [
    [5, 0],
    [0, 5],
  ]) {
    const contraction = matrixProduct("f32", [rows, 6, depth], [false, false]);
    const arrays = [rows * depth, depth * 6, rows * 6].map((length) => randomArray("f32", length));
    const [, , out] = runWasm(renderContraction(contraction), arrays, ["f32", "f32", "f32"]);
    expect([...out]).toEqual(new Array(rows * 6).fill(0));
  }
});

test.each(["f32", "f64", "i32"] as const)("random contractions of %s", (dtype) => {
  for (const item of randomContractions(dtype)) check(item);
});
