import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { breastCancer, diabetes, iris, type ShippedTable, wine } from "./index.ts";
import { Standardizer } from "./standardizer.ts";

/** What scikit-learn says of the same table (test/fixtures/tables.py). */
interface Expected {
  readonly shape: number[];
  readonly means: number[];
  readonly deviations: number[];
  readonly first: number[];
  readonly last: number[];
  readonly targetMean: number;
  readonly targets: number[];
}

const fixture = new URL("../../test/fixtures/tables.json", import.meta.url);
const expected: Record<string, Expected> = JSON.parse(readFileSync(fixture, "utf8"));

const tables: [name: string, load: () => Promise<ShippedTable>, classSizes: number[] | undefined][] = [
  ["iris", iris, [50, 50, 50]],
  ["wine", wine, [59, 71, 48]],
  ["breastCancer", breastCancer, [212, 357]],
  ["diabetes", diabetes, undefined],
];

test.each(tables)("%s: the numbers of scikit-learn", async (name, load, classSizes) => {
  const { x, y, featureNames } = await load();
  const { shape, means, deviations, first, last, targetMean, targets } = expected[name];
  expect([x.shape, x.dtype]).toEqual([shape, "f32"]);
  const [count, width] = shape;
  expect(featureNames).toHaveLength(width);
  expect(new Set(featureNames).size).toBe(width);
  const values = x.dataSync();
  const rounded = (row: number[]): number[] => row.map(Math.fround);
  expect([...values.slice(0, width)]).toEqual(rounded(first));
  expect([...values.slice(-width)]).toEqual(rounded(last));
  const fitted = Standardizer.fit(x);
  for (let feature = 0; feature < width; feature++) {
    expect(fitted.means.dataSync()[feature] / means[feature]).toBeCloseTo(1, 5);
    expect(fitted.deviations.dataSync()[feature] / deviations[feature]).toBeCloseTo(1, 5);
  }
  const labels = [...y.dataSync()];
  expect([labels.length, y.dtype]).toEqual([count, classSizes === undefined ? "f32" : "i32"]);
  expect(labels.filter((_, i) => i % 10 === 0)).toEqual(targets);
  expect(labels.reduce((sum, label) => sum + label, 0) / count).toBeCloseTo(targetMean, 9);
  classSizes?.forEach((size, k) => {
    expect(labels.filter((label) => label === k)).toHaveLength(size);
  });
});

test("classes have names", async () => {
  for (const load of [iris, wine, breastCancer]) {
    const { y, classNames } = await load();
    expect(classNames).toHaveLength(Math.max(...y.dataSync()) + 1);
  }
});
