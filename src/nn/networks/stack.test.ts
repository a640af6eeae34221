import { expect, test } from "vitest";
import {
  add,
  grad,
  jit,
  mul,
  ones,
  programOf,
  random,
  sum,
  Tensor,
  tensor,
  zeros,
} from "../../tensor/index.ts";
import { activation, conv2d, dense, dropout, flatten, type Layer, nameLayers, stack } from "../index.ts";

const nothing = { params: {}, state: {} };

test("layers are named by their users or by type and number", () => {
  const layers = [dense({ units: 1 }), dense({ units: 1, name: "dense" }), flatten(), dense({ units: 1 })];
  expect(nameLayers(layers)).toEqual(["dense_1", "dense", "flatten", "dense_2"]);
  expect(stack(layers).names).toEqual(["dense_1", "dense", "flatten", "dense_2"]);
  expect(() => nameLayers([flatten({ name: "a" }), dense({ units: 1, name: "a" })])).toThrow(
    "two layers with the name 'a'",
  );
  for (const name of ["", "a.b", "a/b"]) {
    expect(() => stack([flatten({ name })])).toThrow(`got '${name}', expected a name without '.' and '/'`);
  }
});

test("parameters are nested by name, and layers without any have no place", () => {
  const inner = stack([dense({ units: 3 }), activation("relu")], { name: "block" });
  const network = stack([flatten(), inner, dense({ units: 1, name: "output", useBias: false })]);
  const { params, state, outputShapes } = network.init(random.key(0), [[2, 2]], "f32");
  expect(outputShapes).toEqual([[1]]);
  expect(state).toEqual({});
  expect(JSON.stringify(params, (_, value) => (value instanceof Tensor ? value.shape : value))).toBe(
    '{"block":{"dense":{"weights":[4,3],"biases":[3]}},"output":{"weights":[3,1]}}',
  );
});

test("each layer has a key of its own, at the beginning and in training", () => {
  const network = stack([
    dense({ units: 4 }),
    dense({ units: 4 }),
    dropout({ rate: 0.5 }),
    dropout({ rate: 0.5 }),
  ]);
  const { params, state } = network.init(random.key(0), [[4]], "f32");
  const weights = Object.values(params).map((part) => String(Object.values(part)[0]));
  expect(weights[0]).not.toBe(weights[1]);
  const drops = stack([dropout({ rate: 0.5 }), dropout({ rate: 0.5 })]);
  const output = drops.apply(nothing, [ones([1000])], { training: true, key: random.key(0) }).outputs[0];
  // With one key for both the second would drop nothing that the first has not.
  const kept = output.dataSync().filter((value) => value !== 0);
  expect(new Set(kept)).toEqual(new Set([4]));
  expect(Math.abs(kept.length - 250)).toBeLessThan(55);
  const run = (seed: number): string =>
    String(
      network.apply({ params, state }, [ones([2, 4])], { training: true, key: random.key(seed) }).outputs[0],
    );
  expect(run(1)).toBe(run(1));
  expect(() => network.apply({ params, state }, [ones([2, 4])], { training: true })).toThrow(
    "dropout: got no key, expected a key in training; apply with { training: true, key: random.key(0) }; in layer 'dropout'",
  );
});

test("equations are in the scopes of their layers", () => {
  const network = stack([stack([dense({ units: 1, name: "hidden" })], { name: "block" })]);
  const { params, state } = network.init(random.key(0), [[2]], "f32");
  const { equations } = programOf(
    (x: Tensor) => network.apply({ params, state }, [x]).outputs[0],
    ones([1, 2]),
  );
  expect(new Set(equations.map(({ scope }) => scope))).toEqual(new Set(["block/hidden"]));
});

test("a whole network begins in one program", () => {
  const network = stack([
    conv2d({ filters: 4, kernelSize: 3, kernelInitializer: "heNormal" }),
    flatten(),
    dense({ units: 3 }),
  ]);
  const init = (key: Tensor) => network.init(key, [[6, 6, 1]], "f32").params;
  const compiled = jit(init)(random.key(5));
  const eager = init(random.key(5));
  const text = (tree: unknown): string =>
    JSON.stringify(tree, (_, value) => (value instanceof Tensor ? value.toArray() : value));
  expect(text(compiled)).toBe(text(eager));
});

/** Counts its calls in its state, doubles its input, and asks for a penalty. */
const counter: Layer = {
  type: "counter",
  config: {},
  init: (_, inputShapes) => ({ params: {}, state: { calls: zeros([]) }, outputShapes: inputShapes }),
  apply: ({ state: { calls } }, [x]) => ({
    outputs: [mul(x, 2)],
    state: { calls: calls instanceof Tensor ? add(calls, 1) : calls },
    penalty: sum(x),
  }),
};

test("state is threaded and penalties are added", () => {
  const network = stack([counter, flatten(), counter]);
  const { params, state } = network.init(random.key(0), [[2]], "f32");
  const first = network.apply({ params, state }, [tensor([[1, 2]])]);
  const second = network.apply({ params, state: first.state }, [tensor([[1, 2]])]);
  expect(second.outputs[0].toArray()).toEqual([[4, 8]]);
  expect(second.penalty?.item()).toBe(3 + 6);
  expect(
    JSON.stringify(second.state, (_, value) => (value instanceof Tensor ? value.toArray() : value)),
  ).toBe('{"counter":{"calls":2},"counter_1":{"calls":2}}');
  expect(stack([flatten()]).apply(nothing, [tensor([[1, 2]])]).penalty).toBeUndefined();
});

test("errors name the layer and both shapes, before and while it runs", () => {
  const network = stack([dense({ units: 3, name: "hidden" }), dense({ units: 1, name: "output" })]);
  const { params, state } = network.init(random.key(0), [[4]], "f32");
  expect(() => network.apply({ params, state }, [ones([32, 5])])).toThrow(
    "matmul: inner dimensions differ: got [32, 5] · [4, 3], expected [32, 4] · [4, 3]; in layer 'hidden'",
  );
  expect(() => network.apply({ params, state }, [ones([32, 4], "f64")])).toThrow(
    /f64.*f32.*in layer 'hidden'/,
  );
  const nested = stack([stack([conv2d({ filters: 1, kernelSize: 5, name: "edges" })], { name: "block" })]);
  expect(() => nested.init(random.key(0), [[4, 4, 1]], "f32")).toThrow(
    "conv2d: got an input of shape [4, 4, 1], expected at least the window, [5, 5]; use padding 'same', or fewer layers that shrink the image; in layer 'edges'; in layer 'block'",
  );
  const fixed = stack([dense({ units: 3 }), dense({ units: 1, inputShape: [4], name: "output" })]);
  expect(() => fixed.init(random.key(0), [[2]], "f32")).toThrow(
    "dense: got inputs of shape [3], expected [4], its inputShape; in layer 'output'",
  );
  expect(() => network.apply({ params: { hidden: params.hidden }, state }, [ones([32, 4])])).toThrow(
    "dense: got parameters without any tensor, expected a tensor 'weights'; in layer 'output'",
  );
});

test("the gradient of a network has the tree of its parameters", () => {
  const network = stack([dense({ units: 2, activation: "relu", name: "hidden" }), flatten()]);
  const { params, state } = network.init(random.key(0), [[3]], "f32");
  const loss = (tree: typeof params): Tensor =>
    sum(network.apply({ params: tree, state }, [ones([1, 3])]).outputs[0]);
  expect(Object.keys(grad(loss)(params).hidden)).toEqual(["weights", "biases"]);
});
