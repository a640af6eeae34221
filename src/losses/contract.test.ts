// What holds for every loss, and each against PyTorch: a new one is tested because it is exported.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { expectStored, stored } from "../../test/oracle.ts";
import { type ActivationName, dense } from "../nn/index.ts";
import {
  cast,
  checkGradients,
  grad,
  jit,
  NeuriteError,
  oneHot,
  random,
  type Tensor,
  tensor,
} from "../tensor/index.ts";
import { Sequential } from "../train/index.ts";
import * as exported from "./index.ts";
import { type Loss, losses, lossOf, lossWith, semiSupervisedEmbedding, triplet } from "./index.ts";

type Options = Readonly<Record<string, never>>;
type Stored = Parameters<typeof stored>[0];
type LossOfInputs = (inputs: readonly Tensor[], options: object) => Tensor;

interface Case {
  readonly loss: string;
  readonly options: Options;
  readonly inputs: readonly Stored[];
  readonly perExample: Stored;
  readonly gradient: Stored;
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/losses.json", import.meta.url), "utf8"),
);

const functions: Readonly<Record<string, LossOfInputs>> = {
  ...Object.fromEntries(
    Object.entries(losses).map(([name, loss]): [string, LossOfInputs] => [
      name,
      ([prediction, target], options) => loss(prediction, target, options),
    ]),
  ),
  triplet: ([anchor, positive, negative], options) => triplet(anchor, positive, negative, options),
  semiSupervisedEmbedding: ([first, second, neighbours], options) =>
    semiSupervisedEmbedding(first, second, neighbours, options),
};
const others = ["classWeights", "losses", "lossOf", "lossWith", "negativeLogPrior"];

test("every exported loss is here, and has cases of PyTorch", () => {
  const names = Object.keys(exported).filter((name) => !others.includes(name));
  expect(names.sort()).toEqual(Object.keys(functions).sort());
  const tested = new Set(cases.map(({ loss }) => loss));
  expect(names.filter((name) => !tested.has(name))).toEqual([]);
});

describe("follows PyTorch: each example, sum, mean and gradient", () => {
  test.each(
    cases.map((one): [string, Case] => [
      `${one.loss} ${one.perExample.shape} ${JSON.stringify(one.options)}`,
      one,
    ]),
  )("%s", (_, { loss, options, inputs, perExample, gradient }) => {
    const [first, ...rest] = inputs.map(stored);
    const of = (given: object) => (first: Tensor) =>
      functions[loss]([first, ...rest], { ...options, ...given });
    expectStored(of({ reduction: "none" })(first), perExample, 1e-13);
    const total = perExample.data.reduce<number>((total, value) => total + Number(value), 0);
    expect(of({ reduction: "sum" })(first).item()).toBeCloseTo(total, 11);
    expect(of({})(first).item()).toBeCloseTo(total / perExample.data.length, 11);
    expectStored(jit(grad(of({})))(first), gradient, 1e-13);
    // The same in f32.
    const inF32 = (value: Stored): Stored => (value.dtype === "f64" ? { ...value, dtype: "f32" } : value);
    const [single, ...others] = inputs.map((value) => stored(inF32(value)));
    const ofSingle = (given: object) => (single: Tensor) =>
      functions[loss]([single, ...others], { ...options, ...given });
    expectStored(ofSingle({ reduction: "none" })(single), inF32(perExample), 1e-5);
    expectStored(jit(grad(ofSingle({})))(single), inF32(gradient), 1e-5);
  });
});

const samples = Object.keys(functions).flatMap((name) => {
  const found = cases.find(({ loss, inputs }) => loss === name && inputs[0].shape.length === 2);
  return found === undefined ? [] : [[name, found] as const];
});

describe.each(samples)("%s", (name, { inputs, options }) => {
  const [first, ...rest] = inputs.map(stored);
  const of = (given: object) => (first: Tensor) =>
    functions[name]([first, ...rest], { ...options, ...given });
  const count = first.shape[0];

  test("has the gradient of finite differences, away from kinks", () => {
    checkGradients(of({}), [first]);
  });

  test.each(["f32", "f64"] as const)("is %s for predictions in it, compiled as eager", (dtype) => {
    const typed = inputs.map((one) => (one.dtype === "f64" ? cast(stored(one), dtype) : stored(one)));
    const run = (inputs: readonly Tensor[]): Tensor =>
      functions[name](inputs, { ...options, reduction: "none" });
    const result = run(typed);
    expect([result.dtype, result.shape]).toEqual([dtype, [count]]);
    const compiled = jit(run)(typed).dataSync();
    for (const [i, value] of compiled.entries())
      expect(value).toBeCloseTo(result.dataSync()[i], dtype === "f32" ? 5 : 13);
  });

  test("weighs each example, and divides by their number all the same", () => {
    const weights = tensor(Array.from({ length: count }, (_, i) => i / 2));
    const plain = [...of({ reduction: "none" })(first).dataSync()];
    const wanted = plain.map((value, i) => (value * i) / 2);
    const total = wanted.reduce((total, value) => total + value, 0);
    const weighed = of({ reduction: "none", weights })(first).dataSync();
    for (const [i, value] of weighed.entries()) expect(value).toBeCloseTo(wanted[i], 13);
    expect(of({ reduction: "sum", weights })(first).item()).toBeCloseTo(total, 11);
    expect(of({ weights })(first).item()).toBeCloseTo(total / count, 11);
    expect(() => of({ weights: tensor([1, 2, 3, 4, 5, 6, 7]) })(first)).toThrow(
      `${name}: got weights of shape [7] for losses of shape [${count}`,
    );
  });

  test("refuses unknown options, and inputs that do not fit", () => {
    expect(() => of({ reductions: "mean" })(first)).toThrow(`${name}: unknown option: got 'reductions'`);
    expect(() => of({ reduction: "average" })(first)).toThrow(`${name}: reduction: got 'average'`);
    const misfits = [tensor(new Float64Array(7)), ...rest.slice(1)];
    expect(() => functions[name]([first, ...misfits], options)).toThrow(NeuriteError);
    expect(() => functions[name]([first, ...misfits], options)).toThrow(name);
  });
});

describe("in a model", () => {
  const x = random.normal(random.key(2), [12, 3]);

  /** Targets that suit a loss: classes, ±1, counts or numbers. */
  function targetsFor(name: string, { takesLabels }: Loss): Tensor {
    const labels = tensor(
      Array.from({ length: 12 }, (_, i) => i % 3),
      { dtype: "i32" },
    );
    if (takesLabels) return labels;
    if (name === "categoricalCrossentropy" || name === "klDivergence") return oneHot(labels, 3);
    const sides = Array.from({ length: 36 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
    const isSigned = ["hinge", "squaredHinge", "perceptron"].includes(name);
    return tensor(isSigned ? sides.map((side) => 2 * side - 1) : sides, { shape: [12, 3] });
  }

  /** The activation whose outputs a loss takes. */
  function activationFor(name: string, { logitsOf }: Loss): ActivationName {
    if (name === "negativeLogLikelihood") return "logSoftmax";
    if (name === "poisson") return "softplus";
    if (name === "klDivergence") return "softmax";
    return logitsOf ?? "linear";
  }

  test.each(Object.entries(losses))("%s: training reduces it, and a file keeps it", async (name, loss) => {
    const model = new Sequential({
      layers: [dense({ units: 3, activation: activationFor(name, loss), inputShape: [3], name: "output" })],
    });
    model.compile({ optimizer: "adam", loss });
    model.learningRate = 0.05;
    const y = targetsFor(name, loss);
    const { loss: before } = model.testOnBatch(x, y);
    for (let i = 0; i < 30; i++) model.trainOnBatch(x, y);
    expect(model.testOnBatch(x, y).loss).toBeLessThan(before - 0.01);
    const again = await Sequential.fromBytes(await model.toBytes());
    expect(again.testOnBatch(x, y)).toEqual(model.testOnBatch(x, y));
    expect(again.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
  });
});

test("weights may be those of parts of an example, such as steps in time", () => {
  const prediction = tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
  const target = tensor([[0, 0], [0, 0]]); // biome-ignore format: a matrix
  const weights = tensor([[1, 0], [0, 2]]); // biome-ignore format: a matrix
  const { meanSquaredError, meanAbsoluteError } = exported;
  expect(meanSquaredError(prediction, target, { weights, reduction: "none" }).toArray()).toEqual([0.5, 16]);
  expect(meanAbsoluteError(prediction, target, { weights }).item()).toBe(9 / 4);
});

test("equal embeddings of strangers have a loss and no slope", () => {
  const same = tensor([[0.5, 2]]);
  const loss = (first: Tensor): Tensor => semiSupervisedEmbedding(first, same, tensor([0]), { margin: 3 });
  expect(loss(same).item()).toBeCloseTo(9, 5);
  expect(grad(loss)(same).toArray()).toEqual([[0, 0]]);
});

test("a variance may be a tensor, and is learned as the mean of the squared errors", () => {
  const [prediction, target] = [tensor([[1], [2], [3]]), tensor([[1], [4], [2]])];
  const loss = (variance: Tensor): Tensor =>
    exported.gaussianNegativeLogLikelihood(prediction, target, { variance });
  expect(loss(tensor(2)).item()).toBeCloseTo(
    exported.gaussianNegativeLogLikelihood(prediction, target, { variance: 2 }).item(),
    5,
  );
  expect(grad(loss)(tensor(5 / 3)).item()).toBeCloseTo(0, 6);
});

test("a loss with options keeps them, and what it says of itself", () => {
  const first = tensor([[2, -1, 0.5]]);
  const labels = tensor([1], { dtype: "i32" });
  const smooth = lossWith(exported.sparseCategoricalCrossentropy, { labelSmoothing: 0.1 });
  expect([smooth.logitsOf, smooth.takesLabels]).toEqual(["softmax", true]);
  expect(smooth(first, labels, { fromLogits: true }).item()).toBe(
    exported.sparseCategoricalCrossentropy(first, labels, { fromLogits: true, labelSmoothing: 0.1 }).item(),
  );
  const far = lossOf(lossWith(exported.huber, { delta: 2 }));
  expect([far.logitsOf, far.takesLabels]).toEqual([undefined, undefined]);
  expect(far(tensor([3, 3]), tensor([1, 0])).item()).toBe(3);
});

test("class weights of labels, of probabilities, and of yes and no", () => {
  const { classWeights } = exported;
  for (const dtype of ["i32", "u8"] as const) {
    expect(classWeights(tensor([2, 0], { dtype }), [1, 2, 3]).toArray()).toEqual([3, 1]);
    expect(classWeights(tensor([[2], [0]], { dtype }), [1, 2, 3]).toArray()).toEqual([3, 1]);
  }
  expect(classWeights(tensor([[0, 0, 1], [0.5, 0.5, 0]]), [1, 2, 3]).toArray()).toEqual([3, 1.5]); // biome-ignore format: a matrix
  expect(classWeights(tensor([true, false]), [1, 4]).toArray()).toEqual([4, 1]);
  expect(classWeights(tensor([[1], [0]], { dtype: "f64" }), [1, 4]).toArray()).toEqual([4, 1]);
});

test.each<[string, () => unknown]>([
  ["classWeights: got a weight -1, expected a number ≥ 0", () => exported.classWeights(tensor([0]), [1, -1])],
  ["classWeights: got 1 weights", () => exported.classWeights(tensor([0]), [1])],
  [
    "classWeights: got a target f32[2] with 3 weights, expected labels [2], or [2, 3]",
    () => exported.classWeights(tensor([0, 1]), [1, 1, 1]),
  ],
  [
    "gather in 'labels': got index out of range",
    () => exported.classWeights(tensor([3], { dtype: "i32" }), [1, 1, 1]).toArray(),
  ],
  [
    "huber: got delta: 0, expected a positive number",
    () => exported.huber(tensor([1]), tensor([1]), { delta: 0 }),
  ],
  [
    "triplet: got [3] and [3] and [3], expected vectors",
    () => triplet(tensor([1, 2, 3]), tensor([1, 2, 3]), tensor([1, 2, 3])),
  ],
  [
    "semiSupervisedEmbedding: got neighbours of shape [2], expected one for each pair, [1]",
    () => semiSupervisedEmbedding(tensor([[1, 2]]), tensor([[1, 2]]), tensor([1, 0])),
  ],
  ["triplet: got margin: -1", () => triplet(tensor([[1]]), tensor([[1]]), tensor([[1]]), { margin: -1 })],
  [
    "cosineSimilarity: got a prediction of shape [2], expected a vector for each example",
    () => exported.cosineSimilarity(tensor([1, 2]), tensor([1, 2])),
  ],
  [
    "gaussianNegativeLogLikelihood: got variance: 0",
    () => exported.gaussianNegativeLogLikelihood(tensor([1]), tensor([1]), { variance: 0 }),
  ],
  ["negativeLogPrior: got no tensors", () => exported.negativeLogPrior({})],
  [
    "binaryCrossentropy: got labelSmoothing: 1.5, expected a share from 0 to 1",
    () => exported.binaryCrossentropy(tensor([1]), tensor([1]), { labelSmoothing: 1.5 }),
  ],
])("%s", (message, run) => {
  expect(run).toThrow(NeuriteError);
  expect(run).toThrow(message);
});
