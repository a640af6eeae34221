import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { expectAll, pathsOf, type Stored, type StoredTensors, treeOf } from "../../test/layer-trees.ts";
import { expectStored, stored } from "../../test/oracle.ts";
import { isFloat } from "../base/dtype.ts";
import { add, cast, grad, jit, mul, random, sum, type Tensor, tensor } from "../tensor/index.ts";
import { type Json, layerFromConfig, type TensorTree } from "./index.ts";

interface SequenceCase {
  readonly layer: { readonly type: string; readonly config: { readonly [option: string]: Json } };
  readonly params: StoredTensors;
  readonly inputs: readonly Stored[];
  readonly masks?: readonly (readonly (readonly number[])[] | null)[];
  readonly outputs: readonly Stored[];
  readonly cotangents: readonly Stored[];
  readonly gradients: { readonly params: StoredTensors; readonly inputs: readonly Stored[] };
}

const fixture = new URL("../../test/fixtures/sequences.json", import.meta.url);
const cases: SequenceCase[] = JSON.parse(readFileSync(fixture, "utf8"));
const named = cases.map((one, i): [string, SequenceCase] => [
  `${i} ${one.layer.type} ${JSON.stringify(one.layer.config)}${one.masks ? " with masks" : ""}`,
  one,
]);

describe.each([
  ["f64", 1e-12],
  ["f32", 1e-5],
] as const)("in %s", (dtype, tolerance) => {
  const load = (value: Stored): Tensor => {
    const loaded = stored(value);
    return isFloat(loaded.dtype) ? cast(loaded, dtype) : loaded;
  };
  const inDtype = (value: Stored): Stored => (isFloat(value.dtype) ? { ...value, dtype } : value);
  const allInDtype = (values: StoredTensors): StoredTensors =>
    Object.fromEntries(Object.entries(values).map(([path, value]) => [path, inDtype(value)]));

  test.each(named)("case %s: outputs and gradients as PyTorch", (_, one) => {
    const layer = layerFromConfig(one.layer);
    const inputs = one.inputs.map(load);
    const masks = one.masks?.map((mask) => (mask === null ? undefined : cast(tensor([...mask]), "bool")));
    const params = treeOf(
      Object.fromEntries(Object.entries(one.params).map(([path, value]) => [path, load(value)])),
    );
    const cotangents = one.cotangents.map(load);

    const made = layer.init(
      random.key(0),
      inputs.map(({ shape }) => shape.slice(1)),
      dtype,
    );
    expect(made.outputShapes).toEqual(one.outputs.map(({ shape }) => shape.slice(1)));
    const shapesOf = (tree: TensorTree): object =>
      Object.fromEntries(Object.entries(pathsOf(tree)).map(([path, { shape }]) => [path, shape]));
    expect(shapesOf(made.params)).toEqual(shapesOf(params));

    const apply = (params: TensorTree, inputs: readonly Tensor[]): readonly Tensor[] =>
      layer.apply({ params, state: {} }, inputs, masks && { masks }).outputs;
    const outputs = jit(apply)(params, inputs);
    for (const [i, output] of outputs.entries()) expectStored(output, inDtype(one.outputs[i]), tolerance);

    const loss = (params: TensorTree, floats: readonly Tensor[]): Tensor => {
      const rest = floats.values();
      const all = inputs.map((x) => (isFloat(x.dtype) ? (rest.next().value ?? x) : x));
      return apply(params, all)
        .map((y, i) => sum(mul(y, cotangents[i])))
        .reduce(add);
    };
    const floats = inputs.filter((x) => isFloat(x.dtype));
    const [ofParams, ofInputs] = jit(grad(loss, [0, 1]))(params, floats);
    expectAll(pathsOf(ofParams), allInDtype(one.gradients.params), tolerance);
    for (const [i, gradient] of ofInputs.entries()) {
      expectStored(gradient, inDtype(one.gradients.inputs[i]), tolerance);
    }
  });
});
