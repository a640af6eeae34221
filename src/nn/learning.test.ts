// What every layer does in a model: it learns, is listed by the summary, and comes back from a file as it was.
import { expect, test } from "vitest";
import { type Sample, samples } from "../../test/layer-samples.ts";
import { random, type Tensor, tensor } from "../tensor/index.ts";
import { Model } from "../train/index.ts";
import { connect, dense, flatten, input } from "./index.ts";

const examples = 6;
const key: Tensor = random.key(4);

/** A model with the layer at its beginning, and a dense layer after its first output. */
function modelOf({ layer, inputs }: Sample): Model {
  const ends = inputs.map((shape, i) => input({ shape, name: `input${i}` }));
  const first = connect(ends, { ...layer, name: "sample" });
  const output = connect([first], flatten(), dense({ units: 1, name: "head" }));
  const model = new Model({ inputs: ends, outputs: output, seed: 3 });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  model.learningRate = 0.03;
  return model;
}

function dataOf({ inputs, ids }: Sample): Record<string, Tensor> {
  const columns = inputs.map((shape, i): [string, Tensor] => {
    const keyOfInput = random.foldIn(key, i);
    const rows = [examples, ...shape];
    const column =
      ids === undefined ? random.normal(keyOfInput, rows) : random.randint(keyOfInput, rows, 0, ids);
    return [`input${i}`, column];
  });
  return Object.fromEntries(columns);
}

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

test.each(Object.entries(samples).map(([name, given]): [string, Sample] => [name, [given].flat()[0]]))(
  "%s: training reduces the loss; summary, weights and file",
  async (_, sample) => {
    const model = modelOf(sample);
    const x = dataOf(sample);
    const y = tensor(Array.from({ length: examples }, (_, i) => [i % 2 === 0 ? 1.5 : 0.5]));
    const before = model.getWeights();
    const losses = Array.from({ length: 40 }, () => model.trainOnBatch(x, y).loss);
    // Means, because random layers make the loss of a step random.
    expect(mean(losses.slice(-5))).toBeLessThan(0.9 * mean(losses.slice(0, 5)));

    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    const row = lines.find((line) => line.startsWith(`sample (${sample.layer.type})`)) ?? "";
    const { outputShapes } = sample.layer.init(key, sample.inputs, "f32");
    for (const shape of outputShapes) expect(row).toContain(`[${["batch", ...shape].join(", ")}]`);
    const after = model.getWeights();
    const paths = Object.keys(before).filter((path) => path.startsWith("sample."));
    const textOf = (weights: Tensor): string => weights.dataSync().join();
    const moved = paths.filter((path) => textOf(after[path]) !== textOf(before[path]));
    expect(moved.length > 0).toBe(paths.length > 0);
    expect(/\] +0 /.test(row)).toBe(paths.length === 0);

    const again = await Model.fromBytes(await model.toBytes());
    expect([...again.predict(x).dataSync()]).toEqual([...model.predict(x).dataSync()]);
    expect(again.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
    expect(await again.toBytes()).toEqual(await model.toBytes());
  },
);
