import { describe, expect, it, test } from "vitest";
import { add, devices, getDevice, mul, random, setDevice, slice, tensor, zeros } from "../tensor/index.ts";
import { batches, Dataset, shuffle, takeRows } from "./dataset.ts";

const count = 23;
const x = tensor(
  Float32Array.from({ length: count * 3 }, (_, i) => i),
  { shape: [count, 3] },
);
const y = tensor(
  Int32Array.from({ length: count }, (_, i) => i),
  { dtype: "i32" },
);

describe("takeRows", () => {
  it.each(["f32", "f64", "i32", "u32", "u8", "bool"] as const)("takes rows of %s", (dtype) => {
    const data = tensor([0, 1, 1, 1, 1, 0], { dtype, shape: [3, 2] });
    const rows = takeRows(data, [2, 0, 2]);
    expect([rows.dtype, rows.shape, [...rows.dataSync()]]).toEqual([dtype, [3, 2], [1, 0, 0, 1, 1, 0]]);
  });

  it("takes long rows and rows without elements", () => {
    const data = tensor(
      Float64Array.from({ length: 4 * 100 }, (_, i) => i),
      { shape: [4, 10, 10] },
    );
    const [long, empty] = takeRows([data, zeros([4, 0])], [3, 1]);
    expect(long.shape).toEqual([2, 10, 10]);
    expect([...long.dataSync()]).toEqual(
      [3, 1].flatMap((row) => Array.from({ length: 100 }, (_, i) => row * 100 + i)),
    );
    expect(empty.shape).toEqual([2, 0]);
  });

  it("keeps the structure of a tree", () => {
    const rows = takeRows({ inputs: [x, x], target: y }, [4]);
    expect(rows.inputs.map((input) => input.toArray())).toEqual([[[12, 13, 14]], [[12, 13, 14]]]);
    expect(rows.target.toArray()).toEqual([4]);
  });

  it("gives batches that stay as they are when the next is taken", () => {
    const dataset = new Dataset(y);
    const first = dataset.take([1, 2, 3]);
    dataset.take([4, 5, 6]);
    expect(first.toArray()).toEqual([1, 2, 3]);
  });

  it.each([-1, count, 1.5, Number.NaN])("refuses row %d", (row) => {
    expect(() => takeRows(x, [0, row])).toThrow(`take: got row ${row}, expected a row from 0 to 22`);
  });

  it("refuses data without rows to count", () => {
    expect(() => new Dataset(tensor(1))).toThrow("dataset: got the scalar f32[]");
    expect(() => new Dataset([])).toThrow("dataset: got no tensor");
    expect(() => new Dataset({ x, y: zeros([7]) })).toThrow(
      "dataset: got f32[23, 3] at 'x' and f32[7] at 'y', expected the same number of rows in each",
    );
  });
});

describe("batches", () => {
  it("gives all rows in order, the last batch smaller", () => {
    const all = [...batches([x, y], 10)];
    expect(all.map(([part]) => part.shape)).toEqual([
      [10, 3],
      [10, 3],
      [3, 3],
    ]);
    expect(all.flatMap(([, labels]) => [...labels.dataSync()])).toEqual([...y.dataSync()]);
  });

  it("leaves out a smaller last batch if asked to", () => {
    expect([...batches(y, 10, { dropLast: true })].map((part) => part.shape[0])).toEqual([10, 10]);
    expect([...batches(y, 24, { dropLast: true })]).toEqual([]);
  });

  it("shuffles by key, rows of all tensors together", () => {
    const run = (seed: number) => [...batches([x, y], 10, { key: random.key(seed) })];
    const labels = (seed: number) => run(seed).flatMap(([, part]) => [...part.dataSync()]);
    expect(labels(0)).toEqual(labels(0));
    expect(labels(0)).not.toEqual(labels(1));
    expect(labels(0)).not.toEqual([...y.dataSync()]);
    expect([...labels(0)].sort((a, b) => a - b)).toEqual([...y.dataSync()]);
    for (const [rows, part] of run(0)) {
      const numbers = [...part.dataSync()];
      expect([...rows.dataSync()]).toEqual(numbers.flatMap((row) => [3 * row, 3 * row + 1, 3 * row + 2]));
    }
  });

  it("refuses a size that is no whole number, and unknown options", () => {
    expect(() => batches(x, 0)).toThrow("batches: got the size 0");
    expect(() => batches(x, 2.5)).toThrow("batches: got the size 2.5");
    expect(() => new Dataset(x).batches(2, JSON.parse('{"droplast":true}'))).toThrow(
      /did you mean 'dropLast'/,
    );
  });
});

test("the order of a key is the same on every device", () => {
  const initial = getDevice();
  const orders = devices()
    .filter(({ available }) => available)
    .map(({ name }) => {
      setDevice(name);
      return [...shuffle(random.key(7), y).dataSync()];
    });
  setDevice(initial);
  expect(orders).toEqual(orders.map(() => orders[0]));
  expect([...orders[0]].sort((a, b) => a - b)).toEqual([...y.dataSync()]);
});

describe("map", () => {
  const doubled = new Dataset([x, y] as const).map(([x, y]) => ({ x: mul(x, 2), y }));

  it("passes rows through a function when they are taken", () => {
    const { x, y } = doubled.take([2, 0]);
    expect([x.toArray(), y.toArray()]).toEqual([
      [
        [12, 14, 16],
        [0, 2, 4],
      ],
      [2, 0],
    ]);
    expect(doubled.count).toBe(count);
  });

  it("in batches, by key, and again", () => {
    const plain = [...new Dataset([x, y] as const).batches(5, { key: random.key(3) })];
    const mapped = [...doubled.map(({ x }) => add(x, 1)).batches(5, { key: random.key(3) })];
    expect(mapped.map((batch) => batch.toArray())).toEqual(plain.map(([x]) => add(mul(x, 2), 1).toArray()));
  });

  it("refuses what loses rows", () => {
    const first = new Dataset(x).map((x) => slice(x, [0], [1]));
    expect(first.take([4]).shape).toEqual([1, 3]);
    expect(() => first.take([4, 5])).toThrow(
      "map: got f32[1, 3] for 2 rows, expected tensors with a row for each",
    );
    expect(() => new Dataset(x).map(() => []).take([0])).toThrow("map: got no tensor for 1 rows");
    expect(() => doubled.take([count])).toThrow(`got row ${count}`);
  });
});
