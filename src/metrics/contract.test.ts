// What holds for every metric, and each against scikit-learn: a new one is tested because it is exported.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { expectStored, stored } from "../../test/oracle.ts";
import { dense } from "../nn/index.ts";
import {
  add,
  cast,
  jit,
  mean,
  NeuriteError,
  oneHot,
  random,
  slice,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { Sequential } from "../train/index.ts";
import * as exported from "./index.ts";
import {
  accuracy,
  confusionMatrix,
  type Metric,
  metrics,
  precision,
  r2Score,
  recall,
  rocAuc,
  topKAccuracy,
} from "./index.ts";

type Stored = Parameters<typeof stored>[0];

interface Case {
  readonly metric: string;
  readonly options: { readonly k?: number };
  readonly prediction: Stored;
  readonly target: Stored;
  readonly value: Stored;
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/metrics.json", import.meta.url), "utf8"),
);

const functions: Readonly<Record<string, Metric>> = { ...metrics, confusionMatrix };
/** Those that have cases of their own in metrics.test.ts. */
const accuracies = ["accuracy", "binaryAccuracy", "categoricalAccuracy", "sparseCategoricalAccuracy"];

test("every exported metric is here, and has cases of scikit-learn", () => {
  const names = Object.keys(exported).filter((name) => name !== "metricOf" && name !== "metrics");
  expect(names.sort()).toEqual(Object.keys(functions).sort());
  const tested = new Set([...accuracies, ...cases.map(({ metric }) => metric)]);
  expect(names.filter((name) => !tested.has(name))).toEqual([]);
  for (const [name, metric] of Object.entries(functions)) expect(metric.name).toBe(name);
});

/** A metric over all examples, as models take it from batches of at most so many. */
function inBatches(metric: Metric, prediction: Tensor, target: Tensor, size: number): Tensor {
  const count = prediction.shape[0];
  const batch = (x: Tensor, start: number): Tensor => slice(x, [start], [Math.min(start + size, count)]);
  const { sums, result } = metric.accumulation ?? expect.fail("no accumulation");
  const starts = Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size);
  const figures = starts.map((start) => jit(sums)(batch(prediction, start), batch(target, start)));
  return result(figures.reduce((total, one) => add(total, one)));
}

describe("follows scikit-learn, at once and in batches", () => {
  test.each(
    cases.map((one): [string, Case] => [
      `${one.metric} ${one.prediction.shape} ${one.target.shape} ${JSON.stringify(one.options)}`,
      one,
    ]),
  )("%s", (_, { metric, options, prediction: scores, target: wanted, value }) => {
    const [prediction, target] = [stored(scores), stored(wanted)];
    const compute = (prediction: Tensor, target: Tensor): Tensor =>
      metric === "topKAccuracy"
        ? topKAccuracy(prediction, target, options)
        : functions[metric](prediction, target);
    const { accumulation } = functions[metric];
    for (const got of [compute(prediction, target), jit(compute)(prediction, target)])
      expectStored(cast(accumulation === undefined ? mean(got) : got, "f64"), value, 1e-12);
    const isCounted = metric === "rocAuc" && scores.data.some((score) => Math.abs(Number(score)) > 1);
    if (accumulation === undefined || isCounted) return;
    const batched = inBatches(functions[metric], prediction, target, 6);
    expectStored(cast(batched, "f64"), value, metric === "rocAuc" ? 1e-2 : 1e-12);
  });
});

describe("in a model", () => {
  const x = random.normal(random.key(1), [20, 3], { dtype: "f64" });
  const labels = random.randint(random.key(2), [20], 0, 3);
  const targets: Readonly<Record<string, Tensor>> = {
    accuracy: labels,
    sparseCategoricalAccuracy: labels,
    topKAccuracy: labels,
    categoricalAccuracy: oneHot(labels, 3),
  };

  test.each(Object.entries(metrics))(
    "%s: is that of the predictions, and a file keeps it",
    async (name, metric) => {
      const target = targets[name];
      const model = new Sequential({
        dtype: "f64",
        layers: [
          dense({
            units: target === undefined ? 1 : 3,
            activation: target === undefined ? "sigmoid" : "softmax",
            inputShape: [3],
          }),
        ],
      });
      const y = target ?? random.randint(random.key(3), [20, 1], 0, 2);
      const loss =
        target === undefined
          ? "meanSquaredError"
          : name === "categoricalAccuracy"
            ? "categoricalCrossentropy"
            : "sparseCategoricalCrossentropy";
      model.compile({ optimizer: "adam", loss, metrics: [metric] });
      const { [name]: got } = await model.evaluate(x, y, { batchSize: 7 });
      const value = metric(model.predict(x), y);
      // Models find the area under the curve from counts in intervals.
      const tolerance = name === "rocAuc" ? 0.02 : 1e-6;
      expect(Math.abs(got - mean(value).item())).toBeLessThan(tolerance);
      const again = await Sequential.fromBytes(await model.toBytes());
      expect((await again.evaluate(x, y, { batchSize: 7 }))[name]).toBe(got);
    },
  );
});

test.each(["f32", "f64"] as const)("figures of counts are %s as the prediction", (dtype) => {
  const scores = tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], { dtype }); // biome-ignore format: a matrix
  const labels = tensor([0, 1, 1], { dtype: "i32" });
  for (const metric of [precision, recall, exported.f1Score, rocAuc, confusionMatrix, topKAccuracy])
    expect(metric(scores, labels).dtype).toBe(dtype);
  expect(precision(scores, labels).item()).toBe(1);
  expect(recall(scores, labels).item()).toBe(0.5);
});

test("areas of equal scores count half, and 0 without one of the classes", () => {
  expect(rocAuc(tensor([0.5, 0.5, 0.5]), tensor([0, 1, 0])).item()).toBe(0.5);
  expect(rocAuc(tensor([0.2, 0.5]), tensor([0, 0])).item()).toBe(0);
  expect(inBatches(rocAuc, tensor([0.2, 0.5]), tensor([1, 1]), 1).item()).toBe(0);
});

test("a probability of 1 lies in the last interval", () => {
  expect(inBatches(rocAuc, tensor([0, 1, 1, 0]), tensor([0, 1, 1, 0]), 2).item()).toBe(1);
});

test("R² keeps its digits where targets are far from 0, in f32 too", () => {
  const target = tensor([10_000, 10_001, 10_002, 10_003]);
  const prediction = tensor([10_000, 10_001, 10_002, 10_004]);
  expect(r2Score(prediction, target).item()).toBeCloseTo(1 - 1 / 5, 12);
  expect(inBatches(r2Score, prediction, target, 3).item()).toBeCloseTo(0.8, 12);
});

test("of equal scores the first come first, as in accuracy", () => {
  const scores = tensor([[0.3, 0.3, 0.3], [0.1, 0.5, 0.5]]); // biome-ignore format: a matrix
  for (const labels of [
    [0, 1],
    [1, 2],
    [2, 0],
  ]) {
    // biome-ignore format: pairs
    const target = tensor(labels, { dtype: "i32" });
    expect(topKAccuracy(scores, target, { k: 1 }).toArray()).toEqual(accuracy(scores, target).toArray());
  }
  const two = { k: 2 };
  expect(topKAccuracy(scores, tensor([2, 2], { dtype: "i32" }), two).toArray()).toEqual([0, 1]);
  expect(topKAccuracy(scores, tensor([[0, 1, 0], [1, 0, 0]]), two).toArray()).toEqual([1, 0]); // biome-ignore format: a matrix
});

test("steps in time are examples of the confusion matrix", () => {
  const scores = tensor([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.6, 0.4]]]); // biome-ignore format: two matrices
  const labels = tensor([[0, 0], [1, 0]], { dtype: "i32" }); // biome-ignore format: a matrix
  expect(confusionMatrix(scores, labels).toArray()).toEqual([
    [2, 1],
    [0, 1],
  ]);
});

test.each<[string, () => unknown]>([
  [
    "topKAccuracy: got k: 0, expected a whole number",
    () => topKAccuracy(zeros([2, 3]), zeros([2], "i32"), { k: 0 }),
  ],
  ["topKAccuracy: got a prediction of shape [2, 1]", () => topKAccuracy(zeros([2, 1]), zeros([2], "i32"))],
  ["precision: got labels f32[2], expected labels i32", () => precision(zeros([2, 3]), zeros([2]))],
  [
    "recall: got a prediction of shape [2, 3], labels of shape [3]",
    () => recall(zeros([2, 3]), zeros([3], "i32")),
  ],
  [
    "confusionMatrix: got a prediction of shape [2], a target of shape [3]",
    () => confusionMatrix(zeros([2]), zeros([3])),
  ],
  [
    "rocAuc: got a prediction of shape [2, 3], expected one output or two classes",
    () => rocAuc(zeros([2, 3]), zeros([2], "i32")),
  ],
  ["r2Score: got a prediction of shape [2], a target of shape [3]", () => r2Score(zeros([2]), zeros([3]))],
])("%s", (message, run) => {
  expect(run).toThrow(NeuriteError);
  expect(run).toThrow(message);
});

test("a label that is no class is reported", () => {
  const three = tensor([0, 3], { dtype: "i32" });
  for (const metric of [precision, topKAccuracy])
    expect(() => jit(metric)(zeros([2, 3]), three).toArray()).toThrow("gather in 'labels'");
  expect(() => jit(rocAuc)(zeros([2]), three).toArray()).toThrow("gather in 'labels'");
});
