import fc from "fast-check";
import { expect, test } from "vitest";
import type { DType, TypedArray } from "../../../base/dtype.ts";
import { interpretKernel } from "../../../lang/kernel/interpret.ts";
import { verifyKernel } from "../../../lang/kernel/verify.ts";
import { NestGenerator, pointsOf, runNest } from "./nest.fixture.ts";

const families: readonly (readonly DType[])[] = [
  ["f32"],
  ["f32", "i32", "bool"],
  ["i32", "u32", "u8", "bool", "f32"],
  ["f64"],
  ["f64", "f32", "i32", "u32", "u8", "bool"],
];

function difference(a: TypedArray, b: TypedArray, tolerance: number): string | undefined {
  for (let k = 0; k < a.length; k++) {
    const close = Math.abs(a[k] - b[k]) <= tolerance * Math.max(1, Math.abs(b[k]));
    if (!Object.is(a[k], b[k]) && !close) return `element ${k}: ${a[k]}, expected ${b[k]}`;
  }
  return undefined;
}

for (const types of families) {
  test(`random nests of ${types.join(", ")} agree with the interpreter`, () => {
    fc.assert(
      fc.property(fc.gen(), (g) => {
        const pick = (n: number): number => g(fc.nat, { max: n - 1 });
        const { nest, arrays, inexact } = new NestGenerator(pick, types).nest();
        fc.pre(pointsOf(nest) < 20000);
        verifyKernel(nest);
        const expected = arrays.map((array) => array.slice());
        interpretKernel(nest, expected, new Set());
        const { arrays: got } = runNest(nest, arrays);
        got.forEach((array, k) => {
          const tolerance = inexact ? 1e-4 : 0;
          expect(difference(array, expected[k], tolerance), `buffer ${k}`).toBeUndefined();
        });
      }),
      { numRuns: 150 },
    );
  });
}
