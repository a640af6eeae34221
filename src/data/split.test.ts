import { describe, expect, it } from "vitest";
import { devices, getDevice, random, setDevice, type Tensor, tensor, zeros } from "../tensor/index.ts";
import { trainTestSplit } from "./split.ts";

const key = random.key(0);

/** Numbered rows, and labels of classes with the given sizes in turn. */
function numbered(...sizes: number[]): { x: Tensor; y: Tensor } {
  const labels = sizes.flatMap((size, label) => new Array<number>(size).fill(label));
  return { x: tensor(labels.map((_, row) => [row])), y: tensor(labels, { dtype: "i32" }) };
}

function histogram(y: Tensor, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of y.dataSync()) counts[label]++;
  return counts;
}

describe("trainTestSplit", () => {
  it("divides the rows, each to one side, x and y together", () => {
    const { x, y } = numbered(6, 5, 9);
    const { xTrain, yTrain, xTest, yTest } = trainTestSplit(x, y, { key });
    expect([xTrain.shape, yTrain.shape, xTest.shape, yTest.shape]).toEqual([[15, 1], [15], [5, 1], [5]]);
    const rows = [...xTrain.dataSync(), ...xTest.dataSync()];
    expect([...rows].sort((a, b) => a - b)).toEqual([...x.dataSync()]);
    const labels = [...yTrain.dataSync(), ...yTest.dataSync()];
    expect(labels).toEqual(rows.map((row) => y.dataSync()[row]));
  });

  it("rounds a share up, as scikit-learn does", () => {
    const { x, y } = numbered(10);
    expect(trainTestSplit(x, y, { key, testSize: 0.25 }).yTest.shape).toEqual([3]);
    expect(trainTestSplit(x, y, { key, testSize: 0.2 }).yTest.shape).toEqual([2]);
    expect(trainTestSplit(x, y, { key, testSize: 1 }).yTest.shape).toEqual([1]);
  });

  it("holds out the same rows for the same key, on every device", () => {
    const initial = getDevice();
    const { x, y } = numbered(60, 50, 90);
    const heldOut = devices()
      .filter(({ available }) => available)
      .map(({ name }) => {
        setDevice(name);
        return [...trainTestSplit(x, y, { key, stratify: true }).xTest.dataSync()];
      });
    setDevice(initial);
    expect(heldOut).toEqual(heldOut.map(() => heldOut[0]));
    const other = trainTestSplit(x, y, { key: random.key(1), stratify: true });
    expect([...other.xTest.dataSync()]).not.toEqual(heldOut[0]);
  });

  // The first is the digits. As scikit-learn's StratifiedShuffleSplit, which draws lots between equal remainders.
  it.each([
    [[178, 182, 177, 183, 181, 182, 181, 179, 174, 180], 360, [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]],
    [[50, 30, 20], 10, [5, 3, 2]],
    [[50, 30, 21], 10, [5, 3, 2]],
    [[5, 3, 2], 4, [2, 1, 1]],
    [[3, 3, 3], 4, [2, 1, 1]],
    [[98, 1, 1], 10, [10, 0, 0]],
    [[0, 4, 4], 2, [0, 1, 1]],
  ])("stratifies classes of %j: %d held out as %j", (sizes, testSize, expected) => {
    const { x, y } = numbered(...sizes);
    const { yTest, yTrain } = trainTestSplit(x, y, { key, testSize, stratify: true });
    expect(histogram(yTest, sizes.length)).toEqual(expected);
    expect(histogram(yTrain, sizes.length)).toEqual(sizes.map((size, i) => size - expected[i]));
  });

  it("mixes the classes on both sides", () => {
    const { x, y } = numbered(20, 20);
    const { yTrain, yTest } = trainTestSplit(x, y, { key, testSize: 0.5, stratify: true });
    for (const part of [yTrain, yTest]) {
      const labels = [...part.dataSync()];
      expect(labels).not.toEqual([...labels].sort((a, b) => a - b));
    }
  });

  it("refuses sizes that leave a side empty", () => {
    const { x, y } = numbered(4);
    expect(() => trainTestSplit(x, y, { key, testSize: 4 })).toThrow("got 4 of 4 examples to hold out");
    expect(() => trainTestSplit(x, y, { key, testSize: 0.9 })).toThrow("got 4 of 4 examples to hold out");
    for (const testSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => trainTestSplit(x, y, { key, testSize })).toThrow(`got testSize ${testSize}`);
    }
  });

  it("refuses examples and targets that do not fit", () => {
    const { x, y } = numbered(4);
    expect(() => trainTestSplit(x, zeros([5]), { key })).toThrow("expected the same number of rows");
    expect(() => trainTestSplit(x, zeros([4]), { key, stratify: true })).toThrow("got targets f32[4]");
    expect(() => trainTestSplit(x, y, JSON.parse("{}"))).toThrow("expected { key: random.key(seed) }");
    expect(() => trainTestSplit(x, y, { key, ...JSON.parse('{"stratified":true}') })).toThrow(
      "did you mean 'stratify'",
    );
  });
});
