import { describe, expect, it } from "vitest";
import { formatScalar, formatTensor } from "./format.ts";

const f32 = (...values: number[]): string =>
  formatTensor({ dtype: "f32", shape: [values.length] }, Float32Array.from(values));
const f64 = (...values: number[]): string =>
  formatTensor({ dtype: "f64", shape: [values.length] }, Float64Array.from(values));

// The expected texts are those of NumPy 2.4 under the header.
describe("formatTensor", () => {
  it("aligns the decimal points", () => {
    expect(f32(0.1, 0.25, 3)).toBe("tensor f32[3] [0.1  0.25 3.  ]");
    expect(f32(1 / 3, 2 / 3, -1)).toBe("tensor f32[3] [ 0.33333334  0.6666667  -1.        ]");
    expect(f64(1 / 3, 2 / 3, -1)).toBe("tensor f64[3] [ 0.33333333  0.66666667 -1.        ]");
    expect(f64(0.123456789123, 1e-9 * 0)).toBe("tensor f64[2] [0.12345679 0.        ]");
    expect(f64(0.99999999999)).toBe("tensor f64[1] [1.]");
    expect(f64(-0, 0)).toBe("tensor f64[2] [-0.  0.]");
  });

  it("turns to scientific notation for wide ranges", () => {
    expect(f32(1e-5, 1.2)).toBe("tensor f32[2] [1.0e-05 1.2e+00]");
    expect(f64(123456789, 1)).toBe("tensor f64[2] [1.23456789e+08 1.00000000e+00]");
    expect(f32(123456.789, 0.5)).toBe("tensor f32[2] [1.2345679e+05 5.0000000e-01]");
    expect(f64(1e-300, 1e300, -1e5)).toBe("tensor f64[3] [ 1.e-300  1.e+300 -1.e+005]");
  });

  it("prints what is not finite", () => {
    expect(f64(Number.NaN, Infinity, -Infinity, 1.5)).toBe("tensor f64[4] [ nan  inf -inf  1.5]");
  });

  it("nests brackets and prints integers and truth values", () => {
    const counts = formatTensor(
      { dtype: "i32", shape: [2, 2, 3] },
      Int32Array.from({ length: 12 }, (_, i) => i),
    );
    expect(counts).toBe("tensor i32[2, 2, 3]\n[[[ 0  1  2]\n  [ 3  4  5]]\n\n [[ 6  7  8]\n  [ 9 10 11]]]");
    expect(formatTensor({ dtype: "bool", shape: [2, 2] }, Uint8Array.of(1, 0, 0, 1))).toBe(
      "tensor bool[2, 2]\n[[ true false]\n [false  true]]",
    );
    expect(formatTensor({ dtype: "f32", shape: [2, 0] }, new Float32Array(0))).toBe("tensor f32[2, 0] []");
  });

  it("breaks lines and summarises large tensors", () => {
    const counts = Int32Array.from({ length: 2000 }, (_, i) => i);
    expect(formatTensor({ dtype: "i32", shape: [30] }, counts.subarray(0, 30))).toBe(
      "tensor i32[30]\n[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]",
    );
    expect(formatTensor({ dtype: "i32", shape: [2000] }, counts)).toBe(
      "tensor i32[2000] [   0    1    2 ... 1997 1998 1999]",
    );
    expect(formatTensor({ dtype: "i32", shape: [500, 4] }, counts)).toBe(
      [
        "tensor i32[500, 4]",
        "[[   0    1    2    3]",
        " [   4    5    6    7]",
        " [   8    9   10   11]",
        " ...",
        " [1988 1989 1990 1991]",
        " [1992 1993 1994 1995]",
        " [1996 1997 1998 1999]]",
      ].join("\n"),
    );
  });

  it("prints scalars with their shortest digits", () => {
    expect(formatTensor({ dtype: "f32", shape: [] }, Float32Array.of(0.1))).toBe("tensor f32[] 0.1");
    const scalars = [3, 1e-8, 1e16, 1 / 3, 0.0001, -2.5, Number.NaN, 0];
    expect(scalars.map((value) => formatScalar("f64", value))).toEqual([
      "3.0",
      "1e-08",
      "1e+16",
      "0.3333333333333333",
      "0.0001",
      "-2.5",
      "nan",
      "0.0",
    ]);
    expect([formatScalar("bool", 1), formatScalar("u8", 7)]).toEqual(["true", "7"]);
  });
});
