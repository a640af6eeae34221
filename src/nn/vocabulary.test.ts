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
} from "../../test/layer-trees.ts";
import { expectStored } from "../../test/oracle.ts";
import { isFloat } from "../base/dtype.ts";
import { add, grad, jit, mul, random, sum, type Tensor } from "../tensor/index.ts";
import { type Json, layerFromConfig, type NamedTensorTree } from "./index.ts";
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

describe.each(precisions)("in %s", (dtype, tolerance) => {
  test.each(named)("case %s: outputs, state, penalty and gradients as PyTorch", (_, one) => {
    const layer = layerFromConfig(one.layer);
    const inputs = one.inputs.map((input) => load(input, dtype));
    const params = loadAll(one.params, dtype);
    const state = loadAll(one.state, dtype);
    const options = { training: one.training, key: random.key(0) };

    const shapes = inputs.map(({ shape }) => shape.slice(1));
    const initial = layer.init(random.key(1), shapes, dtype);
    expect(initial.outputShapes).toEqual([one.y.shape.slice(1)]);
    const typesOf = (tree: NamedTensorTree): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(pathsOf(tree)).map(([path, value]) => [path, [value.dtype, value.shape]]),
      );
    expect(typesOf(initial.params)).toEqual(typesOf(params));
    expect(typesOf(initial.state)).toEqual(typesOf(state));

    const apply = jit((params: NamedTensorTree, inputs: readonly Tensor[]) =>
      layer.apply({ params, state }, inputs, options),
    );
    const applied = apply(params, inputs);
    expectStored(applied.outputs[0], inDtype(one.y, dtype), tolerance);
    expectAll(pathsOf(applied.state), allInDtype(one.stateAfter, dtype), tolerance);
    if (one.penalty === undefined) expect(applied.penalty).toBeUndefined();
    else if (applied.penalty === undefined) expect.fail("there is no penalty");
    else expectStored(applied.penalty, inDtype(one.penalty, dtype), tolerance);

    const floats = inputs.filter((input) => isFloat(input.dtype));
    const cotangent = load(one.cotangent, dtype);
    const loss = (params: NamedTensorTree, given: readonly Tensor[]): Tensor => {
      const all = inputs.map((input) => (isFloat(input.dtype) ? given[floats.indexOf(input)] : input));
      const { outputs, penalty } = layer.apply({ params, state }, all, options);
      const value = sum(mul(outputs[0], cotangent));
      return penalty === undefined ? value : add(value, penalty);
    };
    const [ofParams, ofInputs] = jit(grad(loss, [0, 1]))(params, floats);
    expectAll(pathsOf(ofParams), allInDtype(one.gradients.params, dtype), tolerance);
    for (const [i, gradient] of ofInputs.entries()) {
      expectStored(gradient, inDtype(one.gradients.inputs[i], dtype), tolerance);
    }
  });
});
