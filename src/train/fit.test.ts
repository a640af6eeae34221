import { describe, expect, test } from "vitest";
import "../../test/on-reference.ts";
import { Dataset } from "../data/index.ts";
import { lossWith, meanSquaredError, oneVsAllHinge } from "../losses/index.ts";
import { confusionMatrix, f1Score, precision, rocAuc, topKAccuracy } from "../metrics/index.ts";
import { connect, dense, input } from "../nn/index.ts";
import { sgd } from "../optim/index.ts";
import { cast, full, mean, mul, random, square, sub, type Tensor } from "../tensor/index.ts";
import { type Batch, type CompileOptions, type FitOptions, Model, Sequential } from "./index.ts";

const count = 23;
const x = random.normal(random.key(1), [count, 3], { dtype: "f64" });
const labels = random.randint(random.key(2), [count], 0, 3);
const answers = random.randint(random.key(3), [count, 1], 0, 2);
const quiet = { verbose: 0, batchSize: 5 } as const;

function classifier(compile: Partial<CompileOptions> = {}): Sequential {
  const model = new Sequential({
    dtype: "f64",
    layers: [dense({ units: 3, activation: "softmax", inputShape: [3] })],
  });
  model.compile({
    optimizer: "adam",
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...compile,
  });
  return model;
}

function decider(metrics: CompileOptions["metrics"] = []): Sequential {
  const model = new Sequential({
    dtype: "f64",
    layers: [dense({ units: 1, activation: "sigmoid", inputShape: [3] })],
  });
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics });
  return model;
}

/** ŷ = 1·x₁ + 2·x₂ + 0.5, whose residuals on the rows are 4.5 and 10.5. */
function line(loss: CompileOptions["loss"] = "meanSquaredError"): Sequential {
  const model = new Sequential({
    dtype: "f64",
    layers: [dense({ units: 1, inputShape: [2], name: "line" })],
  });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, metrics: ["meanAbsoluteError"] });
  model.setWeights({ "line.weights": [[1], [2]], "line.biases": [0.5] });
  return model;
}
const rows = [[1, 2], [3, 4]]; // biome-ignore format: a matrix
const ones = [[1], [1]];

function bitsOf(model: Sequential): unknown {
  return Object.entries(model.getWeights()).map(([path, weights]) => [path, [...weights.dataSync()]]);
}

describe("weights of examples", () => {
  test.each<[string, CompileOptions["loss"]]>([
    ["a loss of the library", "meanSquaredError"],
    ["a loss with options", lossWith(meanSquaredError, { reduction: "mean" })],
    [
      "a loss of one's own",
      (prediction: Tensor, target: Tensor) => mean(square(sub(prediction, target)), { axis: -1 }),
    ],
  ])("multiply the losses of %s, and leave metrics as they are", async (_, loss) => {
    const model = line(loss);
    const history = await model.fit(rows, ones, { sampleWeight: [3, 0.5], shuffle: false, verbose: 0 });
    expect(history.loss[0]).toBeCloseTo((3 * 4.5 ** 2 + 0.5 * 10.5 ** 2) / 2, 12);
    expect(history.meanAbsoluteError[0]).toBeCloseTo((4.5 + 10.5) / 2, 12);
    const { "line.biases": biases } = model.getWeights();
    expect(biases.item()).toBeCloseTo(0.5 - 0.1 * (3 * 4.5 + 0.5 * 10.5), 12);
  });

  test("of validation count there", async () => {
    const validationData = [rows, ones, [1, 0]] as const;
    const history = await line()
      .fit(rows, ones, { validationData, learningRate: 0, verbose: 0 } as never)
      .catch(String);
    expect(history).toMatch(/unknown option/);
    const model = line();
    model.learningRate = 0;
    const { valLoss } = await model.fit(rows, ones, { validationData, verbose: 0 });
    expect(valLoss[0]).toBeCloseTo(4.5 ** 2 / 2, 12);
  });

  test("by class are those of each example of it", async () => {
    const byClass = [0.5, 4, 1];
    const bySample = Float64Array.from(labels.dataSync(), (label) => byClass[label]);
    const [one, other, plain, both] = [classifier(), classifier(), classifier(), classifier()];
    await one.fit(x, labels, { classWeight: byClass, epochs: 2, ...quiet });
    await other.fit(x, labels, { sampleWeight: bySample, epochs: 2, ...quiet });
    await plain.fit(x, labels, { epochs: 2, ...quiet });
    await both.fit(x, labels, {
      sampleWeight: bySample.map((w) => 1 / w),
      classWeight: byClass,
      epochs: 2,
      ...quiet,
    });
    expect(bitsOf(one)).toEqual(bitsOf(other));
    expect(bitsOf(one)).not.toEqual(bitsOf(plain));
    expect(bitsOf(both)).toEqual(bitsOf(plain));
  });

  test("may be those of each output", async () => {
    const point = input({ shape: [2] });
    const ends = ["left", "right"].map((name) => connect(point, dense({ units: 1, name })));
    const model = new Model({ inputs: point, outputs: ends, dtype: "f64" });
    model.compile({
      optimizer: sgd({ learningRate: 0 }),
      loss: { left: "meanSquaredError", right: "meanSquaredError" },
    });
    const weights = { "left.weights": [[1], [2]], "left.biases": [0.5] };
    model.setWeights({ ...weights, "right.weights": [[0], [0]], "right.biases": [3] });
    const y = { left: ones, right: ones };
    const losses = async (options: FitOptions): Promise<readonly number[]> => {
      const { leftLoss, rightLoss } = await model.fit(rows, y, { ...options, verbose: 0 });
      return [leftLoss[0], rightLoss[0]];
    };
    const [first, second] = [4.5 ** 2, 10.5 ** 2];
    expect(await losses({ sampleWeight: { left: [3, 0.5] } })).toEqual([(3 * first + second / 2) / 2, 4]);
    expect(await losses({ sampleWeight: [2, 1] })).toEqual([(2 * first + second) / 2, 6]);
    const both = { sampleWeight: { right: [2, 1] }, classWeight: { left: [0, 4] } };
    expect(await losses(both)).toEqual([2 * (first + second), 6]);
    await expect(losses({ sampleWeight: { lift: [1, 1] } })).rejects.toThrow(
      /fit: sampleWeight: got 'lift'.*did you mean 'left'/,
    );
    await expect(losses({ classWeight: { lift: [1, 1] } })).rejects.toThrow(/fit: classWeight: got 'lift'/);
  });

  test.each<[string, FitOptions, RegExp]>([
    [
      "too few",
      { sampleWeight: [1] },
      /fit: sampleWeight: got f64\[1\], expected one number for each of 2 examples/,
    ],
    ["negative", { sampleWeight: [1, -1] }, /-1 for example 1, expected numbers, at least 0/],
    ["not finite", { sampleWeight: [Number.NaN, 1] }, /NaN for example 0/],
    ["negative classes", { classWeight: [1, -1] }, /classWeights: got a weight -1/],
  ])("that are %s are refused", async (_, options, message) => {
    const model = line();
    const before = bitsOf(model);
    await expect(model.fit(rows, ones, options)).rejects.toThrow(message);
    expect(bitsOf(model)).toEqual(before);
  });

  test("are refused by a loss that gives one number for all", async () => {
    const own = (prediction: Tensor, target: Tensor): Tensor => mean(square(sub(prediction, target)));
    await expect(line(own).fit(rows, ones, { sampleWeight: [1, 2], verbose: 0 })).rejects.toThrow(
      /loss 'own': got a loss of shape \[\], expected one value for each of 2 examples/,
    );
  });
});

describe("batches that come one by one", () => {
  const batches = (): Batch[] => [...new Dataset([x, labels] as const).batches(5)];
  async function* later(): AsyncGenerator<Batch> {
    for (const batch of batches()) {
      await new Promise((resolve) => setTimeout(resolve));
      yield batch;
    }
  }

  test("teach what a table in the same order does", async () => {
    const table = classifier();
    const expected = await table.fit(x, labels, { epochs: 3, shuffle: false, ...quiet });
    for (const source of [later, batches, { [Symbol.asyncIterator]: later }]) {
      const model = classifier();
      expect(await model.fit(source, { epochs: 3, verbose: 0 })).toEqual(expected);
      expect(bitsOf(model)).toEqual(bitsOf(table));
    }
  });

  test("may differ from epoch to epoch, and may have weights", async () => {
    const epochs: number[] = [];
    const weighted = function* (epoch: number): Generator<Batch> {
      epochs.push(epoch);
      yield [rows, ones, [3, 0.5]];
    };
    const { loss } = await line().fit(weighted, { epochs: 2, verbose: 0 });
    expect(epochs).toEqual([0, 1]);
    expect(loss[0]).toBeCloseTo((3 * 4.5 ** 2 + 0.5 * 10.5 ** 2) / 2, 12);
  });

  test("are asked for no longer where a callback stops training", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Batch> {
      try {
        for (;;) yield [rows, ones];
      } finally {
        ended = true;
      }
    }
    const stop = {
      onBatchEnd: (batch: number, _: unknown, training: { stop(): void }) => batch === 3 && training.stop(),
    };
    await line().fit(endless, { epochs: 5, callbacks: [stop], verbose: 0 });
    expect(ended).toBe(true);
  });

  test("of a dataset are those of its tensors", async () => {
    const [table, dataset] = [classifier(), classifier()];
    await table.fit(x, labels, { validationSplit: 0.3, ...quiet });
    await dataset.fit(new Dataset([x, labels]), { validationSplit: 0.3, ...quiet });
    expect(bitsOf(dataset)).toEqual(bitsOf(table));
  });

  test("are evaluated, and validated with, as a table is", async () => {
    const model = classifier();
    const wanted = await model.evaluate(x, labels);
    const sources = [later, batches, { [Symbol.asyncIterator]: later }, new Dataset([x, labels])];
    for (const source of sources) expect(await model.evaluate(source)).toEqual(wanted);
    for (const validationData of sources) {
      const { valLoss } = await classifier().fit(x, labels, { validationData, epochs: 2, ...quiet });
      const { valLoss: ofTable } = await classifier().fit(x, labels, {
        validationData: [x, labels],
        epochs: 2,
        ...quiet,
      });
      for (const [i, loss] of valLoss.entries()) expect(loss).toBeCloseTo(ofTable[i], 12);
    }
    const weighted = new Dataset([x, labels, full([count], 6)]);
    expect((await model.evaluate(weighted)).loss).toBeCloseTo(6 * wanted.loss, 12);
  });

  test("of a mapped dataset are computed when their turn comes", async () => {
    const sizes: number[] = [];
    const mapped = new Dataset([x, labels] as const).map(([rows, names]) => {
      sizes.push(rows.shape[0]);
      return [mul(rows, 2), names] as const;
    });
    const [table, lazy] = [classifier(), classifier()];
    const options = { epochs: 2, callbacks: [], ...quiet };
    const expected = await table.fit(mul(x, 2), labels, options);
    expect(await lazy.fit(mapped, options)).toEqual(expected);
    expect(bitsOf(lazy)).toEqual(bitsOf(table));
    expect(sizes).toEqual([5, 5, 5, 5, 3, 5, 5, 5, 5, 3]);
    expect(await lazy.evaluate(mapped, { batchSize: 23 })).toEqual(
      await table.evaluate(mul(x, 2), labels, { batchSize: 23 }),
    );
    await lazy.fit(mapped, { validationSplit: 0.5, ...quiet });
    expect(sizes.at(-1)).toBe(count);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "a generator that is through",
      () => classifier().fit(later(), { epochs: 2, verbose: 0 }),
      /fit: got no batches, expected at least one in each epoch; a generator is gone through once: pass the function/,
    ],
    [
      "no batches",
      () => classifier().fit(() => [], { verbose: 0 }),
      /fit: got no batches, expected at least one/,
    ],
    [
      "a size of batches",
      () => classifier().fit(later, { batchSize: 5 }),
      /the option 'batchSize' with batches that come/,
    ],
    [
      "a share held out",
      () => classifier().fit(later, { validationSplit: 0.5 }),
      /'validationSplit' with batches/,
    ],
    [
      "a bad batch",
      () => line().fit(() => [[[[1, Number.NaN]], [[1]]]], { verbose: 0 }),
      /NaN in the inputs/,
    ],
    [
      "a size of batches to evaluate",
      () => classifier().evaluate(later, { batchSize: 5 }),
      /evaluate: got the option 'batchSize' with batches that come one by one/,
    ],
    [
      "nothing to evaluate",
      () => classifier().evaluate(() => []),
      /evaluate: got no batches, expected at least one/,
    ],
    [
      "a validation that is through",
      () => classifier().fit(x, labels, { validationData: later(), epochs: 2, ...quiet }),
      /fit: validationData: got no batches.*pass the function that makes it/,
    ],
    [
      "a dataset of inputs only",
      () => line().fit(new Dataset([x]), { verbose: 0 }),
      /expected one of \[inputs, targets\]/,
    ],
  ])("are refused: %s", async (_, act, message) => {
    await expect(act()).rejects.toThrow(message);
  });
});

describe("metrics that are no means over examples", () => {
  test.each([1, 5, 64])("are those of all examples, in batches of %d", async (batchSize) => {
    const model = decider(["precision", "f1Score", rocAuc, "rootMeanSquaredError", "r2Score"]);
    model.learningRate = 0;
    const history = await model.fit(x, answers, { validationData: [x, answers], batchSize, verbose: 0 });
    const prediction = model.predict(x);
    const whole = {
      precision: precision(prediction, answers).item(),
      f1Score: f1Score(prediction, answers).item(),
      rocAuc: rocAuc(prediction, answers).item(),
    };
    const evaluated = await model.evaluate(x, answers, { batchSize });
    for (const [name, value] of Object.entries(whole)) {
      expect(value).toBeGreaterThan(0);
      expect(history[name][0]).toBeCloseTo(value, 6);
      expect(history[`val${name[0].toUpperCase()}${name.slice(1)}`][0]).toBeCloseTo(value, 6);
      expect(evaluated[name]).toBeCloseTo(value, 6);
    }
    const error = sub(prediction, cast(answers, "f64"));
    expect(history.rootMeanSquaredError[0]).toBeCloseTo(Math.sqrt(mean(square(error)).item()), 10);
  });

  test("of several numbers are refused before anything is learned", async () => {
    const model = classifier({ metrics: [confusionMatrix] });
    const before = bitsOf(model);
    await expect(model.fit(x, labels, quiet)).rejects.toThrow(
      /metric 'confusionMatrix': got values of shape \[3, 3\], expected one number; call it with predictions/,
    );
    expect(bitsOf(model)).toEqual(before);
  });
});

test("losses that take labels read whole numbers as such", async () => {
  const model = new Sequential({ layers: [dense({ units: 3, inputShape: [3] })] });
  const top = (prediction: Tensor, target: Tensor): Tensor => topKAccuracy(prediction, target, { k: 2 });
  model.compile({ optimizer: "adam", loss: oneVsAllHinge, metrics: [top] });
  const names = labels.toArray();
  if (!Array.isArray(names)) throw new Error("expected an array");
  const { loss, top: share } = await model.fit(x, names, { epochs: 20, ...quiet });
  expect(loss[19]).toBeLessThan(loss[0]);
  expect(share[19]).toBeGreaterThan(0.5);
  await expect(
    model.fit(
      x,
      names.map(() => 3),
      quiet,
    ),
  ).rejects.toThrow(/label 3 at example 0, expected labels from 0 to 2/);
});

test("inputs alone are refused", async () => {
  const given: [number[][], number[][]] = JSON.parse("[[[1, 2]]]");
  await expect(line().fit(...given)).rejects.toThrow(/fit: got inputs without targets/);
});
