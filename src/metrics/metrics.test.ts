import { expect, test } from "vitest";
import { cast, jit, NeuriteError, oneHot, type Tensor, tensor, zeros } from "../tensor/index.ts";
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  meanAbsoluteError,
  meanSquaredError,
  metricOf,
  metrics,
  sparseCategoricalAccuracy,
} from "./index.ts";

// The first of equal scores counts, as in every library.
const scores: Tensor = tensor([
  [0.1, 0.7, 0.2],
  [0.5, 0.5, 0],
  [0.2, 0.2, 0.6],
  [0.9, 0.05, 0.05],
]);
const labels: Tensor = tensor([1, 0, 0, 0], { dtype: "i32" });

test("categorical accuracies give a value per example", () => {
  const right = [1, 1, 0, 1];
  expect(sparseCategoricalAccuracy(scores, labels).toArray()).toEqual(right);
  expect(categoricalAccuracy(scores, oneHot(labels, 3)).toArray()).toEqual(right);
  const column = tensor([[1], [0], [0], [0]], { dtype: "u8" });
  expect(sparseCategoricalAccuracy(scores, column).toArray()).toEqual(right);
});

test("binary accuracy is the share of an example's outputs on the right side of one half", () => {
  expect(binaryAccuracy(tensor([[0.9], [0.4], [0.5], [0.51]]), tensor([1, 1, 0, 1])).toArray()).toEqual([
    1, 0, 1, 1,
  ]);
  const several = binaryAccuracy(
    tensor([
      [0.9, 0.2],
      [0.9, 0.1],
    ]),
    tensor([
      [true, true],
      [true, false],
    ]),
  );
  expect(several.toArray()).toEqual([0.5, 1]);
});

test("accuracy is chosen by shapes", () => {
  expect(accuracy(scores, labels).toArray()).toEqual([1, 1, 0, 1]);
  expect(accuracy(scores, oneHot(labels, 3)).toArray()).toEqual([1, 1, 0, 1]);
  expect(accuracy(scores, tensor([[1], [0], [0], [0]], { dtype: "i32" })).toArray()).toEqual([1, 1, 0, 1]);
  expect(accuracy(tensor([[0.9], [0.4]]), tensor([[1], [1]])).toArray()).toEqual([1, 0]);
  expect(accuracy(tensor([[0.9], [0.4]]), tensor([1, 1], { dtype: "i32" })).toArray()).toEqual([1, 0]);
  expect(accuracy(tensor([0.9, 0.4]), tensor([1, 1])).toArray()).toEqual([1, 0]);
});

test("with more axes the value is the mean of an example", () => {
  const grid = tensor([
    [
      [0.9, 0.1],
      [0.2, 0.8],
    ],
    [
      [0.3, 0.7],
      [0.6, 0.4],
    ],
  ]);
  const wanted = tensor(
    [
      [0, 0],
      [1, 0],
    ],
    { dtype: "i32" },
  );
  expect(sparseCategoricalAccuracy(grid, wanted).toArray()).toEqual([0.5, 1]);
  expect(accuracy(grid, wanted).toArray()).toEqual([0.5, 1]);
  expect(categoricalAccuracy(grid, oneHot(wanted, 2)).toArray()).toEqual([0.5, 1]);
});

test("errors of regression per example", () => {
  const prediction = tensor([
    [1, 2],
    [3, 5],
  ]);
  const target = tensor([
    [1, 0],
    [4, 2],
  ]);
  expect(meanSquaredError(prediction, target).toArray()).toEqual([2, 5]);
  expect(meanAbsoluteError(prediction, target).toArray()).toEqual([1, 2]);
});

test.each(["f32", "f64"] as const)("compiled metrics are %s as the prediction", (dtype) => {
  const metric = jit((prediction: Tensor, target: Tensor) => accuracy(prediction, target));
  const result = metric(cast(scores, dtype), labels);
  expect([result.dtype, result.toArray()]).toEqual([dtype, [1, 1, 0, 1]]);
});

test("bad input", () => {
  const three = tensor([0, 3, 0, 0], { dtype: "i32" });
  expect(() => jit(sparseCategoricalAccuracy)(scores, three).toArray()).toThrow("gather in 'labels'");
  expect(() => accuracy(scores, zeros([4]))).toThrow(NeuriteError);
  expect(() => accuracy(scores, zeros([4]))).toThrow("sparseCategoricalAccuracy: got labels f32[4]");
  expect(() => accuracy(scores, zeros([3, 3]))).toThrow(
    "categoricalAccuracy: got a prediction of shape [4, 3], a target of shape [3, 3], expected a target of shape [4, 3]",
  );
  expect(() => binaryAccuracy(labels, labels)).toThrow(
    "binaryAccuracy: got a prediction i32[4], expected f32 or f64",
  );
  expect(() => sparseCategoricalAccuracy(zeros([4, 1]), labels)).toThrow("two classes or more");
  expect(() => metricOf(JSON.parse('"acuracy"'))).toThrow("did you mean 'accuracy'?");
});

test("metrics by name", () => {
  for (const [name, metric] of Object.entries(metrics))
    expect(metricOf(JSON.parse(`"${name}"`))).toBe(metric);
  expect(metricOf(accuracy)).toBe(accuracy);
});
