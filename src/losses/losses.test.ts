import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectStored, oracleCases, stored } from "../../test/oracle.ts";
import {
  grad,
  jit,
  mul,
  NeuriteError,
  ones,
  softmax,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  type Loss,
  type LossOptions,
  losses,
  lossOf,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./index.ts";

type Stored = Parameters<typeof stored>[0];

/** A loss by the name that a fixture gives it. */
function namedLoss(name: string): Loss {
  const found = Object.entries(losses).find(([known]) => known === name);
  return found === undefined ? expect.fail(`no loss '${name}'`) : found[1];
}

function expectLoss(
  loss: Loss,
  options: { readonly fromLogits?: boolean },
  prediction: Tensor,
  target: Tensor,
  wanted: { readonly perExample: Stored; readonly gradient: Stored },
): void {
  expectStored(loss(prediction, target, { ...options, reduction: "none" }), wanted.perExample, 1e-13);
  const values = wanted.perExample.data.map(Number);
  const total = values.reduce((sum, value) => sum + value, 0);
  expect(loss(prediction, target, { ...options, reduction: "sum" }).item()).toBeCloseTo(total, 10);
  expect(loss(prediction, target, options).item()).toBeCloseTo(total / values.length, 10);
  const mean = (prediction: Tensor): Tensor => loss(prediction, target, options);
  expectStored(jit(grad(mean))(prediction), wanted.gradient, 1e-13);
}

test.each(oracleCases("loss"))("%s as PyTorch: each example, sum, mean and gradient", (_, oracle) => {
  const { inputs, params, outputs, gradients } = oracle;
  if (gradients === undefined) expect.fail("a case without gradients");
  const { fromLogits } = params;
  const options = fromLogits === undefined ? {} : { fromLogits };
  const wanted = { perExample: outputs.perSample, gradient: gradients.prediction };
  expectLoss(namedLoss(oracle.operation), options, stored(inputs.prediction), stored(inputs.target), wanted);
});

interface LossCase {
  readonly loss: string;
  readonly options: { readonly fromLogits?: boolean };
  readonly prediction: Stored;
  readonly target: Stored;
  readonly perExample: Stored;
  readonly gradient: Stored;
}

const fixture = new URL("../../test/fixtures/layers.json", import.meta.url);
const { losses: cases }: { losses: LossCase[] } = JSON.parse(readFileSync(fixture, "utf8"));

test.each(cases.map((one): [string, LossCase] => [`${one.loss} ${one.prediction.shape}`, one]))(
  "%s as PyTorch, with more axes",
  (_, one) => {
    expectLoss(namedLoss(one.loss), one.options, stored(one.prediction), stored(one.target), one);
  },
);

const scores: Tensor = tensor([
  [2, -1, 0.5],
  [0, 3, -2],
]);
const labels: Tensor = tensor([2, 0], { dtype: "i32" });

test("labels may be i32, u32 or u8, and a column", () => {
  const wanted = sparseCategoricalCrossentropy(scores, labels, { fromLogits: true }).item();
  for (const dtype of ["i32", "u32", "u8"] as const) {
    for (const shape of [[2], [2, 1]]) {
      const target = tensor([2, 0], { dtype, shape });
      expect(sparseCategoricalCrossentropy(scores, target, { fromLogits: true }).item()).toBe(wanted);
    }
  }
});

test("targets take shape and dtype of the prediction where no value changes", () => {
  const prediction = tensor([[0.2], [0.7]]);
  const wanted = binaryCrossentropy(prediction, tensor([[0], [1]])).item();
  for (const target of [
    tensor([0, 1]),
    tensor([false, true]),
    tensor([0, 1], { dtype: "i32" }),
    tensor([[0], [1]], { dtype: "u8" }),
    tensor([0, 1], { dtype: "f64" }),
  ]) {
    expect(binaryCrossentropy(prediction, target).item()).toBe(wanted);
    expect(meanSquaredError(prediction, target).item()).toBeCloseTo((0.04 + 0.09) / 2, 7);
  }
  // Without care [2, 1] and [2] would be broadcast to [2, 2].
  expect(meanSquaredError(prediction, tensor([0, 1]), { reduction: "none" }).shape).toEqual([2]);
  expect(meanAbsoluteError(tensor([0.2, 0.7]), tensor([[0], [1]])).item()).toBeCloseTo(0.25, 7);
});

test.each(["f32", "f64"] as const)("nothing overflows in %s, from logits or from probabilities", (dtype) => {
  const far = tensor([[1e4, -1e4]], { dtype });
  const wrong = tensor([1], { dtype: "i32" });
  const oneHot = tensor([[0, 1]], { dtype });
  const options = { fromLogits: true };
  const slopes = (
    loss: Loss,
    target: Tensor,
    prediction: Tensor,
    options: { fromLogits?: boolean },
  ): number[] => [...grad((prediction: Tensor) => loss(prediction, target, options))(prediction).dataSync()];
  expect(sparseCategoricalCrossentropy(far, wrong, options).item()).toBe(2e4);
  expect(categoricalCrossentropy(far, oneHot, options).item()).toBe(2e4);
  expect(binaryCrossentropy(far, oneHot, options).item()).toBe(1e4);
  expect(slopes(sparseCategoricalCrossentropy, wrong, far, options)).toEqual([1, -1]);
  expect(slopes(categoricalCrossentropy, oneHot, far, options)).toEqual([1, -1]);
  expect(slopes(binaryCrossentropy, oneHot, far, options)).toEqual([0.5, -0.5]);
  const sure = tensor([[1, 0]], { dtype });
  for (const [loss, target] of [
    [sparseCategoricalCrossentropy, wrong],
    [categoricalCrossentropy, oneHot],
    [binaryCrossentropy, oneHot],
  ] as const) {
    // The f32 next to 1 − 10⁻⁷ is 1 − 1.19 · 10⁻⁷: its logarithm is off by 0.18.
    expect(Math.abs(loss(sure, target).item() + Math.log(1e-7))).toBeLessThan(dtype === "f32" ? 0.2 : 1e-6);
    expect(slopes(loss, target, sure, {}).every(Number.isFinite)).toBe(true);
  }
});

test("the gradient on logits is probability less target", () => {
  const both = { fromLogits: true, reduction: "sum" } as const;
  const sparse = grad((z: Tensor) => sparseCategoricalCrossentropy(z, labels, both))(scores).dataSync();
  const probabilities = softmax(scores).dataSync();
  const chosen = [0, 0, 1, 1, 0, 0];
  for (const [i, slope] of sparse.entries()) expect(slope).toBeCloseTo(probabilities[i] - chosen[i], 6);
});

test("a label out of range is reported, also from a compiled step", () => {
  const step = jit((z: Tensor, y: Tensor) => sparseCategoricalCrossentropy(z, y, { fromLogits: true }));
  const binary = jit((z: Tensor, y: Tensor) => binaryCrossentropy(z, y, { fromLogits: true }));
  for (const dtype of ["i32", "u32", "u8"] as const) {
    const message = "gather in 'labels': got index out of range for axis 0 of extent 3";
    expect(() => step(scores, tensor([0, 3], { dtype })).item()).toThrow(message);
    expect(() => sparseCategoricalCrossentropy(scores, tensor([0, 3], { dtype })).item()).toThrow(message);
    expect(() => binary(ones([2]), tensor([0, 2], { dtype })).item()).toThrow(
      "gather in 'labels': got index out of range for axis 0 of extent 2",
    );
  }
  expect(() => step(scores, tensor([-1, 0], { dtype: "i32" })).item()).toThrow("in 'labels'");
  expect(() => step(scores, tensor([4294967295, 0], { dtype: "u32" })).item()).toThrow("in 'labels'");
  expect(step(scores, labels).item()).toBeGreaterThan(0);
});

test.each<[string, () => Tensor]>([
  [
    'sparseCategoricalCrossentropy: got labels f32[2], expected labels i32, u32 or u8; cast(labels, "i32")',
    () => sparseCategoricalCrossentropy(scores, zeros([2])),
  ],
  [
    "for a probability of each class use categorical in place of sparse categorical",
    () => sparseCategoricalCrossentropy(scores, zeros([2, 3])),
  ],
  [
    "labels of shape [2, 3], expected labels of shape [2], or [2, 1]; for a probability of each class use categorical",
    () => sparseCategoricalCrossentropy(scores, zeros([2, 3], "i32")),
  ],
  [
    "sparseCategoricalCrossentropy: got a prediction of shape [2, 3], labels of shape [3], expected labels of shape [2], or [2, 1]",
    () => sparseCategoricalCrossentropy(scores, zeros([3], "i32")),
  ],
  [
    "sparseCategoricalCrossentropy: got a prediction of shape [2, 1], expected scores of two classes or more on the last axis; for one output use binaryCrossentropy",
    () => sparseCategoricalCrossentropy(zeros([2, 1]), zeros([2], "i32")),
  ],
  [
    "categoricalCrossentropy: got a prediction of shape [2, 3], a target of shape [2], expected a target of shape [2, 3]; for labels as integers use the sparse form",
    () => categoricalCrossentropy(scores, labels),
  ],
  ["expected scores of two classes or more", () => categoricalCrossentropy(zeros([2, 1]), zeros([2, 1]))],
  [
    "meanSquaredError: got a prediction of shape [2, 3], a target of shape [3, 2], expected a target of shape [2, 3]",
    () => meanSquaredError(scores, zeros([3, 2])),
  ],
  [
    "meanAbsoluteError: got a prediction i32[2], expected f32 or f64; the prediction comes first",
    () => meanAbsoluteError(labels, zeros([2])),
  ],
  [
    "binaryCrossentropy: got a prediction of shape [2, 3], a target of shape [2]",
    () => binaryCrossentropy(scores, zeros([2])),
  ],
])("%s", (message, loss) => {
  expect(loss).toThrow(NeuriteError);
  expect(loss).toThrow(message);
});

test("unknown options, reductions and names", () => {
  const options: { reduction?: "mean"; redaction?: string } = { redaction: "sum" };
  expect(() => meanSquaredError(scores, scores, options)).toThrow("did you mean 'reduction'?");
  const reduction: LossOptions = JSON.parse('{"reduction": "average"}');
  expect(() => binaryCrossentropy(scores, scores, reduction)).toThrow(
    "binaryCrossentropy: reduction: got 'average'",
  );
  const logits: CrossentropyOptions = { fromLogits: true };
  expect(() => meanSquaredError(scores, scores, logits)).toThrow(
    "meanSquaredError: unknown option: got 'fromLogits'",
  );
  const misspelt = JSON.parse('"binaryCrossEntropy"');
  expect(() => lossOf(misspelt)).toThrow("did you mean 'binaryCrossentropy'?");
  expect(() => lossOf(JSON.parse('"toString"'))).toThrow("loss: got 'toString'");
});

test("losses have names and say whose logits they take; one's own is a plain function", () => {
  const saying = (key: "logitsOf" | "takesLabels"): string[] =>
    Object.entries(losses).flatMap(([name, loss]) =>
      loss[key] === undefined ? [] : [`${name} ${loss[key]}`],
    );
  expect(saying("logitsOf")).toEqual([
    "binaryCrossentropy sigmoid",
    "categoricalCrossentropy softmax",
    "sparseCategoricalCrossentropy softmax",
    "bernoulliNegativeLogLikelihood sigmoid",
  ]);
  expect(saying("takesLabels")).toEqual([
    "sparseCategoricalCrossentropy true",
    "negativeLogLikelihood true",
    "oneVsAllHinge true",
  ]);
  for (const [name, loss] of Object.entries(losses)) expect(loss.name).toBe(name);
  expect(lossOf("binaryCrossentropy")).toBe(binaryCrossentropy);
  const own: Loss = lossOf((prediction, target) => sum(mul(prediction, target)));
  expect(own(tensor([1, 2]), tensor([3, 4])).item()).toBe(11);
});
