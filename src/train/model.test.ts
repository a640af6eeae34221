import { describe, expect, test } from "vitest";
import { encodeSafetensors } from "../io/index.ts";
import {
  batchNormalization,
  connect,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  embedding,
  graph,
  input,
  type Layer,
  lstm,
  masking,
  merge,
  timeDistributed,
} from "../nn/index.ts";
import { adam, sgd } from "../optim/index.ts";
import { cast, concatenate, gt, mul, ones, random, sum, type Tensor, tensor } from "../tensor/index.ts";
import { Model, Sequential } from "./index.ts";

const key = random.key(2);
const left = random.normal(random.foldIn(key, 0), [64, 3]);
const right = random.normal(random.foldIn(key, 1), [64, 3]);
const isSame = cast(gt(sum(mul(left, right), { axis: 1, keepDims: true }), 0), "f32");
const size = sum(mul(left, left), { axis: 1, keepDims: true });

/** Two inputs that share a tower, two outputs with goals of their own. */
function siamese(): Model {
  const [a, b] = [input({ shape: [3], name: "left" }), input({ shape: [3], name: "right" })];
  const tower = dense({ units: 16, activation: "tanh", name: "tower" });
  const [ofA, ofB] = [connect(a, tower), connect(b, tower)];
  const same = connect(
    [ofA, ofB],
    merge.multiply(),
    dense({ units: 8, activation: "relu" }),
    dense({ units: 1, activation: "sigmoid", name: "same" }),
  );
  const length = connect(ofA, dense({ units: 1, name: "length" }));
  const model = new Model({ inputs: [a, b], outputs: [same, length] });
  model.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: { same: "binaryCrossentropy", length: "meanSquaredError" },
    lossWeights: { length: 0.1 },
    metrics: { same: ["accuracy"] },
  });
  return model;
}

const x = { left, right };
const y = { same: isSame, length: size };

function numbers(value: Tensor): number[] {
  return [...value.dataSync()];
}

function weightsOf(model: Model | Sequential): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(model.getWeights()).map(([path, value]) => [path, numbers(value)]),
  );
}

describe("a model with several inputs and outputs", () => {
  test("lowers each loss, and adds them by their weights", async () => {
    const model = siamese();
    const { loss, sameLoss, lengthLoss, sameAccuracy, valSameLoss } = await model.fit(x, y, {
      epochs: 60,
      verbose: 0,
      validationData: [x, y],
    });
    for (const figures of [loss, sameLoss, lengthLoss, valSameLoss]) {
      expect(figures.at(-1)).toBeLessThan(0.6 * figures[0]);
    }
    expect(sameAccuracy.at(-1)).toBeGreaterThan(0.85);
    for (const [epoch, value] of loss.entries()) {
      expect(value).toBeCloseTo(sameLoss[epoch] + 0.1 * lengthLoss[epoch], 5);
    }
  });

  test("computes each loss on logits as that output alone would", () => {
    const model = siamese();
    const logs = model.testOnBatch(x, y);
    const { same } = model.predictOutputs(x);
    const cross = numbers(same).map((p, i) => {
      const wanted = numbers(isSame)[i];
      return -(wanted * Math.log(p) + (1 - wanted) * Math.log(1 - p));
    });
    expect(logs.sameLoss).toBeCloseTo(cross.reduce((total, value) => total + value, 0) / 64, 5);
    expect(logs.loss).toBeCloseTo(logs.sameLoss + 0.1 * logs.lengthLoss, 5);
  });

  test("evaluates and predicts the same in batches of any size", async () => {
    const model = siamese();
    const whole = await model.evaluate(x, y, { batchSize: 64 });
    const parts = await model.evaluate(x, y, { batchSize: 7 });
    for (const [name, value] of Object.entries(whole)) expect(parts[name]).toBeCloseTo(value, 5);
    const [one, other] = [64, 7].map((batchSize) => model.predictOutputs(x, { batchSize }));
    for (const name of model.outputNames) {
      expect(one[name].shape).toEqual([64, 1]);
      for (const [i, value] of numbers(one[name]).entries()) {
        expect(numbers(other[name])[i]).toBeCloseTo(value, 6);
      }
    }
  });

  test("comes back from a file, and learns on as if nothing had happened", async () => {
    const [model, twin] = [siamese(), siamese()];
    for (const one of [model, twin]) one.freeze("length");
    for (let i = 0; i < 3; i++) for (const one of [model, twin]) one.trainOnBatch(x, y);
    const loaded = await Model.fromBytes(await model.toBytes());
    expect(weightsOf(loaded)).toEqual(weightsOf(twin));
    expect(loaded.trainOnBatch(x, y)).toEqual(twin.trainOnBatch(x, y));
    expect(weightsOf(loaded)).toEqual(weightsOf(twin));
    expect([loaded.inputNames, loaded.outputNames]).toEqual([model.inputNames, model.outputNames]);
  });

  test("lists every use of a layer in its summary", () => {
    const lines: string[] = [];
    siamese().summary((line) => lines.push(line));
    expect(lines).toEqual([
      "layer (type)         output       parameters  multiply-adds  from",
      "tower (dense)        [batch, 16]          64             48  left",
      "tower (dense)        [batch, 16]      shared             48  right",
      "multiply (multiply)  [batch, 16]           0              0  tower, tower",
      "dense (dense)        [batch, 8]          136            128  multiply",
      "same (dense)         [batch, 1]            9              8  dense",
      "length (dense)       [batch, 1]           17             16  tower",
      "total                                    226            248",
    ]);
  });
});

test("the summary counts the products of matrices, convolutions and loops", () => {
  const counted = (layers: readonly Layer[]): string[] => {
    const lines: string[] = [];
    new Sequential({ layers }).summary((line) => lines.push(line));
    return lines.slice(1).map((line) => line.trim().split(/ {2,}/)[3] ?? line.trim().split(/ {2,}/)[2]);
  };
  const words = embedding({ inputDim: 50, outputDim: 8, inputShape: [6] });
  // Four gates of five units see 8 features and 5 states at each of 6 steps.
  expect(counted([words, lstm({ units: 5 }), dense({ units: 1 })])).toEqual(["0", "1,560", "5", "1,565"]);
  const image = conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 2] });
  const up = conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2 });
  // 6 × 6 places of 4 filters of 3 × 3 × 2; then each of 6 × 6 places gives 2 × 2 places of 3 filters of 4.
  expect(counted([image, up])).toEqual(["2,592", "1,728", "4,320"]);
});

test("a graph in a row trains to the same bits as a Sequential", async () => {
  const layers = (): [Layer, Layer, Layer] => [
    dense({ units: 8, activation: "tanh", inputShape: [3] }),
    dropout({ rate: 0.25 }),
    dense({ units: 1, activation: "sigmoid" }),
  ];
  const point = input({ shape: [3] });
  const model = new Model({ inputs: point, outputs: connect(point, ...layers()), seed: 4 });
  const sequential = new Sequential({ layers: layers(), seed: 4 });
  for (const one of [model, sequential]) {
    one.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    await one.fit(left, isSame, { epochs: 2, verbose: 0 });
  }
  expect(weightsOf(model)).toEqual(weightsOf(sequential));
  expect(numbers(model.predict(left))).toEqual(numbers(sequential.predict(left)));
});

describe("freeze", () => {
  test("keeps weights, and the state beside them, until unfreeze", () => {
    const model = new Sequential({
      layers: [
        dense({ units: 4, inputShape: [3], name: "body" }),
        batchNormalization({ name: "norm" }),
        dense({ units: 1, name: "head" }),
      ],
    });
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const before = weightsOf(model);
    model.freeze("body", "norm", "head.biases");
    model.trainOnBatch(left, size);
    const after = weightsOf(model);
    const changed = (now: Record<string, number[]>, then: Record<string, number[]>): string[] =>
      Object.keys(now).filter((path) => now[path].some((value, i) => value !== then[path][i]));
    expect(changed(after, before)).toEqual(["head.weights"]);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines.at(-1)).toBe("25 of the parameters are frozen");
    model.unfreeze("body");
    model.trainOnBatch(left, size);
    expect(changed(weightsOf(model), after)).toEqual(["body.weights", "body.biases", "head.weights"]);
    model.unfreeze();
    model.trainOnBatch(left, size);
    expect(changed(weightsOf(model), after)).toEqual(Object.keys(after));
  });

  test("refuses paths that are not there, and to learn nothing", () => {
    const model = new Sequential({ layers: [dense({ units: 1, inputShape: [3], name: "only" })] });
    expect(() => model.freeze("onyl")).toThrow(/freeze: got 'onyl'.*did you mean 'only'/);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    model.freeze("only");
    expect(() => model.trainOnBatch(left, size)).toThrow(/every weight is frozen/);
  });
});

describe("features", () => {
  test("share the weights of the model they are part of", () => {
    const model = siamese();
    const tower = model.features("tower");
    expect([tower.inputNames, tower.outputNames]).toEqual([["left"], ["tower"]]);
    const body = model.features("dense");
    expect(body.inputNames).toEqual(["left", "right"]);
    const before = numbers(tower.predict(left));
    model.trainOnBatch(x, y);
    expect(numbers(tower.predict(left))).not.toEqual(before);
    tower.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const untouched = weightsOf(model);
    tower.trainOnBatch(left, ones([64, 16]));
    const now = weightsOf(model);
    expect(
      Object.keys(now).filter((path) => now[path].some((value, i) => value !== untouched[path][i])),
    ).toEqual(["tower.weights", "tower.biases"]);
  });

  test("of a Sequential leave out the last layer, or all behind one", () => {
    const model = new Sequential({
      layers: [dense({ units: 5, inputShape: [3] }), dense({ units: 4 }), dense({ units: 1 })],
    });
    expect(model.features().predict(left).shape).toEqual([64, 4]);
    expect(model.features("dense").predict(left).shape).toEqual([64, 5]);
    expect(Object.keys(model.features().getWeights())).toEqual(Object.keys(model.getWeights()).slice(0, 4));
    expect(() => model.features("dense_3")).toThrow(/did you mean 'dense/);
    expect(() => new Sequential({ layers: [dense({ units: 1 })] }).features()).toThrow(
      /got 1 layers, expected two/,
    );
  });

  test("begin another model as a layer, frozen or not, and stay as they were", async () => {
    const model = siamese();
    model.trainOnBatch(x, y);
    const body = model.features("tower");
    const bodyBefore = weightsOf(body);
    const transfer = new Sequential({ layers: [body.asLayer("body"), dense({ units: 1, name: "head" })] });
    expect(weightsOf(transfer)["body.tower.weights"]).toEqual(bodyBefore["tower.weights"]);
    transfer.freeze("body");
    transfer.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const { loss } = await transfer.fit(left, size, { epochs: 30, verbose: 0 });
    expect(loss[29]).toBeLessThan(0.5 * loss[0]);
    expect(weightsOf(transfer)["body.tower.weights"]).toEqual(bodyBefore["tower.weights"]);
    transfer.unfreeze();
    transfer.trainOnBatch(left, size);
    expect(weightsOf(transfer)["body.tower.weights"]).not.toEqual(bodyBefore["tower.weights"]);
    expect(weightsOf(body)).toEqual(bodyBefore);
    const again = await Sequential.fromBytes(await transfer.toBytes());
    expect(numbers(again.predict(left))).toEqual(numbers(transfer.predict(left)));
  });
});

describe("masks", () => {
  const steps = tensor([
    [[1], [2], [0], [0]],
    [[3], [4], [5], [0]],
  ]);
  const targets = tensor([
    [[1], [3], [100], [100]],
    [[3], [7], [12], [100]],
  ]);

  test("leave steps out of losses and metrics", () => {
    const model = new Sequential({
      layers: [
        masking({ inputShape: [4, 1] }),
        timeDistributed(dense({ units: 1, kernelInitializer: "ones" })),
      ],
    });
    model.compile({
      optimizer: sgd({ learningRate: 0.01 }),
      loss: "meanSquaredError",
      metrics: ["meanAbsoluteError"],
    });
    const { loss, meanAbsoluteError } = model.testOnBatch(steps, targets);
    // The errors that count: 0 and 1; 0, 3 and 7.
    expect(loss).toBeCloseTo((1 / 2 + 58 / 3) / 2, 5);
    expect(meanAbsoluteError).toBeCloseTo((1 / 2 + 10 / 3) / 2, 5);
    const before = numbers(model.getWeights()["timeDistributed.weights"])[0];
    model.trainOnBatch(steps, targets);
    // d loss / dw = mean over examples of 2 Σ (x − y) x / steps.
    const slope = ((2 * (1 - 3 + 1) * 2) / 2 + (2 * (-3 * 4 - 7 * 5)) / 3) / 2;
    expect(numbers(model.getWeights()["timeDistributed.weights"])[0]).toBeCloseTo(before - 0.01 * slope, 4);
  });

  test("make the length of padding meaningless", async () => {
    const words = embedding({ inputDim: 20, outputDim: 4, maskZero: true, inputShape: [6], name: "words" });
    const model = new Sequential({ layers: [words, lstm({ units: 5 }), dense({ units: 1 })] });
    const row = (values: number[]): Tensor => tensor([values], { dtype: "i32" });
    const short = model.predict(row([7, 3, 9, 0, 0, 0]));
    expect(numbers(model.predict(row([0, 0, 0, 7, 3, 9])))).toEqual(numbers(short));
    expect(numbers(model.predict(row([7, 3, 9, 1, 1, 1])))).not.toEqual(numbers(short));
  });

  test("refuse metrics of whole sets", () => {
    const model = new Sequential({
      layers: [masking({ inputShape: [4, 1] }), dense({ units: 1, activation: "sigmoid" })],
    });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["precision"] });
    expect(() => model.testOnBatch(steps, targets)).toThrow(/metric 'precision'.*mask leaves out/);
  });
});

describe("refuses", () => {
  test.each<[string, (model: Model) => unknown, RegExp]>([
    [
      "data without names",
      (model) => model.trainOnBatch(left, y),
      /trainOnBatch: got data without names, expected \{ left, right \}/,
    ],
    [
      "an unknown name",
      (model) => model.trainOnBatch({ left, rigth: right }, y),
      /'rigth'.*did you mean 'right'/,
    ],
    ["data that are missing", (model) => model.predictOutputs({ left }), /no data for 'right'/],
    [
      "inputs of different lengths",
      (model) => model.predictOutputs({ left, right: concatenate([right, right]) }),
      /got 128 examples for 'right', expected 64, as for 'left'/,
    ],
    ["one prediction of two", (model) => model.predict(x), /the outputs same, length.*predictOutputs/],
    ["features of two outputs", (model) => model.features(), /features: .*expected the name of a layer/],
    ["an unknown layer", (model) => model.features("tover"), /did you mean 'tower'/],
    [
      "one loss for two outputs",
      (model) => model.compile({ optimizer: "sgd", loss: "meanSquaredError" }),
      /got one loss for several outputs, expected \{ same, length \}/,
    ],
    [
      "a loss too few",
      (model) => model.compile({ optimizer: "sgd", loss: { same: "meanSquaredError" } }),
      /no loss for the output 'length'/,
    ],
    [
      "a loss of no output",
      (model) =>
        model.compile({ optimizer: "sgd", loss: { same: "meanSquaredError", lenght: "meanSquaredError" } }),
      /'lenght'.*did you mean 'length'/,
    ],
    [
      "a weight that is no number",
      (model) =>
        model.compile({
          optimizer: "sgd",
          loss: { same: "meanSquaredError", length: "meanSquaredError" },
          lossWeights: { same: Number.NaN },
        }),
      /lossWeights: got same: NaN/,
    ],
    [
      "an unknown option",
      () => new Model({ graph: graph({ inputs: input({ shape: [1] }), outputs: [] }) }),
      /graph/,
    ],
  ])("%s", (_, wrong, message) => {
    expect(() => wrong(siamese())).toThrow(message);
  });

  test("a file of the other kind, and one that holds none", async () => {
    const row = new Sequential({ layers: [dense({ units: 1, inputShape: [2] })] });
    await expect(Model.fromBytes(await row.toBytes())).rejects.toThrow(/expected a graph.*Sequential.load/);
    await expect(Sequential.fromBytes(await siamese().toBytes())).rejects.toThrow(/got a graph.*Model.load/);
    await expect(Model.fromBytes(await encodeSafetensors({ a: ones([1]) }))).rejects.toThrow(
      /without a description/,
    );
  });
});
