import { describe, expect, test } from "vitest";
import { lossWith, meanSquaredError } from "../losses/index.ts";
import { dense, embedding, flatten, type Layer } from "../nn/index.ts";
import { adam, sgd } from "../optim/index.ts";
import {
  div,
  log,
  mark,
  NeuriteError,
  neg,
  sqrt,
  type Tensor,
  takeAlongAxis,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { Sequential } from "./index.ts";

const x = [[0, 1], [1, 0], [1, 1]]; // biome-ignore format: a matrix
const y = tensor([0, 1, 2], { dtype: "i32" });
const quiet = { verbose: 0 } as const;

function classifier(): Sequential {
  const model = new Sequential();
  model.add(dense({ units: 4, activation: "tanh", inputShape: [2], name: "hidden" }));
  model.add(dense({ units: 3, activation: "softmax", name: "output" }));
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** As from JavaScript, where types stop nobody. */
const untyped: typeof JSON.parse = JSON.parse;

function bitsOf(model: Sequential): unknown {
  return Object.entries(model.getWeights()).map(([path, weights]) => [path, weights.dataSync()]);
}

describe("refuses, before anything is learned,", () => {
  test.each<[string, (model: Sequential) => unknown, RegExp]>([
    [
      "a label that is no class",
      (model) => model.trainOnBatch(x, [0, 1, 3]),
      /label 3 at example 2, expected labels from 0 to 2/,
    ],
    ["a negative label", (model) => model.testOnBatch(x, [0, -1, 1]), /label -1 at example 1/],
    [
      "labels that are no whole numbers",
      (model) => model.trainOnBatch(x, [0, 1, 1.5]),
      /labels f32\[3\], expected labels i32/,
    ],
    [
      "more targets than inputs",
      (model) => model.trainOnBatch(x, [0, 1, 1, 0]),
      /f32\[3, 2\] with targets i32\[4\]/,
    ],
    ["no examples", (model) => model.trainOnBatch(zeros([0, 2]), zeros([0], "i32")), /no examples/],
    [
      "inputs of another shape",
      (model) => model.trainOnBatch([[1, 2, 3]], [0]),
      /f32\[1, 3\], expected \[examples, 2\]/,
    ],
    ["a single input", (model) => model.predict([1, 2]), /f32\[2\], expected \[examples, 2\]/],
    [
      "a typed array of broken rows",
      (model) => model.predict(new Float32Array(5)),
      /5 elements.*a multiple of 2/,
    ],
    ["ragged inputs", (model) => model.predict([[1, 2], [3]]), /ragged/],
    [
      "targets of another shape",
      (model) =>
        model.trainOnBatch(x, [
          [0, 1],
          [1, 0],
          [0, 0],
        ]),
      /labels of shape \[3, 2\]/,
    ],
    [
      "a batch size of zero",
      (model) => model.predict(x, { batchSize: 0 }),
      /batchSize: 0, expected a whole number, at least 1/,
    ],
    [
      "an unknown loss",
      (model) => model.compile(untyped('{"optimizer":"adam","loss":"meanSquareError"}')),
      /did you mean 'meanSquaredError'/,
    ],
    [
      "a loss that is a sum",
      (model) => model.compile({ optimizer: "adam", loss: lossWith(meanSquaredError, { reduction: "sum" }) }),
      /compile: got a loss with the reduction 'sum', expected the mean over the examples/,
    ],
    [
      "an unknown optimizer",
      (model) => model.compile(untyped('{"optimizer":"adan","loss":"meanSquaredError"}')),
      /did you mean 'adam'/,
    ],
    [
      "an unknown metric",
      (model) =>
        model.compile(untyped('{"optimizer":"adam","loss":"meanSquaredError","metrics":["acuracy"]}')),
      /did you mean 'accuracy'/,
    ],
    [
      "an unknown option of compile",
      (model) => model.compile(untyped('{"optimiser":"adam","loss":"meanSquaredError"}')),
      /did you mean 'optimizer'/,
    ],
    [
      "a metric twice",
      (model) =>
        model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["accuracy", "accuracy"] }),
      /two figures with the name 'accuracy'/,
    ],
    [
      "an unknown path of weights",
      (model) => model.setWeights({ "hiden.weights": [1] }),
      /did you mean 'hidden.weights'/,
    ],
    [
      "weights of another shape",
      (model) => model.setWeights({ "hidden.weights": [[1, 2]] }),
      /'hidden.weights' of shape \[1, 2\], expected shape \[2, 4\]/,
    ],
    [
      "a layer whose name is taken",
      (model) => model.add(dense({ units: 1, name: "hidden" })),
      /two layers with the name 'hidden'/,
    ],
    ["an unknown option of the model", () => new Sequential(untyped('{"sed":1}')), /did you mean 'seed'/],
    ["an unknown dtype", () => new Sequential(untyped('{"dtype":"f16"}')), /did you mean 'f/],
    ["a model without layers", () => new Sequential().predict(x), /without layers.*model.add/],
    [
      "a model without inputShape",
      () => new Sequential({ layers: [dense({ units: 1 })] }).getWeights(),
      /without inputShape/,
    ],
    [
      "a model that is not compiled",
      () => new Sequential({ layers: classifier().layers }).trainOnBatch(x, y),
      /not compiled/,
    ],
    [
      "layers that do not fit",
      () =>
        new Sequential({
          layers: [dense({ units: 3, inputShape: [2] }), dense({ units: 1, inputShape: [4], name: "next" })],
        }).predict(x),
      /\[3\], expected \[4\].*in layer 'next'/,
    ],
  ])("%s", (_, act, message) => {
    const model = classifier();
    const before = bitsOf(model);
    expect(() => act(model)).toThrow(NeuriteError);
    expect(() => act(model)).toThrow(message);
    expect(bitsOf(model)).toEqual(before);
  });

  test("a label that is no class to a loss of the user's own", () => {
    const model = classifier();
    const own = (prediction: Tensor, target: Tensor): Tensor => neg(log(takeAlongAxis(prediction, target)));
    model.compile({ optimizer: adam(), loss: own });
    model.trainOnBatch(x, tensor([[0], [1], [2]], { dtype: "i32" }));
    const before = bitsOf(model);
    const wrong = tensor([[0], [1], [7]], { dtype: "i32" });
    expect(() => model.trainOnBatch(x, wrong)).toThrow(/in 'loss': got index out of range/);
    expect(bitsOf(model)).toEqual(before);
    expect(model.trainOnBatch(x, tensor([[0], [1], [2]], { dtype: "i32" })).loss).toBeGreaterThan(0);
  });

  test("an index that is out of range of an embedding, with an optimizer that has moments", () => {
    const model = new Sequential();
    model.add(embedding({ inputDim: 4, outputDim: 2, inputShape: [3], name: "words" }));
    model.add(flatten());
    model.add(dense({ units: 1 }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const words = (last: number): Tensor => tensor([0, 3, last], { dtype: "i32", shape: [1, 3] });
    model.trainOnBatch(words(1), [[1]]);
    const before = bitsOf(model);
    for (let i = 0; i < 2; i++) {
      expect(() => model.trainOnBatch(words(4), [[1]])).toThrow(/in 'words': got index out of range/);
      expect(bitsOf(model)).toEqual(before);
    }
    model.trainOnBatch(words(2), [[1]]);
    expect(bitsOf(model)).not.toEqual(before);
  });

  test("a layer that does not fit those before it", () => {
    const model = classifier();
    const before = bitsOf(model);
    expect(() => model.add(dense({ units: 1, inputShape: [4], name: "next" }))).toThrow(/in layer 'next'/);
    expect(model.layers).toHaveLength(2);
    expect(bitsOf(model)).toEqual(before);
    expect(model.predict(x).shape).toEqual([3, 3]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("a learning rate of %d", (rate) => {
    const model = classifier();
    const set = (): void => {
      model.learningRate = rate;
    };
    expect(set).toThrow(/learningRate: got .*, expected a number, at least 0/);
    expect(model.learningRate).toBe(0.001);
  });

  test("an answer that is neither yes nor no", () => {
    const model = new Sequential({ layers: [dense({ units: 1, activation: "sigmoid", inputShape: [2] })] });
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    const before = bitsOf(model);
    const answers = tensor([[0], [1], [2]], { dtype: "u8" });
    expect(() => model.trainOnBatch(x, answers)).toThrow(
      /label 2 at example 2, expected labels from 0 to 1$/,
    );
    expect(bitsOf(model)).toEqual(before);
  });

  test.each<[string, (model: Sequential) => Promise<unknown>, RegExp]>([
    ["a label that is no class", (model) => model.fit(x, [0, 1, 7], quiet), /fit: got label 7 at example 2/],
    [
      "a bad label in validation data",
      (model) => model.fit(x, y, { validationData: [x, [0, 1, 7]], ...quiet }),
      /fit: validationData: got label 7/,
    ],
    [
      "NaN in the inputs",
      (model) =>
        model.fit(
          [
            [0, 1],
            [1, Number.NaN],
            [1, 1],
          ],
          y,
          quiet,
        ),
      /NaN in the inputs, first in example 1/,
    ],
    ["no epochs", (model) => model.fit(x, y, { epochs: 0 }), /epochs: 0/],
    ["half a batch", (model) => model.fit(x, y, { batchSize: 1.5 }), /batchSize: 1.5/],
    [
      "a validation split of one",
      (model) => model.fit(x, y, { validationSplit: 1 }),
      /validationSplit: 1, expected a share/,
    ],
    [
      "a validation split that leaves nothing",
      (model) => model.fit(x, y, { validationSplit: 0.9 }),
      /at least one example on each side/,
    ],
    [
      "two kinds of validation",
      (model) => model.fit(x, y, { validationSplit: 0.5, validationData: [x, y] }),
      /one of them/,
    ],
    [
      "an unknown option of fit",
      (model) => model.fit(x, y, untyped('{"batchsize":3}')),
      /did you mean 'batchSize'/,
    ],
    [
      "an unknown option of evaluate",
      (model) => model.evaluate(x, y, untyped('{"size":3}')),
      /unknown option/,
    ],
  ])("%s in fit and evaluate", async (_, act, message) => {
    const model = classifier();
    const before = bitsOf(model);
    await expect(act(model)).rejects.toThrow(NeuriteError);
    await expect(act(model)).rejects.toThrow(message);
    expect(bitsOf(model)).toEqual(before);
  });
});

/** A layer that applies a function to each element, between marks. */
function elementwise(name: string, f: (x: Tensor) => Tensor): Layer {
  return {
    type: "elementwise",
    name,
    config: {},
    init: (_, [shape]) => ({ params: {}, state: {}, outputShapes: [shape] }),
    apply: ({ state }, [input]) => ({ outputs: [mark("a", f(mark("z", input)))], state }),
  };
}

describe("a step whose loss or gradient is not finite", () => {
  /** z = x + 0 in a first layer, a function of it, and a sum. */
  function regression(between: Layer): Sequential {
    const model = new Sequential();
    model.add(dense({ units: 2, inputShape: [2], name: "first" }));
    model.add(between);
    model.add(dense({ units: 1, name: "last" }));
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    model.setWeights({ "first.weights": [[1, 0], [0, 1]] }); // biome-ignore format: a matrix
    model.trainOnBatch([[1, 1], [2, 2]], [[1], [2]]); // biome-ignore format: a matrix
    model.learningRate = 0.1;
    return model;
  }

  test.each<[string, Layer, readonly number[], RegExp]>([
    ["a logarithm", elementwise("logarithm", log), [-1, 1], /step 2: got NaN in layer 'logarithm', in its a/],
    ["a division", elementwise("inverse", (z) => div(1, z)), [0, 1], /Infinity in layer 'inverse', in its a/],
    [
      "the slope of a root",
      elementwise("root", sqrt),
      [0, 1],
      /Infinity in layer 'root', in the derivative of the loss by its z/,
    ],
  ])("changes nothing and says where it began: %s", (_, layer, row, message) => {
    const model = regression(layer);
    const before = bitsOf(model);
    const act = (): unknown => model.trainOnBatch([[1, 1], row], [[1], [2]]);
    expect(act).toThrow(NeuriteError);
    expect(act).toThrow(message);
    expect(bitsOf(model)).toEqual(before);
    expect(model.trainOnBatch([[1, 2], [3, 4]], [[1], [2]]).loss).toBeGreaterThan(0); // biome-ignore format: a matrix
    expect(bitsOf(model)).not.toEqual(before);
  });

  test.each<[string, readonly (readonly number[])[], readonly (readonly number[])[], RegExp]>([
    [
      "inputs",
      [
        [1, 1],
        [1, Number.NaN],
      ],
      [[1], [2]],
      /NaN in the inputs, first in example 1/,
    ],
    [
      "targets",
      [
        [1, 1],
        [1, 1],
      ],
      [[Number.NaN], [2]],
      /NaN in the targets, first in example 0/,
    ],
  ])("tells NaN in the %s", (_, inputs, targets, message) => {
    const model = regression(elementwise("same", (z) => z));
    const before = bitsOf(model);
    expect(() => model.trainOnBatch(inputs, targets)).toThrow(message);
    expect(bitsOf(model)).toEqual(before);
  });

  test("tells an infinity that a layer which saturates would hide", () => {
    const model = new Sequential();
    model.add(dense({ units: 2, activation: "tanh", inputShape: [2], name: "hidden" }));
    model.add(dense({ units: 1, name: "output" }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const before = bitsOf(model);
    const inputs = [[1, 2], [3, Number.POSITIVE_INFINITY]]; // biome-ignore format: a matrix
    expect(() => model.trainOnBatch(inputs, [[1], [2]])).toThrow(
      /Infinity in the inputs, first in example 1/,
    );
    expect(bitsOf(model)).toEqual(before);
  });

  test("tells NaN in the weights", () => {
    const model = regression(elementwise("same", (z) => z));
    model.setWeights({ "last.biases": [Number.NaN] });
    expect(() => model.trainOnBatch([[1, 1]], [[1]])).toThrow(/NaN in the weights 'last.biases'/);
  });

  test("tells a loss that overflows though the outputs do not", () => {
    const model = regression(elementwise("same", (z) => z));
    model.setWeights({ "last.weights": [[1e30], [1e30]] });
    expect(() => model.trainOnBatch([[1, 1]], [[1]])).toThrow(/Infinity in the loss of finite outputs/);
  });

  test("tells a learning rate that diverges, by the step, with a hint", async () => {
    const inputs = [[1, 2], [2, 1], [-1, 1], [1, 1]]; // biome-ignore format: a matrix
    const model = new Sequential({ layers: [dense({ units: 1, inputShape: [2], name: "line" })] });
    model.compile({ optimizer: sgd({ learningRate: 10 }), loss: "meanSquaredError" });
    const act = model.fit(inputs, [[1], [2], [3], [4]], { epochs: 100, ...quiet });
    await expect(act).rejects.toThrow(
      /training step \d+: got .*, expected a finite loss and gradient; try a lower learning rate; the weights are those/,
    );
    for (const weights of Object.values(model.getWeights())) {
      expect([...weights.dataSync()].every(Number.isFinite)).toBe(true);
    }
  });

  test("stops fit with the weights before it", async () => {
    const inputs = [[1, 2], [2, 1], [-1, 1], [1, 1]]; // biome-ignore format: a matrix
    const targets = [[1], [2], [3], [4]];
    const [stopped, other] = [1, 2].map(() => regression(elementwise("logarithm", log)));
    await expect(stopped.fit(inputs, targets, { batchSize: 2, shuffle: false, ...quiet })).rejects.toThrow(
      /training step 3: got NaN in layer 'logarithm', in its a/,
    );
    other.trainOnBatch(inputs.slice(0, 2), targets.slice(0, 2));
    expect(bitsOf(stopped)).toEqual(bitsOf(other));
  });
});
