import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  allInDtype,
  expectAll,
  inDtype,
  load,
  loadAll,
  pathsOf,
  precisions,
  type Stored,
} from "../../test/layer-trees.ts";
import { expectStored } from "../../test/oracle.ts";
import {
  getDevice,
  grad,
  jit,
  mul,
  ones,
  random,
  setDevice,
  sum,
  type Tensor,
  tensor,
  vmap,
  withMarks,
  zeros,
} from "../tensor/index.ts";
import {
  activation,
  avgPool2d,
  conv1d,
  conv2d,
  dense,
  describeLayer,
  dropout,
  flatten,
  initializers,
  type Json,
  type Layer,
  layerFromConfig,
  maxPool2d,
  type NamedTensorTree,
  stack,
  timeDistributed,
} from "./index.ts";

interface LayerCase {
  readonly layer: { readonly config: { readonly layers: readonly Json[] } } & {
    readonly [key: string]: Json;
  };
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly y: Stored;
  readonly cotangent: Stored;
  readonly gradients: Readonly<Record<string, Stored>>;
}

const fixture = new URL("../../test/fixtures/layers.json", import.meta.url);
const { layers: cases }: { layers: LayerCase[] } = JSON.parse(readFileSync(fixture, "utf8"));
const named = cases.map((one, i): [string, LayerCase] => [
  `${i} ${JSON.stringify(one.layer.config.layers)}`,
  one,
]);

describe.each(precisions)("in %s", (dtype, tolerance) => {
  test.each(named)("case %s: output and gradients as PyTorch, shapes as announced", (_, one) => {
    const layer = layerFromConfig(one.layer);
    const { x: input, ...others } = one.inputs;
    const x = load(input, dtype);
    const params = loadAll(others, dtype);
    const cotangent = load(one.cotangent, dtype);
    const { outputShapes, params: initial } = layer.init(random.key(0), [x.shape.slice(1)], dtype);
    expect(outputShapes).toEqual([one.y.shape.slice(1)]);
    expect(shapesOf(initial)).toEqual(shapesOf(params));
    const output = (params: NamedTensorTree, x: Tensor): Tensor =>
      layer.apply({ params, state: {} }, [x]).outputs[0];
    expectStored(jit(output)(params, x), inDtype(one.y, dtype), tolerance);
    const loss = (params: NamedTensorTree, x: Tensor): Tensor => sum(mul(output(params, x), cotangent));
    const [ofParams, ofX] = jit(grad(loss, [0, 1]))(params, x);
    expectAll({ ...pathsOf(ofParams), x: ofX }, allInDtype(one.gradients, dtype), tolerance);
  });
});

function shapesOf(tree: NamedTensorTree): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(pathsOf(tree)).map(([path, { shape }]) => [path, shape]));
}

const nothing = { params: {}, state: {} };

test.each<[string, Layer]>([
  ["dense", dense({ units: 3, name: "hidden", inputShape: [4] })],
  [
    "dense with options",
    dense({ units: 3, activation: "gelu", useBias: false, kernelInitializer: "heNormal" }),
  ],
  [
    "dense with an initializer",
    dense({
      units: 3,
      kernelInitializer: initializers.truncatedNormal({ std: 0.2 }),
      biasInitializer: "normal",
    }),
  ],
  [
    "conv2d",
    conv2d({
      filters: 4,
      kernelSize: [3, 2],
      strides: 2,
      padding: "same",
      dilationRate: 2,
      groups: 2,
      name: "c",
    }),
  ],
  ["maxPool2d", maxPool2d()],
  ["avgPool2d", avgPool2d({ poolSize: 3, strides: [1, 2], padding: "same" })],
  ["flatten", flatten({ inputShape: [2, 3, 4] })],
  ["dropout", dropout({ rate: 0.25 })],
  ["activation", activation("tanh", { name: "squash" })],
  ["stack", stack([dense({ units: 3 }), stack([flatten()], { name: "inner" })], { inputShape: [2, 2] })],
])("%s is the same after a round trip through JSON", (_, layer) => {
  const json: Json = JSON.parse(JSON.stringify(describeLayer(layer)));
  const again = layerFromConfig(json);
  expect(describeLayer(again)).toEqual(describeLayer(layer));
  expect(again.inputShape).toEqual(layer.inputShape);
  expect(again.name).toBe(layer.name);
});

test("layers of a user's own are read by their makers", () => {
  const double = (name?: string): Layer => ({
    type: "double",
    ...(name !== undefined && { name }),
    config: {},
    init: (_, inputShapes) => ({ params: {}, state: {}, outputShapes: inputShapes }),
    apply: (_, [x]) => ({ outputs: [mul(x, 2)], state: {} }),
  });
  const network = stack([double("twice"), stack([double()])]);
  const custom = {
    double: ({ name }: { readonly name?: Json }) => double(name === undefined ? name : String(name)),
  };
  const again = layerFromConfig(describeLayer(network), custom);
  expect(again.apply(nothing, [tensor([1, 2])]).outputs[0].toArray()).toEqual([4, 8]);
  expect(describeLayer(again)).toEqual(describeLayer(network));
});

test("layers with weights mark z and a, activations too", () => {
  const network = stack([
    dense({ units: 1, activation: "relu", kernelInitializer: "ones", name: "hidden" }),
    activation("sigmoid"),
  ]);
  const { params, state } = network.init(random.key(0), [[2]], "f32");
  const { marks } = withMarks((x: Tensor) => network.apply({ params, state }, [x]).outputs[0])(
    tensor([[1, -3]]),
  );
  expect(Object.entries(marks).map(([name, value]) => [name, value.toArray()])).toEqual([
    ["hidden/z", [[-2]]],
    ["hidden/a", [[0]]],
    ["activation/z", [[0]]],
    ["activation/a", [[0.5]]],
  ]);
});

test("a sigmoid or softmax at the end gives logits beside its outputs", () => {
  const key = random.key(3);
  const x = random.normal(random.key(1), [5, 4]);
  const images = random.normal(random.key(1), [2, 4, 4, 1]);
  const hidden = dense({ units: 3, activation: "relu" });
  for (const [layer, input, name] of [
    [dense({ units: 2, activation: "softmax" }), x, "softmax"],
    [conv2d({ filters: 2, kernelSize: 2, activation: "sigmoid" }), images, "sigmoid"],
    [stack([hidden, dense({ units: 2, activation: "sigmoid" })]), x, "sigmoid"],
    [stack([hidden, dense({ units: 2 }), activation("softmax")], { name: "classifier" }), x, "softmax"],
    [
      timeDistributed(dense({ units: 2, activation: "softmax" })),
      random.normal(random.key(1), [2, 3, 4]),
      "softmax",
    ],
  ] as const) {
    const { params, state } = layer.init(key, [input.shape.slice(1)], "f32");
    const { outputs, logits } = layer.apply({ params, state }, [input]);
    const z = logits?.[0]?.[name];
    if (z === undefined) expect.fail("there are no logits");
    expect(Object.keys(logits?.[0] ?? {})).toEqual([name]);
    const [ending] = activation(name).apply(nothing, [z]).outputs;
    expect(ending.shape).toEqual(outputs[0].shape);
    expect(ending.dataSync()).toEqual(outputs[0].dataSync());
    expect(Math.max(...z.dataSync())).not.toBe(Math.max(...ending.dataSync()));
  }
  for (const name of ["linear", "relu", "logSoftmax"] as const) {
    expect(activation(name).apply(nothing, [x]).logits).toBeUndefined();
    expect(stack([activation(name)]).apply(nothing, [x]).logits).toBeUndefined();
  }
  expect(stack([activation("sigmoid"), flatten()]).apply(nothing, [x]).logits).toBeUndefined();
});

test("dropout keeps the mean in training, drops by key, and does nothing otherwise", () => {
  const x = ones([100, 100]);
  const layer = dropout({ rate: 0.25 });
  const drop = (seed: number): number[] => [
    ...layer.apply(nothing, [x], { training: true, key: random.key(seed) }).outputs[0].dataSync(),
  ];
  const values = drop(0);
  expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  const dropped = values.filter((value) => value === 0).length / values.length;
  // Four standard deviations of the share: √(0.25 · 0.75 / 10⁴) = 0.0043.
  expect(Math.abs(dropped - 0.25)).toBeLessThan(0.0174);
  expect(drop(0)).toEqual(values);
  expect(drop(1)).not.toEqual(values);
  expect(layer.apply(nothing, [x]).outputs[0]).toBe(x);
  expect(layer.apply(nothing, [x], { key: random.key(0) }).outputs[0]).toBe(x);
  expect(dropout({ rate: 0 }).apply(nothing, [x], { training: true }).outputs[0]).toBe(x);
});

test("layers work per example under vmap, in f64, and on an empty batch", () => {
  const layer = dense({ units: 2, activation: "tanh" });
  const { params, state } = layer.init(random.key(0), [[3]], "f64");
  const x = random.normal(random.key(1), [4, 3], { dtype: "f64" });
  const [whole] = layer.apply({ params, state }, [x]).outputs;
  expect(whole.dtype).toBe("f64");
  const each = vmap((row: Tensor) => layer.apply({ params, state }, [row]).outputs[0])(x);
  for (const [i, value] of each.dataSync().entries()) expect(value).toBeCloseTo(whole.dataSync()[i], 14);
  const none = layer.apply({ params, state }, [zeros([0, 3], "f64")]).outputs[0];
  expect(none.shape).toEqual([0, 2]);
});

test("layers begin the same on every device", () => {
  const network = stack([
    conv2d({ filters: 3, kernelSize: 3, kernelInitializer: "heUniform" }),
    flatten(),
    dense({ units: 5 }),
  ]);
  const weights = (): number[] => {
    const { params } = network.init(random.key(7), [[5, 5, 2]], "f32");
    return Object.values(pathsOf(params)).flatMap((value) => [...value.dataSync()]);
  };
  const device = getDevice();
  const compiled = weights();
  setDevice("reference");
  try {
    expect(weights()).toEqual(compiled);
  } finally {
    setDevice(device);
  }
  expect(new Set(compiled).size).toBeGreaterThan(100);
});

test("a convolution with causal padding sees no later input", () => {
  const layer = conv1d({ filters: 1, kernelSize: 3, padding: "causal", dilationRate: 2 });
  const variables = layer.init(random.key(0), [[8, 1]], "f32");
  const outputs = (last: number): number[] => [
    ...layer
      .apply(variables, [tensor([1, 2, 3, 4, 5, 6, 7, last], { shape: [1, 8, 1] })])
      .outputs[0].dataSync(),
  ];
  expect(outputs(8).slice(0, 7)).toEqual(outputs(-50).slice(0, 7));
  expect(outputs(8)[7]).not.toBe(outputs(-50)[7]);
});

test("activations that step are steps, with the gradient they are told", () => {
  const [a] = activation("threshold").apply({ params: {}, state: {} }, [tensor([[-1, 0, 2]])]).outputs;
  expect(a.toArray()).toEqual([[0, 0, 1]]);
});
