import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../io/index.ts";
import { lossWith, sparseCategoricalCrossentropy } from "../losses/index.ts";
import { conv2d, dense, dropout, flatten, type Layer, maxPool2d } from "../nn/index.ts";
import { accumulateGradients, adam, chain, type Optimizer, scale, sgd } from "../optim/index.ts";
import {
  max,
  mean,
  mul,
  NeuriteError,
  oneHot,
  random,
  square,
  sub,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { Sequential } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "neurite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const x = random.uniform(random.key(1), [20, 6, 6, 1]);
const y = random.randint(random.key(2), [20], 0, 3);
const quiet = { verbose: 0 } as const;

function network(dtype: "f32" | "f64" = "f32"): Sequential {
  const model = new Sequential({ seed: 7, dtype });
  model.add(conv2d({ filters: 2, kernelSize: 3, activation: "relu", inputShape: [6, 6, 1], name: "edges" }));
  model.add(maxPool2d({ poolSize: 2 }));
  model.add(flatten());
  model.add(dropout({ rate: 0.25 }));
  model.add(dense({ units: 3, activation: "softmax", kernelInitializer: "heNormal", name: "output" }));
  model.compile({
    optimizer: chain(scale({ factor: 0.5 }), adam({ learningRate: 0.02 })),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** A saved model whose parts were replaced. */
async function forged(change: {
  readonly tensors?: (tensors: Record<string, Tensor>) => Record<string, Tensor>;
  readonly metadata?: (metadata: Record<string, string>) => Record<string, string>;
}): Promise<Uint8Array> {
  const { tensors, metadata } = decodeSafetensors(await network().toBytes());
  return await encodeSafetensors(
    change.tensors?.({ ...tensors }) ?? tensors,
    change.metadata?.({ ...metadata }) ?? metadata,
  );
}

describe("a loaded model", () => {
  test.each(["f32", "f64"] as const)("predicts the same bits in %s", async (dtype) => {
    const model = network(dtype);
    await model.fit(x, y, { epochs: 2, batchSize: 8, ...quiet });
    const path = join(folder, `${dtype}.safetensors`);
    await model.save(path);
    const loaded = await Sequential.load(path);
    expect(loaded.predict(x).dtype).toBe(dtype);
    expect(loaded.predict(x).dataSync()).toEqual(model.predict(x).dataSync());
    expect(readdirSync(folder)).toContain(`${dtype}.safetensors`);
  });

  test("learns on as the saved one does, to the bit", async () => {
    const model = network();
    await model.fit(x, y, { epochs: 2, ...quiet });
    model.learningRate = 0.005;
    const loaded = await Sequential.fromBytes(await model.toBytes());
    expect(loaded.learningRate).toBe(0.005);
    const course = { epochs: 3, batchSize: 8, ...quiet };
    expect(await loaded.fit(x, y, course)).toEqual(await model.fit(x, y, course));
    expect(await loaded.toBytes()).toEqual(await model.toBytes());
  });

  test("predicts the same bits in another process", { timeout: 60_000 }, async () => {
    const model = network();
    const path = join(folder, "other.safetensors");
    await model.save(path);
    const script = `
      import { Sequential } from "./src/train/index.ts";
      import { random } from "./src/index.ts";
      const model = await Sequential.load(${JSON.stringify(path)});
      console.log(JSON.stringify([...model.predict(random.uniform(random.key(1), [20, 6, 6, 1])).dataSync()]));`;
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const output = execFileSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", script],
      { cwd: root, encoding: "utf8" },
    );
    expect(JSON.parse(output)).toEqual([...model.predict(x).dataSync()]);
  });

  test("names its tensors by path, and keeps the user's texts", async () => {
    const { tensors, metadata } = decodeSafetensors(
      await network().toBytes({ metadata: { classes: "a b c" } }),
    );
    expect(Object.keys(tensors).sort()).toEqual([
      "edges.biases",
      "edges.weights",
      "output.biases",
      "output.weights",
    ]);
    expect(metadata).toMatchObject({ format: "neurite", formatVersion: "1", classes: "a b c" });
  });

  test("has losses and metrics of the user's own where they are given, and learns on with them", async () => {
    const squares = (prediction: Tensor, target: Tensor): Tensor =>
      mean(square(sub(prediction, oneHot(target, 3))), { axis: 1 });
    const highest = (prediction: Tensor): Tensor => max(prediction, { axis: 1 });
    const model = network();
    model.compile({ optimizer: "adam", loss: squares, metrics: ["accuracy", highest] });
    model.trainOnBatch(x, y);
    const bytes = await model.toBytes();
    const predicted = [...model.predict(x).dataSync()];
    const loaded = await Sequential.fromBytes(bytes, {
      customLosses: { squares },
      customMetrics: { highest },
    });
    expect(loaded.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
    expect(await loaded.toBytes()).toEqual(await model.toBytes());

    await expect(Sequential.fromBytes(bytes, { customMetrics: { highest } })).rejects.toThrow(
      /load: got the loss 'squares', a function of the user's own, expected the function, { customLosses: { "squares": … } }; without it, { compile: false }/,
    );
    await expect(Sequential.fromBytes(bytes, { customLosses: { squares } })).rejects.toThrow(
      /the metric 'highest'.*customMetrics: { "highest"/,
    );
    const bare = await Sequential.fromBytes(bytes, { compile: false });
    expect([...bare.predict(x).dataSync()]).toEqual(predicted);
    expect(() => bare.trainOnBatch(x, y)).toThrow(/not compiled/);
  });

  test("has optimizers of the user's own where their makers are given", async () => {
    const halved = ({ learningRate = 0.1 }: { learningRate?: number }): Optimizer => ({
      ...sgd({ learningRate }),
      type: "halved",
    });
    const model = network();
    const optimizer = accumulateGradients(halved({ learningRate: 0.2 }), { steps: 2 });
    model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
    model.trainOnBatch(x, y);
    const bytes = await model.toBytes();
    const loaded = await Sequential.fromBytes(bytes, { customOptimizers: { halved } });
    expect(loaded.learningRate).toBe(0.2);
    for (let i = 0; i < 3; i++) expect(loaded.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
    await expect(Sequential.fromBytes(bytes)).rejects.toThrow(/optimizer: got 'halved'/);
    await expect(Sequential.fromBytes(bytes, { compile: false })).resolves.toBeInstanceOf(Sequential);
  });

  test("keeps the options of its loss", async () => {
    const model = network();
    model.compile({
      optimizer: "adam",
      loss: lossWith(sparseCategoricalCrossentropy, { labelSmoothing: 0.2 }),
    });
    model.trainOnBatch(x, y);
    const loaded = await Sequential.fromBytes(await model.toBytes());
    expect(loaded.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
    const plain = network();
    plain.setWeights(model.getWeights());
    expect(loaded.testOnBatch(x, y).loss).not.toBe(plain.testOnBatch(x, y).loss);
  });

  test("has layers of the user's own where their makers are given", async () => {
    const twice = (): Layer => ({
      type: "twice",
      config: {},
      init: (_, [shape]) => ({ params: {}, state: {}, outputShapes: [shape] }),
      apply: ({ state }, [input]) => ({ outputs: [mul(input, 2)], state }),
    });
    const model = new Sequential({ layers: [dense({ units: 2, inputShape: [3] }), twice()] });
    const bytes = await model.toBytes();
    const loaded = await Sequential.fromBytes(bytes, { customLayers: { twice } });
    expect(loaded.predict([[1, 2, 3]]).dataSync()).toEqual(model.predict([[1, 2, 3]]).dataSync());
    await expect(Sequential.fromBytes(bytes)).rejects.toThrow(/layer type: got 'twice'/);
  });
});

describe("load refuses", () => {
  const described = (change: (model: Record<string, unknown>) => Record<string, unknown>) =>
    forged({
      metadata: ({ model, ...rest }) => ({ ...rest, model: JSON.stringify(change(JSON.parse(model))) }),
    });

  test.each<[string, () => Promise<Uint8Array>, RegExp]>([
    ["bytes of no format", async () => new Uint8Array(3), /got 3 bytes/],
    [
      "a file without a model",
      () => encodeSafetensors({ a: tensor(1) }),
      /without a description of the model/,
    ],
    [
      "a newer format",
      () => forged({ metadata: (metadata) => ({ ...metadata, formatVersion: "2" }) }),
      /format version 2, expected at most 1; the file is of a newer Neurite/,
    ],
    [
      "a missing tensor",
      () =>
        forged({
          tensors: ({ "output.biases": _, ...rest }) => rest,
        }),
      /no tensor 'output.biases', expected one of shape \[3\]/,
    ],
    [
      "a tensor of another shape",
      () => forged({ tensors: (tensors) => ({ ...tensors, "output.biases": zeros([4]) }) }),
      /'output.biases' of shape \[4\], expected shape \[3\]/,
    ],
    [
      "a tensor too many",
      () => forged({ tensors: (tensors) => ({ ...tensors, "output.bias": zeros([3]) }) }),
      /'output.bias'.*did you mean 'output.biases'/,
    ],
    ["no JSON", () => forged({ metadata: (metadata) => ({ ...metadata, model: "{" }) }), /no JSON/],
    ["no layers", () => described(({ layers, ...rest }) => rest), /no list of layers/],
    ["an unknown dtype", () => described((model) => ({ ...model, dtype: "f16" })), /no dtype/],
    [
      "an unknown loss",
      () =>
        described((model) => ({
          ...model,
          compiled: { goals: [{ output: "output", loss: "l", weight: 1, metrics: [] }] },
        })),
      /the loss "l"/,
    ],
    [
      "an unknown metric",
      () =>
        described((model) => ({
          ...model,
          compiled: { goals: [{ output: "output", loss: "huber", weight: 1, metrics: ["m"] }] },
        })),
      /the metric "m"/,
    ],
    ["no goals", () => described((model) => ({ ...model, compiled: { loss: "l" } })), /no list of goals/],
    [
      "no paths of what is frozen",
      () => described((model) => ({ ...model, frozen: [1] })),
      /no paths at 'frozen'/,
    ],
    [
      "another layer in the place of a graph",
      () => described((model) => ({ ...model, graph: { type: "flatten", config: {} } })),
      /a layer 'flatten' in the place of a graph/,
    ],
    [
      "layers that do not fit",
      () => described((model) => ({ ...model, inputShape: [4, 4, 1] })),
      /\[4, 4, 1\], expected \[6, 6, 1\].*'edges'/,
    ],
  ])("%s", async (_, make, message) => {
    const bytes = await make();
    await expect(Sequential.fromBytes(bytes)).rejects.toThrow(NeuriteError);
    await expect(Sequential.fromBytes(bytes)).rejects.toThrow(message);
  });

  test("a path where there is no file", async () => {
    await expect(Sequential.load(join(folder, "none.safetensors"))).rejects.toThrow(/none.safetensors/);
  });
});
