import { expect, test } from "vitest";
import {
  checkGradients,
  full,
  mean,
  mul,
  NeuriteError,
  random,
  relu,
  sum,
  Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { Model, Sequential } from "../train/index.ts";
import { connect, customLayer, dense, describeLayer, input, type Layer } from "./index.ts";

interface GainOptions {
  readonly start?: number;
  readonly name?: string;
  readonly inputShape?: readonly number[];
}

/** x · gain, with one gain for each feature. */
function gains(options: GainOptions = {}): Layer {
  return customLayer("gains", options, {
    params: (_, shape, dtype) => ({ weights: full(shape, options.start ?? 1, dtype) }),
    output: (x, { weights }) => mul(x, weights),
  });
}

/** The mean over all but the batch; without parameters. */
const average = (): Layer =>
  customLayer("average of all", {}, { output: (x) => mean(x, { axis: [1, 2], keepDims: true }) });

test("shapes follow from the output, in both dtypes", () => {
  for (const dtype of ["f32", "f64"] as const) {
    const { params, state, outputShapes } = gains({ start: 2 }).init(random.key(0), [[3]], dtype);
    expect([Object.keys(params), state, outputShapes]).toEqual([["weights"], {}, [[3]]]);
    const { weights } = params;
    if (!(weights instanceof Tensor)) expect.fail("no weights");
    expect([weights.dtype, weights.toArray()]).toEqual([dtype, [2, 2, 2]]);
    expect(average().init(random.key(0), [[4, 5]], dtype).outputShapes).toEqual([[1, 1]]);
  }
  const layer = gains({ start: 2, name: "g", inputShape: [3] });
  expect(describeLayer(layer)).toEqual({ type: "gains", name: "g", config: { start: 2, inputShape: [3] } });
  const variables = layer.init(random.key(0), [[2]], "f64");
  checkGradients((x) => sum(layer.apply(variables, [x]).outputs[0]), [tensor([[1, 2]])]);
});

test("what it does in training is its own", () => {
  const noisy = customLayer("noisy", {}, { output: (x, _, { training }) => (training ? relu(x) : x) });
  const given = [tensor([[-1, 2]])];
  const outputs = (training: boolean) =>
    noisy.apply({ params: {}, state: {} }, given, { training }).outputs[0];
  expect([outputs(false).toArray(), outputs(true).toArray()]).toEqual([[[-1, 2]], [[0, 2]]]);
});

test("learns, is summarised, observed, saved and loaded with its options and its name", async () => {
  const model = new Sequential({
    layers: [gains({ start: 3, inputShape: [2] }), gains({ name: "second" }), dense({ units: 1 })],
  });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const [x, y] = [[[1, 2], [3, -1]], [[1], [2]]]; // biome-ignore format: two matrices
  const first = model.trainOnBatch(x, y).loss;
  for (let i = 0; i < 20; i++) model.trainOnBatch(x, y);
  expect(model.testOnBatch(x, y).loss).toBeLessThan(first);
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  expect(lines[2]).toMatch(/^second \(gains\) +\[batch, 2\] +2 /);
  expect(Object.keys(model.observe(x, y).marks)).toContain("second/a");
  const bytes = await model.toBytes();
  const again = await Sequential.fromBytes(bytes, { customLayers: { gains } });
  expect([...again.predict(x).dataSync()]).toEqual([...model.predict(x).dataSync()]);
  expect(again.layers.map(({ name }) => name)).toEqual([undefined, "second", undefined]);
  expect(again.layers[0].config).toEqual({ start: 3, inputShape: [2] });
  await expect(Sequential.fromBytes(bytes)).rejects.toThrow(/layer type: got 'gains'/);
});

test("a maker that knows nothing of names gets the name of the file", async () => {
  const plain = (): Layer => customLayer("plain", {}, { output: (x) => mul(x, 2) });
  const x = input({ shape: [2] });
  const model = new Model({ inputs: x, outputs: connect(x, { ...plain(), name: "twice" }) });
  const again = await Model.fromBytes(await model.toBytes(), { customLayers: { plain } });
  expect(again.layers.map(({ name }) => name)).toEqual(["twice"]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "options that no file can hold",
    () => customLayer("own", { f: () => 1 }, { output: (x) => x }),
    /own: got the option 'f', which no file can hold, expected numbers, texts/,
  ],
  ["a wrong inputShape", () => gains({ inputShape: [0] }), /gains: got inputShape: \[0\]/],
  [
    "several inputs",
    () => gains().init(random.key(0), [[2], [2]], "f32"),
    /gains: got 2 inputs, expected one/,
  ],
  [
    "parameters of another layer",
    () => gains().apply({ params: { weights: { inner: zeros([2]) } }, state: {} }, [zeros([1, 2])]),
    /gains: got parameters within parameters/,
  ],
])("refuses %s", (_, act, message) => {
  expect(act).toThrow(NeuriteError);
  expect(act).toThrow(message);
});
