import { describe, expect, test, vi } from "vitest";
import { dense, dropout } from "../nn/index.ts";
import { adam, momentum, sgd } from "../optim/index.ts";
import { add, mean, mul, random, square, sub, Tensor, tensor } from "../tensor/index.ts";
import { type CompileOptions, Sequential, type SequentialOptions } from "./index.ts";

const count = 50;
const x = random.uniform(random.key(1), [count, 3], { minimum: -1, maximum: 1 });
const labels = random.randint(random.key(2), [count], 0, 4);
const quiet = { verbose: 0 } as const;

function classifier(compile: Partial<CompileOptions> = {}, options: SequentialOptions = {}): Sequential {
  const model = new Sequential(options);
  model.add(dense({ units: 5, activation: "tanh", inputShape: [3], name: "hidden" }));
  model.add(dense({ units: 4, activation: "softmax", name: "output" }));
  model.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...compile,
  });
  return model;
}

function bitsOf(model: Sequential): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(model.getWeights()).map(([path, weights]) => [path, [...weights.dataSync()]]),
  );
}

describe("fit", () => {
  test("learns, and gives the figures of every epoch by name", async () => {
    const y = random.randint(random.key(3), [20], 0, 4);
    const history = await classifier().fit(x, labels, {
      epochs: 30,
      batchSize: 8,
      validationData: [random.uniform(random.key(4), [20, 3]), y],
      ...quiet,
    });
    expect(Object.keys(history).sort()).toEqual(["accuracy", "loss", "valAccuracy", "valLoss"]);
    for (const values of Object.values(history)) expect(values).toHaveLength(30);
    expect(history.loss[29]).toBeLessThan(history.loss[0]);
    expect(history.accuracy[29]).toBeGreaterThan(history.accuracy[0]);
  });

  test("the same seed gives the same bits, another seed others", async () => {
    const run = async (seed: number): Promise<unknown> => {
      const model = classifier({}, { seed });
      const history = await model.fit(x, labels, { epochs: 3, batchSize: 16, ...quiet });
      return { history, weights: bitsOf(model) };
    };
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  test("the seed of fit decides the order of examples only", async () => {
    const run = async (options: { seed?: number; shuffle?: boolean }): Promise<unknown> => {
      const model = classifier();
      await model.fit(x, labels, { epochs: 2, batchSize: 16, ...options, ...quiet });
      return bitsOf(model);
    };
    expect(await run({ seed: 5 })).not.toEqual(await run({ seed: 6 }));
    expect(await run({ seed: 5, shuffle: false })).toEqual(await run({ seed: 6, shuffle: false }));
  });

  test("figures are exact means over examples though the last batch is smaller", async () => {
    const model = classifier({ optimizer: sgd({ learningRate: 0 }) });
    const whole = model.testOnBatch(x, labels);
    for (const batchSize of [7, 16, 32, 64]) {
      const history = await model.fit(x, labels, { batchSize, ...quiet });
      const evaluated = await model.evaluate(x, labels, { batchSize });
      expect(history.loss[0]).toBeCloseTo(whole.loss, 6);
      expect(history.accuracy[0]).toBeCloseTo(whole.accuracy, 10);
      expect(evaluated.loss).toBeCloseTo(whole.loss, 6);
      expect(evaluated.accuracy).toBeCloseTo(whole.accuracy, 10);
    }
  });

  test("a step on each batch in turn does what fit does without shuffling", async () => {
    const [one, other] = [classifier(), classifier()];
    await one.fit(x, labels, { batchSize: 20, shuffle: false, ...quiet });
    const rows = x.dataSync();
    const names = labels.dataSync();
    for (const [start, end] of [
      [0, 20],
      [20, 40],
      [40, 50],
    ]) {
      const inputs = tensor(rows.slice(3 * start, 3 * end), { shape: [end - start, 3] });
      other.trainOnBatch(inputs, names.slice(start, end));
    }
    expect(bitsOf(other)).toEqual(bitsOf(one));
  });

  test("holds the last examples out with validationSplit", async () => {
    const [split, given] = [classifier(), classifier()];
    const rows = x.dataSync();
    const names = labels.dataSync();
    const one = await split.fit(x, labels, { epochs: 2, validationSplit: 0.2, ...quiet });
    const other = await given.fit(rows.slice(0, 120), names.slice(0, 40), {
      epochs: 2,
      validationData: [rows.slice(120), names.slice(40)],
      ...quiet,
    });
    expect(one).toEqual(other);
    expect(one.valLoss).toHaveLength(2);
  });

  test("reads tensors, typed arrays and nested arrays alike", async () => {
    const nested = x.toArray();
    const classes = labels.toArray();
    if (typeof nested === "number" || typeof classes === "number") throw new Error("expected arrays");
    const histories = await Promise.all(
      [[x, labels] as const, [x.dataSync(), labels.dataSync()] as const, [nested, classes] as const].map(
        ([inputs, targets]) => classifier().fit(inputs, targets, { epochs: 2, ...quiet }),
      ),
    );
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).toEqual(histories[0]);
  });

  test("tells callbacks of batches and epochs", async () => {
    const told: string[] = [];
    const losses: number[] = [];
    const history = await classifier().fit(x, labels, {
      epochs: 2,
      batchSize: 30,
      ...quiet,
      callbacks: [
        {
          onBatchEnd: (batch, { loss }) => {
            told.push(`batch ${batch}`);
            losses.push(loss);
          },
          onEpochEnd: (epoch, logs) => told.push(`epoch ${epoch} ${Object.keys(logs).join(" ")}`),
        },
      ],
    });
    const epoch = ["batch 1", "batch 2"];
    expect(told).toEqual([...epoch, "epoch 0 loss accuracy", ...epoch, "epoch 1 loss accuracy"]);
    expect([losses[1], losses[3]]).toEqual(history.loss);
  });

  test("lets the event loop have its turns", async () => {
    // A clock on which every look takes longer than a turn may.
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => {
      now += 10;
      return now;
    });
    let turns = 0;
    const count = (): void => {
      turns++;
      waiting = setImmediate(count);
    };
    let waiting = setImmediate(count);
    await classifier().fit(x, labels, { epochs: 2, batchSize: 10, ...quiet });
    clearImmediate(waiting);
    clock.mockRestore();
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  test.each([
    ["sgd", sgd({ learningRate: 1 })],
    ["momentum", momentum({ learningRate: 0.5 })],
    ["adam", adam({ learningRate: 0.1 })],
  ])("learns exclusive-or with %s", async (_, optimizer) => {
    const inputs = [[0, 0], [0, 1], [1, 0], [1, 1]]; // biome-ignore format: a table
    const model = new Sequential({ seed: 1 });
    model.add(dense({ units: 8, activation: "tanh", inputShape: [2] }));
    model.add(dense({ units: 1, activation: "sigmoid" }));
    model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
    const history = await model.fit(inputs, [[0], [1], [1], [0]], { epochs: 300, ...quiet });
    expect(history.accuracy[299]).toBe(1);
    expect(model.predict([[0, 1]]).item()).toBeGreaterThan(0.5);
  });
});

describe("a step", () => {
  test("is that of the formulas: linear regression by gradient descent", () => {
    const model = new Sequential({ dtype: "f64" });
    model.add(dense({ units: 1, inputShape: [2], name: "line" }));
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    model.setWeights({ "line.weights": [[1], [2]], "line.biases": [0.5] });
    // ŷ = 1·1 + 2·2 + 0.5 = 5.5 and 3 + 8 + 0.5 = 11.5; residuals 4.5 and 10.5
    const { loss } = model.trainOnBatch([[1, 2], [3, 4]], [[1], [1]]); // biome-ignore format: a matrix
    expect(loss).toBeCloseTo((4.5 ** 2 + 10.5 ** 2) / 2, 12);
    const { "line.weights": weights, "line.biases": biases } = bitsOf(model);
    expect(weights[0]).toBeCloseTo(1 - 0.1 * (4.5 * 1 + 10.5 * 3), 12);
    expect(weights[1]).toBeCloseTo(2 - 0.1 * (4.5 * 2 + 10.5 * 4), 12);
    expect(biases[0]).toBeCloseTo(0.5 - 0.1 * (4.5 + 10.5), 12);
  });

  test("takes a learning rate that is set on the way", () => {
    const model = classifier({ optimizer: sgd({ learningRate: 0.5 }) });
    expect(model.learningRate).toBe(0.5);
    const before = bitsOf(model);
    model.learningRate = 0;
    model.trainOnBatch(x, labels);
    expect(bitsOf(model)).toEqual(before);
    model.learningRate = 0.1;
    model.trainOnBatch(x, labels);
    expect(bitsOf(model)).not.toEqual(before);
  });

  test("works on logits where the last activation fits the loss, and measures probabilities", () => {
    const model = classifier();
    model.setWeights({ "output.biases": [200, -200, 0, 0] });
    const { loss, accuracy } = model.testOnBatch(x, labels);
    const predicted = model.predict(x).dataSync();
    const names = labels.dataSync();
    const right = names.filter(
      (label, i) => predicted[4 * i + label] === Math.max(...predicted.slice(4 * i, 4 * i + 4)),
    );
    // Probabilities underflow and would be cut off at 1e-7, a loss of 16; logits do not.
    expect(loss).toBeGreaterThan(100);
    expect(accuracy).toBeCloseTo(right.length / count, 6);
  });

  test("takes losses and metrics of a user's own", () => {
    const model = new Sequential();
    model.add(dense({ units: 1, inputShape: [3] }));
    const distance = (prediction: Tensor, target: Tensor): Tensor => square(sub(prediction, target));
    model.compile({ optimizer: "sgd", loss: distance, metrics: ["meanSquaredError", distance] });
    const logs = model.trainOnBatch(x, mul(mean(x, { axis: 1, keepDims: true }), 2));
    expect(Object.keys(logs)).toEqual(["loss", "meanSquaredError", "distance"]);
    expect(logs.meanSquaredError).toBeCloseTo(logs.loss, 6);
    expect(logs.distance).toBeCloseTo(logs.loss, 6);
  });

  test("drops in training only, anew at each step", () => {
    const model = new Sequential();
    model.add(dropout({ rate: 0.5, inputShape: [3] }));
    model.add(dense({ units: 1 }));
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const y = new Float32Array(count);
    const losses = [1, 2, 3].map(() => model.trainOnBatch(x, y).loss);
    expect(new Set(losses).size).toBe(3);
    expect(model.testOnBatch(x, y)).toEqual(model.testOnBatch(x, y));
  });

  test("adds the penalties of layers to the loss", () => {
    const plain = dense({ units: 1, inputShape: [3], name: "output" });
    const model = new Sequential();
    model.add({ ...plain, apply: (...args) => ({ ...plain.apply(...args), penalty: tensor(3) }) });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const other = new Sequential({ layers: [plain] });
    other.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const y = new Float32Array(count);
    expect(model.testOnBatch(x, y).loss).toBeCloseTo(other.testOnBatch(x, y).loss + 3, 5);
  });

  test("keeps what layers carry from step to step", () => {
    const counter = {
      type: "counter",
      name: "counter",
      config: {},
      inputShape: [3],
      init: () => ({ params: {}, state: { steps: tensor(0) }, outputShapes: [[3]] }),
      apply: (
        { state }: { state: object },
        inputs: readonly Tensor[],
        { training = false }: { training?: boolean } = {},
      ) => {
        const steps = "steps" in state && state.steps instanceof Tensor ? state.steps : tensor(0);
        return { outputs: inputs, state: { steps: training ? add(steps, 1) : steps } };
      },
    };
    const model = new Sequential({ layers: [counter, dense({ units: 1 })] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    for (let i = 0; i < 3; i++) model.trainOnBatch(x, new Float32Array(count));
    model.testOnBatch(x, new Float32Array(count));
    expect(bitsOf(model)["counter.steps"]).toEqual([3]);
  });
});

describe("weights", () => {
  test("that were read stay as they are when the model learns", () => {
    const model = classifier();
    const before = model.getWeights();
    const bits = bitsOf(model);
    model.trainOnBatch(x, labels);
    expect(Object.keys(before)).toEqual([
      "hidden.weights",
      "hidden.biases",
      "output.weights",
      "output.biases",
    ]);
    for (const [path, weights] of Object.entries(before)) expect([...weights.dataSync()]).toEqual(bits[path]);
    expect(bitsOf(model)).not.toEqual(bits);
  });

  test("that were set stay the user's", () => {
    const model = classifier();
    const weights = tensor([1, 2, 3, 4]);
    model.setWeights({ "output.biases": weights });
    model.trainOnBatch(x, labels);
    expect(weights.toArray()).toEqual([1, 2, 3, 4]);
  });

  test("in f64 keep all digits", () => {
    const model = classifier({}, { dtype: "f64" });
    model.setWeights({ "output.biases": [0.1, 0.2, 0.3, 0.4] });
    expect(bitsOf(model)["output.biases"]).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect(model.predict(x).dtype).toBe("f64");
  });

  test("stay when a layer is added, and when the model is compiled again", () => {
    const model = classifier();
    model.trainOnBatch(x, labels);
    const before = bitsOf(model);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect(bitsOf(model)).toEqual(before);
    model.add(dense({ units: 2, name: "more" }));
    expect(bitsOf(model)).toMatchObject(before);
    expect(model.predict(x).shape).toEqual([count, 2]);
  });
});

test("predictions do not depend on the size of batches", () => {
  const model = classifier();
  const whole = model.predict(x, { batchSize: 64 });
  expect(whole.shape).toEqual([count, 4]);
  for (const batchSize of [1, 7, 25]) {
    const parts = model.predict(x, { batchSize }).dataSync();
    for (const [i, value] of whole.dataSync().entries()) expect(parts[i]).toBeCloseTo(value, 6);
  }
});

test("a first layer without inputShape takes that of the first inputs", () => {
  const model = new Sequential({ layers: [dense({ units: 2 })] });
  expect(model.predict(x).shape).toEqual([count, 2]);
});

test("the summary lists layers, shapes and parameters", () => {
  const lines: string[] = [];
  classifier().summary((line) => lines.push(line));
  expect(lines).toEqual([
    "layer (type)    output      parameters  multiply-adds",
    "hidden (dense)  [batch, 5]          20             15",
    "output (dense)  [batch, 4]          24             20",
    "total                               44             35",
  ]);
});
