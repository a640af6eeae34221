import { describe, expect, test } from "vitest";
import { compileKernels, findTarget, layOut, type NativeFunction } from "../../../../test/native-kernels.ts";
import { type ContractionCase, prepare } from "../contraction/contraction.fixture.ts";
import {
  convolutions,
  oddProducts,
  otherContractions,
  productCase,
  randomContractions,
} from "../contraction/contraction-cases.fixture.ts";
import { renderContraction, renderTiled } from "./contraction.ts";
import type { RenderedKernel, Target } from "./rendered.ts";

const target = findTarget();
// More than one block of depth, of rows and of columns.
const blockProducts = (dtype: "f32" | "f64" | "i32" | "u32"): ContractionCase[] => [
  productCase(dtype, [28, 40, 1300], [true, false]),
  productCase(dtype, [5, 300, 1100], [false, true]),
];
const largeProducts: ContractionCase[] = [
  productCase("f32", [205, 18, 301], [false, true]),
  productCase("f32", [150, 35, 300], [true, false]),
  productCase("f32", [5, 530, 270], [false, false]),
  productCase("f32", [3, 7, 2500], [true, true]),
  // Copies of the left operand and packed blocks of the right one are kept.
  productCase("f32", [320, 384, 520], [true, false]),
];

/** Compiles all cases at once, runs each in one part and in three, and compares. */
function check(cases: readonly ContractionCase[], machine: Target, flags: readonly string[] = []): void {
  const kernels = cases.map(({ contraction }) => renderTiled(contraction, machine));
  const distinct = [...new Map(kernels.map((kernel) => [kernel.key, kernel])).values()];
  const functions = compileKernels(distinct, flags);
  const functionOf = new Map(distinct.map(({ key }, k) => [key, functions[k]]));
  cases.forEach((item, k) => {
    const run = functionOf.get(kernels[k].key);
    if (run === undefined) throw new TypeError("every kernel was compiled");
    checkCase(item, kernels[k], run);
  });
}

function checkCase(item: ContractionCase, kernel: RenderedKernel, run: NativeFunction): void {
  const { dtypes, arrays, compare } = prepare(item);
  const results = [1, 3].map((parts) => {
    const { memory, words, views, ends } = layOut(kernel, arrays, dtypes);
    for (let part = 0; part < parts; part++) run(memory, words, part, parts, 1);
    const bytes = new Uint8Array(memory);
    for (const end of ends) {
      if (bytes.subarray(end, end + 64).some((byte) => byte !== 0xff))
        throw new RangeError("wrote behind an area");
    }
    return views;
  });
  compare(results[0]);
  expect(results[1], `${item.contraction.name} in parts`).toEqual(results[0]);
}

describe.skipIf(target === undefined)("contractions as C", () => {
  const machine: Target = target ?? { architecture: "other", vectorBytes: 16, fma: false };

  test.each(["f32", "f64", "i32", "u32"] as const)("products of %s in several blocks", (dtype) => {
    check(dtype === "f32" ? [...largeProducts, ...blockProducts(dtype)] : blockProducts(dtype), machine);
  });
  test("products of odd sizes", () => check(oddProducts(), machine));
  test("convolutions", () => check(convolutions(), machine));
  test("batches, operands and epilogues", () => check(otherContractions(), machine));
  test.each(["f32", "f64", "i32"] as const)("random contractions of %s", (dtype) => {
    check(randomContractions(dtype), machine);
  });
  test.each([
    { architecture: "other", vectorBytes: 16, fma: false },
    { architecture: "x86_64", vectorBytes: 32, fma: false },
    { architecture: "aarch64", vectorBytes: 16, fma: false },
    { architecture: "x86_64", vectorBytes: 64, fma: false },
  ] as const)("tiles for other machines: $architecture, $vectorBytes bytes", (other) => {
    const sizes = [5, 70, 1100];
    const products = [productCase("f32", sizes, [true, false]), productCase("f64", sizes, [false, true])];
    check([...convolutions(), ...products], other);
  });
  test("what is small or thin runs as loops, no depth gives zeros, no rows nothing", () => {
    const formOf = (sizes: readonly number[]): string =>
      renderContraction(productCase("f32", sizes, [false, false]).contraction, machine).key.split(" ")[0];
    const sizes = [
      [4, 8, 4],
      [1, 512, 512],
      [64, 1, 784],
      [64, 64, 64],
      [128, 10, 128],
      [5, 6, 0],
    ];
    expect(sizes.map(formOf)).toEqual(["loops", "loops", "loops", "contraction", "contraction", "loops"]);
    for (const extents of [
      [5, 6, 0],
      [0, 6, 5],
    ]) {
      const item = productCase("f32", extents, [false, false]);
      const kernel = renderContraction(item.contraction, machine);
      checkCase(item, kernel, compileKernels([kernel])[0]);
    }
  });
  test("a new size with the same structure runs the same code", () => {
    const keys = [
      [40, 50, 60],
      [8, 70, 300],
    ].map((sizes) => renderTiled(productCase("f32", sizes, [true, false]).contraction, machine).key);
    expect(keys[1]).toBe(keys[0]);
  });
});
