// What every layer keeps to. The table names a sample of each export that makes a layer, so a new layer without one fails.
import { describe, expect, test } from "vitest";
import { others, type Sample, samples } from "../../test/layer-samples.ts";
import {
  checkGradients,
  type DType,
  grad,
  jit,
  random,
  slice,
  stack,
  sum,
  Tensor,
  vmap,
} from "../tensor/index.ts";
import * as nn from "./index.ts";
import { describeLayer, type Json, layerFromConfig, type NamedTensorTree } from "./index.ts";
import { layerTypes } from "./registry.ts";

const layersOf = (prefix: string, exported: object): string[] =>
  Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" ? [prefix + name] : []));

test("every export that makes a layer has a sample, and every type can be read from a file", () => {
  const makers = [
    ...layersOf("", nn).filter((name) => !others.includes(name)),
    ...layersOf("merge.", nn.merge),
  ];
  expect(Object.keys(samples).sort()).toEqual(makers.sort());
  const types = Object.values(samples)
    .flat()
    .map(({ layer }) => layer.type);
  expect([...new Set(types)].sort()).toEqual([...layerTypes].sort());
});

const all = Object.entries(samples).flatMap(([name, given]) =>
  [given]
    .flat()
    .map((sample): [string, Sample] => [`${name} ${JSON.stringify(sample.layer.config)}`, sample]),
);
const batch = 2;
const key = random.key(5);

function inputsOf({ inputs, ids }: Sample, dtype: "f32" | "f64"): Tensor[] {
  return inputs.map((shape, i) => {
    const keyOfInput = random.foldIn(key, i);
    if (ids !== undefined) return random.randint(keyOfInput, [batch, ...shape], 0, ids);
    return random.normal(keyOfInput, [batch, ...shape], { dtype });
  });
}

function tensorsOf(tree: NamedTensorTree): Tensor[] {
  return Object.values(tree).flatMap((value) => (value instanceof Tensor ? [value] : tensorsOf(value)));
}

function dtypesOf(tree: NamedTensorTree): DType[] {
  return tensorsOf(tree).map(({ dtype }) => dtype);
}

function numbersOf(tensors: readonly Tensor[]): number[] {
  return tensors.flatMap((value) => [...value.dataSync()]);
}

function expectClose(got: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, value] of got.entries()) {
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted[i])));
  }
}

describe.each(all)("%s", (_, sample) => {
  const { layer, inputs } = sample;

  test("has the shapes it announces, in f32 and f64, compiled as eager", () => {
    for (const dtype of ["f32", "f64"] as const) {
      const { params, state, outputShapes } = layer.init(key, inputs, dtype);
      const given = inputsOf(sample, dtype);
      expect(new Set([...dtypesOf(params), ...dtypesOf(state), dtype])).toEqual(new Set([dtype]));
      for (const training of [false, true]) {
        const apply = (params: NamedTensorTree, given: readonly Tensor[]) =>
          layer.apply({ params, state }, given, { training, key });
        const eager = apply(params, given);
        expect(eager.outputs.map(({ shape }) => shape)).toEqual(
          outputShapes.map((shape) => [batch, ...shape]),
        );
        expect(eager.outputs.map((output) => output.dtype)).toEqual(outputShapes.map(() => dtype));
        expect(eager.penalty?.shape ?? []).toEqual([]);
        expect(dtypesOf(eager.state)).toEqual(dtypesOf(state));
        const compiled = jit(apply)(params, given);
        expectClose(numbersOf(compiled.outputs), numbersOf(eager.outputs), dtype === "f32" ? 1e-5 : 1e-12);
      }
    }
  });

  test("has the gradients of finite differences", () => {
    const { params, state } = layer.init(key, inputs, "f64");
    const given = inputsOf(sample, "f64");
    for (const training of [false, true]) {
      const outputs = (params: NamedTensorTree, given: readonly Tensor[]): Tensor[] => {
        const { outputs, penalty } = layer.apply({ params, state }, given, { training, key });
        return penalty === undefined ? [...outputs] : [...outputs, penalty];
      };
      if (sample.slope === undefined) {
        checkGradients(jit(outputs), [params, given]);
      } else {
        const [slope] = grad((given: readonly Tensor[]) => sum(outputs(params, given)[0]))(given);
        expect(new Set(numbersOf([slope]))).toEqual(new Set([sample.slope]));
      }
    }
  });

  test("is the same after a round trip through JSON", () => {
    const json: Json = JSON.parse(JSON.stringify(describeLayer(layer)));
    const again = layerFromConfig(json);
    expect(JSON.parse(JSON.stringify(describeLayer(again)))).toEqual(json);
    expect([again.name, again.inputShape]).toEqual([layer.name, layer.inputShape]);
    const variables = layer.init(key, inputs, "f32");
    expect(
      numbersOf(again.apply(variables, inputsOf(sample, "f32"), { training: true, key }).outputs),
    ).toEqual(numbersOf(layer.apply(variables, inputsOf(sample, "f32"), { training: true, key }).outputs));
  });

  test("does the same twice, and without training needs no key and keeps its state", () => {
    const variables = layer.init(key, inputs, "f32");
    const given = inputsOf(sample, "f32");
    const first = layer.apply(variables, given);
    expect(numbersOf(layer.apply(variables, given, { key }).outputs)).toEqual(numbersOf(first.outputs));
    expect(numbersOf(tensorsOf(first.state))).toEqual(numbersOf(tensorsOf(variables.state)));
    const trained = (): number[] => numbersOf(layer.apply(variables, given, { training: true, key }).outputs);
    expect(trained()).toEqual(trained());
  });

  test("treats each example on its own without training, also under vmap", () => {
    const variables = layer.init(key, inputs, "f64");
    const apply = (given: readonly Tensor[]): readonly Tensor[] => layer.apply(variables, given).outputs;
    const given = inputsOf(sample, "f64");
    const whole = apply(given);
    const alone = apply(given.map((x) => slice(x, [batch - 1])));
    const twice = vmap(apply)(given.map((x) => stack([x, x])));
    for (const [i, output] of whole.entries()) {
      expectClose(numbersOf([alone[i]]), numbersOf([slice(output, [batch - 1])]), 1e-12);
      expectClose(numbersOf([twice[i]]), numbersOf([output, output]), 1e-12);
    }
  });
});
