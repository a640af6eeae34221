import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { tensor } from "./create.ts";
import "./install.ts";

describe("tensor", () => {
  it("reads nested arrays", () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([x.dtype, x.shape, x.toArray()]).toEqual([
      "f32",
      [2, 3],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
  });

  it("reads scalars, truth values and empty arrays", () => {
    expect([tensor(2.5).shape, tensor(2.5).item()]).toEqual([[], 2.5]);
    expect([tensor([true, false]).dtype, tensor([true, false]).toArray()]).toEqual(["bool", [1, 0]]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  it("copies typed arrays and takes their element type", () => {
    const source = Int32Array.of(1, 2, 3, 4);
    const x = tensor(source, { shape: [2, 2] });
    source[0] = 9;
    expect([x.dtype, x.toArray()]).toEqual([
      "i32",
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]).shape).toEqual([2, 2]);
  });

  it("rounds to the dtype", () => {
    expect(tensor([0.1]).item()).toBe(Math.fround(0.1));
    expect(tensor([0.1], { dtype: "f64" }).item()).toBe(0.1);
    expect(tensor([-1, 1.9, 300, Number.NaN], { dtype: "u8" }).toArray()).toEqual([0, 1, 255, 0]);
    expect(tensor([0, 2, -1], { dtype: "bool" }).toArray()).toEqual([0, 1, 1]);
  });

  it("names the place of ragged data", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/ragged data: 1 elements at \[1\], expected shape \[2\]/);
    expect(() => tensor([[1, 2], 3])).toThrow(/the scalar 3 at \[1\]/);
    expect(() => tensor([1, [2]])).toThrow(/1 elements at \[1\], expected a number/);
    expect(() =>
      tensor([
        [[1], [2]],
        [[3], [4, 5]],
      ]),
    ).toThrow(/at \[1\]\[1\]/);
  });

  it("refuses what is not a number", () => {
    // @ts-expect-error: a string is no tensor data
    expect(() => tensor([1, "two"])).toThrow(/string two at \[1\]/);
    // @ts-expect-error: tensors are joined with stack
    expect(() => tensor([tensor(1)])).toThrow(/a Tensor at \[0\].*stack/);
    expect(() => tensor([1, true])).toThrow(/numbers mixed with truth values/);
    expect(tensor([1, true], { dtype: "i32" }).toArray()).toEqual([1, 1]);
    // @ts-expect-error: 64-bit integers are no dtype
    expect(() => tensor(new BigInt64Array(1))).toThrow(/BigInt64Array/);
  });

  it("checks its options", () => {
    // @ts-expect-error: the dtype does not exist
    expect(() => tensor(1, { dtype: "float32" })).toThrow(/'float32'.*'f32'/);
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(/3 elements for shape \[2, 2\]/);
    // @ts-expect-error: the option does not exist
    expect(() => tensor([1], { dtpye: "f32" })).toThrow(/did you mean 'dtype'/);
  });

  it("keeps literal shapes and dtypes in the type", () => {
    const x = tensor(new Uint8Array(6), { shape: [2, 3], dtype: "u8" });
    const rows: 2 = x.shape[0];
    const dtype: "u8" = x.dtype;
    expect([rows, dtype]).toEqual([2, "u8"]);
  });

  it("prints itself in the console", () => {
    const x = tensor([1, 2]);
    expect(inspect(x)).toBe(x.toString());
  });
});
