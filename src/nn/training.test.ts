import { expect, test } from "vitest";
import { sgd } from "../optim/index.ts";
import { argmax, random, type Tensor, tensor } from "../tensor/index.ts";
import { Model, Sequential } from "../train/index.ts";
import {
  activation,
  batchNormalization,
  connect,
  conv2d,
  dense,
  embedding,
  flatten,
  globalAvgPool2d,
  input,
  layerNormalization,
  merge,
  randomFlip,
  residual,
  stack,
} from "./index.ts";

/** Stripes, upright or lying: 16 images [6, 6, 1] with noise, and which they are. */
function stripes(): [Tensor, Tensor] {
  const noise = random.normal(random.key(3), [16, 6, 6, 1]).dataSync();
  const values = Array.from(noise, (value, i) => {
    const [image, row, column] = [Math.floor(i / 36), Math.floor(i / 6) % 6, i % 6];
    return ((image % 2 === 0 ? row : column) % 2) + 0.1 * value;
  });
  const labels = Array.from({ length: 16 }, (_, image) => image % 2);
  return [tensor(values, { shape: [16, 6, 6, 1] }), tensor(labels, { dtype: "i32" })];
}

test("a residual network with batch normalisation, augmentation and penalties learns", async () => {
  const convolution = (filters: number) =>
    conv2d({ filters, kernelSize: 3, padding: "same", useBias: false });
  const model = new Sequential({
    layers: [
      randomFlip({ inputShape: [6, 6, 1] }),
      convolution(4),
      batchNormalization({ momentum: 0.8, name: "norm" }),
      activation("relu"),
      residual([convolution(4), batchNormalization({ momentum: 0.8 }), activation("relu")], {
        name: "block",
      }),
      globalAvgPool2d(),
      dense({ units: 2, activation: "softmax", kernelRegularizer: "l2" }),
    ],
  });
  model.compile({
    optimizer: sgd({ learningRate: 0.3 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const [x, y] = stripes();
  const before = model.getWeights();
  const history = await model.fit(x, y, { epochs: 20, batchSize: 8, verbose: 0 });
  const after = model.getWeights();
  expect(history.loss.at(-1)).toBeLessThan(0.5 * history.loss[0]);
  // The state moved with the batches, and prediction uses it.
  expect([...before["norm.variance"].dataSync()]).toEqual([1, 1, 1, 1]);
  for (const path of ["norm.mean", "norm.variance", "block.body.batchNormalization.mean"]) {
    expect([...after[path].dataSync()]).not.toEqual([...before[path].dataSync()]);
  }
  const predicted = argmax(model.predict(x), { axis: 1 });
  expect([...predicted.dataSync()]).toEqual([...y.dataSync()]);
});

test("an embedding learns from ids", async () => {
  const ids = Array.from({ length: 12 }, (_, i) => [i % 4, (i + 1 + (i % 3)) % 4]);
  const labels = ids.map(([first, second]) => Number(first < second));
  const model = new Sequential({
    layers: [
      embedding({ inputDim: 4, outputDim: 4, inputShape: [2] }),
      layerNormalization(),
      flatten(),
      dense({ units: 2, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: "sparseCategoricalCrossentropy" });
  const history = await model.fit(ids, labels, { epochs: 30, batchSize: 12, verbose: 0 });
  expect(history.loss.at(-1)).toBeLessThan(0.3 * history.loss[0]);
  const x = tensor(ids, { dtype: "i32" });
  expect(model.predict(ids).toArray()).toEqual(model.predict(x).toArray());
  expect(() => model.predict([[0, 1.5]])).toThrow(/embedding: got ids of dtype f32, expected integers/);
});

test("of several inputs those that are ids are integers", async () => {
  const words = input({ shape: [3], name: "words" });
  const price = input({ shape: [1], name: "price" });
  const read = connect(words, stack([embedding({ inputDim: 5, outputDim: 2, name: "meaning" })]), flatten());
  const model = new Model({
    inputs: [words, price],
    outputs: connect([read, price], merge.concatenate(), dense({ units: 1 })),
  });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
  const x = { words: [[1, 4, 0], [2, 2, 3]], price: [[1], [2]] }; // biome-ignore format: matrices
  const { loss } = await model.fit(x, [[1], [3]], { epochs: 10, verbose: 0 });
  expect(loss[9]).toBeLessThan(loss[0]);
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  expect(lines).toContainEqual(expect.stringMatching(/^stack \(stack\) +\[batch, 3, 2\] +10 /));
});
