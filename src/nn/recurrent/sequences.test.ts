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
  type StoredTensors,
} from "../../../test/layer-trees.ts";
import { expectStored } from "../../../test/oracle.ts";
import { isFloat } from "../../base/dtype.ts";
import { add, cast, grad, jit, mul, random, sum, Tensor, tensor } from "../../tensor/index.ts";
import {
  bidirectional,
  type GruOptions,
  gatedFeedbackRnn,
  gru,
  type Json,
  layerFromConfig,
  lstm,
  masking,
  multiHeadAttention,
  type NamedTensorTree,
  positionalEmbedding,
  simpleRnn,
  timeDistributed,
  transformerBlock,
} from "../index.ts";

interface SequenceCase {
  readonly layer: { readonly type: string; readonly config: { readonly [option: string]: Json } };
  readonly params: StoredTensors;
  readonly inputs: readonly Stored[];
  readonly masks?: readonly (readonly (readonly number[])[] | null)[];
  readonly outputs: readonly Stored[];
  readonly cotangents: readonly Stored[];
  readonly gradients: { readonly params: StoredTensors; readonly inputs: readonly Stored[] };
}

const fixture = new URL("../../../test/fixtures/sequences.json", import.meta.url);
const cases: SequenceCase[] = JSON.parse(readFileSync(fixture, "utf8"));
const named = cases.map((one, i): [string, SequenceCase] => [
  `${i} ${one.layer.type} ${JSON.stringify(one.layer.config)}${one.masks ? " with masks" : ""}`,
  one,
]);

describe.each(precisions)("in %s", (dtype, tolerance) => {
  test.each(named)("case %s: outputs and gradients as PyTorch", (_, one) => {
    const layer = layerFromConfig(one.layer);
    const inputs = one.inputs.map((input) => load(input, dtype));
    const masks = one.masks?.map((mask) => (mask === null ? undefined : cast(tensor([...mask]), "bool")));
    const params = loadAll(one.params, dtype);
    const cotangents = one.cotangents.map((cotangent) => load(cotangent, dtype));

    const made = layer.init(
      random.key(0),
      inputs.map(({ shape }) => shape.slice(1)),
      dtype,
    );
    expect(made.outputShapes).toEqual(one.outputs.map(({ shape }) => shape.slice(1)));
    const shapesOf = (tree: NamedTensorTree): object =>
      Object.fromEntries(Object.entries(pathsOf(tree)).map(([path, { shape }]) => [path, shape]));
    expect(shapesOf(made.params)).toEqual(shapesOf(params));

    const apply = (params: NamedTensorTree, inputs: readonly Tensor[]): readonly Tensor[] =>
      layer.apply({ params, state: {} }, inputs, masks && { masks }).outputs;
    const outputs = jit(apply)(params, inputs);
    for (const [i, output] of outputs.entries())
      expectStored(output, inDtype(one.outputs[i], dtype), tolerance);

    const loss = (params: NamedTensorTree, floats: readonly Tensor[]): Tensor => {
      const rest = floats.values();
      const all = inputs.map((x) => (isFloat(x.dtype) ? (rest.next().value ?? x) : x));
      return apply(params, all)
        .map((y, i) => sum(mul(y, cotangents[i])))
        .reduce(add);
    };
    const floats = inputs.filter((x) => isFloat(x.dtype));
    const [ofParams, ofInputs] = jit(grad(loss, [0, 1]))(params, floats);
    expectAll(pathsOf(ofParams), allInDtype(one.gradients.params, dtype), tolerance);
    for (const [i, gradient] of ofInputs.entries()) {
      expectStored(gradient, inDtype(one.gradients.inputs[i], dtype), tolerance);
    }
  });
});

const key = random.key(1);

function numbers(x: Tensor): number[] {
  return [...x.dataSync()];
}

test("the forget gate of an LSTM begins open, unless it is told otherwise", () => {
  const biasesOf = (options: { readonly unitForgetBias?: boolean }): number[] => {
    const { biases } = lstm({ units: 2, ...options }).init(key, [[3, 1]], "f32").params;
    return biases instanceof Tensor ? numbers(biases) : [];
  };
  expect(biasesOf({})).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  expect(biasesOf({ unitForgetBias: false })).toEqual(new Array(8).fill(0));
});

test("dropout of inputs and states is the same at every step, and in training only", () => {
  const x = random.normal(random.key(2), [1, 6, 4]);
  const run = (options: Partial<GruOptions>, training: boolean): number[] => {
    const layer = gru({ units: 3, returnSequences: true, ...options });
    const variables = layer.init(key, [[6, 4]], "f32");
    return numbers(layer.apply(variables, [x], training ? { training, key } : {}).outputs[0]);
  };
  const plain = run({}, false);
  for (const options of [{ dropout: 0.5 }, { recurrentDropout: 0.5 }]) {
    expect(run(options, false)).toEqual(plain);
    expect(run(options, true)).not.toEqual(plain);
    expect(run(options, true)).toEqual(run(options, true));
  }
  // A network that passes its input on, h = x W with W = 1 and U = 0, shows which features were dropped.
  const copying = simpleRnn({ units: 1, activation: "linear", dropout: 0.5, returnSequences: true });
  const weights = tensor([[1], [10], [100], [1000]]);
  const params = { weights, recurrentWeights: tensor([[0]]), biases: tensor([0]) };
  const ones = tensor([new Array(6).fill([1, 1, 1, 1])]);
  const [steps] = copying.apply({ params, state: {} }, [ones], { training: true, key }).outputs;
  expect(new Set(numbers(steps)).size).toBe(1);
  expect(String(numbers(steps)[0])).toMatch(/^[02]{1,4}$/);
});

test("a causal attention does not look ahead", () => {
  const layer = multiHeadAttention({ numHeads: 2, causal: true });
  const variables = layer.init(key, [[4, 6]], "f64");
  const x = random.normal(random.key(3), [1, 4, 6], { dtype: "f64" });
  const changed = add(x, cast(tensor([[[0], [0], [0], [5]]]), "f64"));
  const [before, after] = [x, changed].map((input) => numbers(layer.apply(variables, [input]).outputs[0]));
  expect(after.slice(0, 18)).toEqual(before.slice(0, 18));
  expect(after.slice(18)).not.toEqual(before.slice(18));
});

test("what a mask leaves out may be anything, wherever it stands", () => {
  const x = random.normal(random.key(4), [2, 4, 3], { dtype: "f64" });
  const mask = cast(
    tensor([
      [1, 0, 1, 0],
      [1, 1, 0, 0],
    ]),
    "bool",
  );
  const other = add(
    x,
    mul(
      cast(
        tensor([
          [[0], [1], [0], [1]],
          [[0], [0], [1], [1]],
        ]),
        "f64",
      ),
      7,
    ),
  );
  for (const layer of [
    lstm({ units: 2 }),
    gru({ units: 2, goBackwards: true }),
    bidirectional(simpleRnn({ units: 2 })),
    gatedFeedbackRnn({ units: [2, 2], cell: "lstm" }),
  ]) {
    const variables = layer.init(key, [[4, 3]], "f64");
    const run = (input: Tensor): number[] =>
      numbers(layer.apply(variables, [input], { masks: [mask] }).outputs[0]);
    expect(run(other)).toEqual(run(x));
  }
});

test.each<[string, () => unknown, RegExp]>([
  [
    "a row of numbers",
    () => lstm({ units: 2 }).init(key, [[5]], "f32"),
    /lstm: got an input of shape \[5\], expected sequences \[steps, features\].*reshape/,
  ],
  ["images", () => gru({ units: 2 }).init(key, [[5, 4, 3]], "f32"), /gru: got an input of shape \[5, 4, 3\]/],
  [
    "a state too few",
    () => lstm({ units: 2 }).init(key, [[5, 3], [2]], "f32"),
    /initial states of shape \[2\], expected \[2\] and \[2\]/,
  ],
  [
    "a state of another size",
    () => gru({ units: 2 }).init(key, [[5, 3], [3]], "f32"),
    /initial states of shape \[3\], expected \[2\]/,
  ],
  [
    "no units",
    () => layerFromConfig({ type: "lstm", config: {} }),
    /lstm: got units: nothing, expected a positive integer/,
  ],
  [
    "an unknown option",
    () => layerFromConfig({ type: "gru", config: { units: 1, resetafter: true } }),
    /'resetafter'.*did you mean 'resetAfter'/,
  ],
  [
    "a rate out of range",
    () => lstm({ units: 1, recurrentDropout: 1 }),
    /recurrentDropout: 1, expected a number from 0 to below 1/,
  ],
  [
    "training with dropout without a key",
    () => {
      const layer = lstm({ units: 1, dropout: 0.5 });
      layer.apply(layer.init(key, [[2, 1]], "f32"), [tensor([[[1], [2]]])], { training: true });
    },
    /lstm: got no key/,
  ],
  [
    "two directions that are one",
    () => bidirectional(lstm({ units: 1, goBackwards: true })),
    /bidirectional: got lstm with goBackwards/,
  ],
  [
    "an unknown merge",
    () =>
      layerFromConfig({
        type: "bidirectional",
        config: { layer: { type: "lstm", config: { units: 1 } }, mergeMode: "sum" },
      }),
    /mergeMode: got 'sum'/,
  ],
  [
    "no levels",
    () => gatedFeedbackRnn({ units: [] }),
    /units: \[\], expected a positive integer for each level/,
  ],
  [
    "an unknown cell",
    () => gatedFeedbackRnn({ units: [2], cell: JSON.parse('"grue"') }),
    /gatedFeedbackRnn: cell: got 'grue', expected one of 'simple', 'lstm', 'gru'; did you mean 'gru'/,
  ],
  ["nothing to mask", () => masking().init(key, [[5]], "f32"), /masking: got an input of shape \[5\]/],
  [
    "steps of different numbers",
    () =>
      timeDistributed(lstm({ units: 1 })).init(
        key,
        [
          [5, 3, 2],
          [4, 1],
        ],
        "f32",
      ),
    /equal numbers of steps/,
  ],
  [
    "features that heads do not divide",
    () => multiHeadAttention({ numHeads: 2 }).init(key, [[4, 3]], "f32"),
    /got 3 features for 2 heads.*keyDim/,
  ],
  [
    "values without their keys",
    () =>
      multiHeadAttention({ numHeads: 1 }).init(
        key,
        [
          [4, 3],
          [5, 3],
          [4, 3],
        ],
        "f32",
      ),
    /queries, values and keys/,
  ],
  [
    "a block without steps",
    () => transformerBlock({ numHeads: 1, units: 2 }).init(key, [[4]], "f32"),
    /expected one input \[steps, features\]/,
  ],
  [
    "positions without steps",
    () => positionalEmbedding().init(key, [[4]], "f32"),
    /positionalEmbedding: got an input of shape \[4\]/,
  ],
])("refuses %s", (_, wrong, message) => {
  expect(wrong).toThrow(message);
});
