import { describe, expect, test } from "vitest";
import { add, grad, random, sum, Tensor, tensor, zeros } from "../../tensor/index.ts";
import {
  connect,
  dense,
  describeLayer,
  dropout,
  embedding,
  type Graph,
  graph,
  input,
  type Json,
  type Layer,
  layerFromConfig,
  lstm,
  masking,
  merge,
  type NamedTensorTree,
  stack,
} from "../index.ts";

const key = random.key(3);

function numbers(x: Tensor): number[] {
  return [...x.dataSync()];
}

function treeAt(tree: NamedTensorTree, name: string): NamedTensorTree {
  const part = tree[name];
  if (part instanceof Tensor) throw new Error(`${name} is a tensor`);
  return part;
}

/** Two towers of one layer, and a third input beside them. */
function towers(): Graph {
  const [left, right, price] = [
    input({ shape: [3], name: "left" }),
    input({ shape: [3], name: "right" }),
    input({ shape: [2] }),
  ];
  const tower = dense({ units: 4, activation: "tanh", name: "tower" });
  const joined = connect([connect(left, tower), connect(right, tower), price], merge.concatenate());
  const score = connect(joined, dense({ units: 1, name: "score" }));
  return graph({ inputs: [left, right, price], outputs: [score, joined] });
}

describe("a graph", () => {
  test("has the names, shapes and parameters of its layers, each once", () => {
    const twins = towers();
    expect(twins.inputNames).toEqual(["left", "right", "input"]);
    expect(twins.outputNames).toEqual(["score", "concatenate"]);
    expect(twins.names).toEqual(["tower", "concatenate", "score"]);
    const { params, outputShapes } = twins.init(key, [[3], [3], [2]], "f32");
    expect(outputShapes).toEqual([[1], [10]]);
    expect(Object.keys(params)).toEqual(["tower", "score"]);
  });

  test("computes what its layers compute", () => {
    const twins = towers();
    const variables = twins.init(key, [[3], [3], [2]], "f64");
    const inputs = [3, 3, 2].map((extent, i) =>
      random.normal(random.foldIn(key, i), [5, extent], { dtype: "f64" }),
    );
    const [score, joined] = twins.apply(variables, inputs).outputs;
    const tower = dense({ units: 4, activation: "tanh" });
    const of = (x: Tensor): Tensor =>
      tower.apply({ params: treeAt(variables.params, "tower"), state: {} }, [x]).outputs[0];
    const [wanted] = merge
      .concatenate()
      .apply({ params: {}, state: {} }, [of(inputs[0]), of(inputs[1]), inputs[2]]).outputs;
    expect(numbers(joined)).toEqual(numbers(wanted));
    const head = dense({ units: 1 }).apply({ params: treeAt(variables.params, "score"), state: {} }, [
      wanted,
    ]);
    expect(numbers(score)).toEqual(numbers(head.outputs[0]));
  });

  test("sums the gradients of a shared layer over its uses", () => {
    const x = input({ shape: [2] });
    const shared = dense({ units: 2, name: "shared" });
    const twice = graph({ inputs: x, outputs: connect(x, shared, shared) });
    const W = tensor([
      [1, 2],
      [3, 4],
    ]);
    const b = tensor([0.5, -0.5]);
    const [data] = [tensor([[1, -1]])];
    const viaGraph = grad((params: NamedTensorTree) =>
      sum(twice.apply({ params, state: {} }, [data]).outputs[0]),
    )({
      shared: { weights: W, biases: b },
    });
    const twiceByHand = (first: Tensor, second: Tensor): Tensor => {
      const apply = (weights: Tensor, value: Tensor): Tensor =>
        shared.apply({ params: { weights, biases: b }, state: {} }, [value]).outputs[0];
      return sum(apply(second, apply(first, data)));
    };
    const [ofFirst, ofSecond] = grad(twiceByHand, [0, 1])(W, W);
    const got = treeAt(viaGraph, "shared").weights;
    if (!(got instanceof Tensor)) throw new Error("no gradient");
    expect(numbers(got)).toEqual(numbers(add(ofFirst, ofSecond)));
  });

  test("takes all outputs of a layer, and initial states", () => {
    const question = input({ shape: [4, 3] });
    const [, h, c] = connect(question, lstm({ units: 5, returnState: true })).outputs;
    const answer = input({ shape: [6, 2] });
    const decoded = connect([answer, h, c], lstm({ units: 5, returnSequences: true }));
    const translator = graph({ inputs: [question, answer], outputs: decoded });
    expect(decoded.shape).toEqual([6, 5]);
    const variables = translator.init(
      key,
      [
        [4, 3],
        [6, 2],
      ],
      "f32",
    );
    expect(translator.apply(variables, [zeros([2, 4, 3]), zeros([2, 6, 2])]).outputs[0].shape).toEqual([
      2, 6, 5,
    ]);
  });

  test("is a layer for other graphs and stacks", () => {
    const x = input({ shape: [2] });
    const inner = graph({ inputs: x, outputs: connect(x, dense({ units: 3 })), name: "inner" });
    const y = input({ shape: [2] });
    const outer = graph({ inputs: y, outputs: connect(y, inner, dense({ units: 1 })) });
    const { params } = outer.init(key, [[2]], "f32");
    expect(Object.keys(params)).toEqual(["inner", "dense"]);
    expect(Object.keys(treeAt(params, "inner"))).toEqual(["dense"]);
    expect(stack([inner, dense({ units: 1 })]).init(key, [[2]], "f32").outputShapes).toEqual([[1]]);
  });

  test("may begin at any place of another graph", () => {
    const x = input({ shape: [2] });
    const middle = connect(x, dense({ units: 3 }));
    const y = connect(middle, dense({ units: 1, name: "last" }));
    const tail = graph({ inputs: middle, outputs: y });
    expect([tail.names, tail.inputShape]).toEqual([["last"], [3]]);
  });

  test("leads masks and keys to its layers", () => {
    const ids = input({ shape: [4] });
    const vectors = connect(ids, embedding({ inputDim: 9, outputDim: 3, maskZero: true, name: "vectors" }));
    const last = connect(vectors, lstm({ units: 2, name: "reader" }));
    const reader = graph({ inputs: ids, outputs: last });
    const variables = reader.init(key, [[4]], "f64");
    const read = (row: number[]): number[] =>
      numbers(reader.apply(variables, [tensor([row], { dtype: "i32" })]).outputs[0]);
    expect(read([3, 5, 0, 0])).toEqual(read([0, 3, 0, 5]));
    expect(read([3, 5, 0, 0])).not.toEqual(read([3, 5, 1, 1]));
    const x = input({ shape: [100] });
    const dropping = graph({
      inputs: x,
      outputs: [connect(x, dropout({ rate: 0.5 })), connect(x, dropout({ rate: 0.5 }))],
    });
    const ones = tensor([new Array(100).fill(1)]);
    const [first, second] = dropping.apply({ params: {}, state: {} }, [ones], {
      training: true,
      key,
    }).outputs;
    expect(numbers(first)).not.toEqual(numbers(second));
  });

  test("comes back from JSON the same, with shared layers and outputs by place", () => {
    const x = input({ shape: [4, 3], name: "sequence" });
    const shared = masking();
    const [y, , c] = connect(x, shared, shared, lstm({ units: 2, returnState: true })).outputs;
    const nested = graph({ inputs: [x], outputs: [c, connect([y, c], merge.add({ name: "sum" }))] });
    for (const original of [nested, towers()]) {
      const json: Json = JSON.parse(JSON.stringify(describeLayer(original)));
      const again = layerFromConfig(json);
      expect(JSON.parse(JSON.stringify(describeLayer(again)))).toEqual(json);
      const shapes = original.inputs.map(({ shape }) => shape);
      const variables = original.init(key, shapes, "f64");
      const inputs = shapes.map((shape, i) =>
        random.normal(random.foldIn(key, i), [2, ...shape], { dtype: "f64" }),
      );
      const results = (layer: Layer): number[][] => layer.apply(variables, inputs).outputs.map(numbers);
      expect(results(again)).toEqual(results(original));
    }
  });
});

describe("refuses", () => {
  const x = input({ shape: [3], name: "x" });

  test.each<[string, () => unknown, RegExp]>([
    ["no inputs", () => connect([], lstm({ units: 2 })), /connect: got no inputs, expected at least one/],
    [
      "a shape that is none",
      () => input({ shape: [0] }),
      /input: got shape: \[0\], expected .* positive integers/,
    ],
    [
      "a layer whose input does not fit",
      () => connect(x, lstm({ units: 2, name: "reader" })),
      /lstm: got an input of shape \[3\].*in layer 'reader'/,
    ],
    [
      "another inputShape",
      () => connect(x, dense({ units: 2, inputShape: [4] })),
      /dense: got inputs of shape \[3\], expected \[4\]/,
    ],
    [
      "initial states that do not fit",
      () => connect([input({ shape: [5, 2] }), x], lstm({ units: 2 })),
      /lstm: got initial states of shape \[3\], expected \[2\] and \[2\]/,
    ],
    [
      "an output that needs another input",
      () => graph({ inputs: input({ shape: [2] }), outputs: connect(x, dense({ units: 1 })) }),
      /graph: got outputs that need an input 'x' of shape \[3\]/,
    ],
    [
      "an input that leads nowhere",
      () =>
        graph({ inputs: [x, input({ shape: [2], name: "idle" })], outputs: connect(x, dense({ units: 1 })) }),
      /graph: got an input idle that no output needs/,
    ],
    [
      "equal names",
      () => graph({ inputs: x, outputs: connect(x, dense({ units: 1, name: "x" })) }),
      /two layers with the name 'x'/,
    ],
    [
      "a shared layer whose weights would differ",
      () => {
        const shared = dense({ units: 2, name: "shared" });
        return graph({ inputs: x, outputs: connect(x, shared, shared) }).init(key, [[3]], "f32");
      },
      /dense: got weights of shape \[3, 2\] for one use, \[2, 2\] for another.*in layer 'shared'/,
    ],
    [
      "inputs of other shapes",
      () => towers().init(key, [[3], [2], [2]], "f32"),
      /graph: got inputs of shape \[3\] and \[2\] and \[2\]/,
    ],
    [
      "a config that is none",
      () => layerFromConfig({ type: "graph", config: { inputs: [] } }),
      /graph: got nothing, expected inputs, layers/,
    ],
  ])("%s", (_, wrong, message) => {
    expect(wrong).toThrow(message);
  });
});
