import { describe, expect, it } from "vitest";
import { tensor, zeros } from "../tensor/index.ts";
import { Standardizer } from "./standardizer.ts";

// sklearn.preprocessing.StandardScaler().fit(x): mean_, scale_, and transform([[3, 0, 6, 1e6]])
const x = tensor(
  [
    [1, 10, 5, 1e6],
    [2, -30, 5, 1e6 + 1],
    [4, 20, 5, 1e6 + 5],
  ],
  { dtype: "f64" },
);
const means = [2.3333333333333335, 0, 5, 1000002];
const scales = [1.247219128924647, 21.602468994692867, 1, 2.160246899469287];
const transformed = [0.5345224838248487, 0, 1, -0.9258200997725514];

describe("Standardizer", () => {
  it("finds the means and deviations of scikit-learn's StandardScaler", () => {
    const { means: mu, deviations } = Standardizer.fit(x);
    for (const [i, mean] of means.entries()) {
      expect(mu.dataSync()[i]).toBeCloseTo(mean, 8);
      expect(deviations.dataSync()[i]).toBeCloseTo(scales[i], 12);
    }
  });

  it("transforms other examples by them, and back", () => {
    const standardizer = Standardizer.fit(x);
    const other = tensor([[3, 0, 6, 1e6]], { dtype: "f64" });
    const scaled = standardizer.transform(other);
    for (const [i, value] of transformed.entries()) expect(scaled.dataSync()[i]).toBeCloseTo(value, 10);
    const back = standardizer.inverse(scaled).dataSync();
    for (const [i, value] of other.dataSync().entries()) expect(back[i]).toBeCloseTo(value, 8);
  });

  it("leaves a feature that does not vary unscaled, however it rounds", () => {
    const constant = tensor(new Float32Array(100).fill(0.1), { shape: [100, 1] });
    expect(Standardizer.fit(constant).deviations.toArray()).toEqual([1]);
    expect(
      Standardizer.fit(constant)
        .transform(constant)
        .dataSync()
        .every((v) => v === 0),
    ).toBe(true);
  });

  it("keeps the shape of images and of single numbers", () => {
    expect(Standardizer.fit(zeros([3, 8, 8, 1])).means.shape).toEqual([8, 8, 1]);
    expect(
      Standardizer.fit(tensor([1, 3]))
        .transform(tensor([2, 5]))
        .toArray(),
    ).toEqual([0, 3]);
  });

  it("refuses what it cannot fit", () => {
    expect(() => Standardizer.fit(zeros([0, 3]))).toThrow("Standardizer.fit: got f32[0, 3]");
    expect(() => Standardizer.fit(zeros([4, 3], "i32"))).toThrow("Standardizer.fit: got i32[4, 3]");
    expect(() =>
      Standardizer.fit(
        tensor([
          [1, 2],
          [3, Number.NaN],
        ]),
      ),
    ).toThrow("NaN at example 1, feature 1");
    expect(() => Standardizer.fit(x).transform(zeros([2, 3], "f64"))).toThrow("got f64[2, 3], expected f64");
    expect(() => Standardizer.fit(x).inverse(zeros([2, 4]))).toThrow("got f32[2, 4], expected f64");
  });
});
