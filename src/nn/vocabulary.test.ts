import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { expectAll, pathsOf, type Stored, type StoredTensors, treeOf } from "../../test/layer-trees.ts";
import { expectStored, stored } from "../../test/oracle.ts";
import { isFloat } from "../base/dtype.ts";
import { add, cast, grad, jit, mul, random, sum, type Tensor } from "../tensor/index.ts";
import { type Json, layerFromConfig, type TensorTree } from "./index.ts";
import { layerTypes } from "./registry.ts";

interface LayerCase {
  readonly layer: { readonly type: string; readonly config: { readonly [option: string]: Json } };
  readonly training: boolean;
  readonly params: StoredTensors;
  readonly state: StoredTensors;
  readonly inputs: readonly Stored[];
  readonly y: Stored;
  readonly stateAfter: StoredTensors;
  readonly penalty?: Stored;
  readonly cotangent: Stored;
  readonly gradients: { readonly params: StoredTensors; readonly inputs: readonly Stored[] };
}

/** What the scripts of a name wrote. */
function fixture(name: string): string {
  return readFileSync(new URL(`../../test/fixtures/${name}.json`, import.meta.url), "utf8");
}

const cases: LayerCase[] = JSON.parse(fixture("vocabulary"));
const named = cases.map((one, i): [string, LayerCase] => [
  `${i} ${one.layer.type} ${JSON.stringify(one.layer.config)}`,
  one,
]);

test("every layer has cases of PyTorch", () => {
  const all = ["vocabulary", "layers", "sequences"].map(fixture).join();
  const types = new Set([...all.matchAll(/"type": "(\w+)"/g)].map(([, type]) => type));
  expect(layerTypes.filter((type) => !types.has(type))).toEqual([]);
});

describe.each([
  ["f64", 1e-12],
  ["f32", 1e-5],
] as const)("in %s", (dtype, tolerance) => {
  const load = (value: Stored): Tensor => {
    const loaded = stored(value);
    return isFloat(loaded.dtype) ? cast(loaded, dtype) : loaded;
  };
  const loadAll = (tensors: StoredTensors): TensorTree =>
    treeOf(Object.fromEntries(Object.entries(tensors).map(([path, value]) => [path, load(value)])));
  const wanted = (value: Stored): Stored => (isFloat(value.dtype) ? { ...value, dtype } : value);
  const allWanted = (tensors: StoredTensors): StoredTensors =>
    Object.fromEntries(Object.entries(tensors).map(([path, value]) => [path, wanted(value)]));

  test.each(named)("case %s: outputs, state, penalty and gradients as PyTorch", (_, one) => {
    const layer = layerFromConfig(one.layer);
    const inputs = one.inputs.map(load);
    const params = loadAll(one.params);
    const state = loadAll(one.state);
    const options = { training: one.training, key: random.key(0) };

    const shapes = inputs.map(({ shape }) => shape.slice(1));
    const initial = layer.init(random.key(1), shapes, dtype);
    expect(initial.outputShapes).toEqual([one.y.shape.slice(1)]);
    const typesOf = (tree: TensorTree): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(pathsOf(tree)).map(([path, value]) => [path, [value.dtype, value.shape]]),
      );
    expect(typesOf(initial.params)).toEqual(typesOf(params));
    expect(typesOf(initial.state)).toEqual(typesOf(state));

    const apply = jit((params: TensorTree, inputs: readonly Tensor[]) =>
      layer.apply({ params, state }, inputs, options),
    );
    const applied = apply(params, inputs);
    expectStored(applied.outputs[0], wanted(one.y), tolerance);
    expectAll(pathsOf(applied.state), allWanted(one.stateAfter), tolerance);
    if (one.penalty === undefined) expect(applied.penalty).toBeUndefined();
    else if (applied.penalty === undefined) expect.fail("there is no penalty");
    else expectStored(applied.penalty, wanted(one.penalty), tolerance);

    const floats = inputs.filter((input) => isFloat(input.dtype));
    const cotangent = load(one.cotangent);
    const loss = (params: TensorTree, given: readonly Tensor[]): Tensor => {
      const all = inputs.map((input) => (isFloat(input.dtype) ? given[floats.indexOf(input)] : input));
      const { outputs, penalty } = layer.apply({ params, state }, all, options);
      const value = sum(mul(outputs[0], cotangent));
      return penalty === undefined ? value : add(value, penalty);
    };
    const [ofParams, ofInputs] = jit(grad(loss, [0, 1]))(params, floats);
    expectAll(pathsOf(ofParams), allWanted(one.gradients.params), tolerance);
    for (const [i, gradient] of ofInputs.entries()) {
      expectStored(gradient, wanted(one.gradients.inputs[i]), tolerance);
    }
  });
});
