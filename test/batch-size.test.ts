// The code of kernels depends on their form, not on their extents: another batch size compiles nothing on native.
import { beforeAll, describe, expect, test } from "vitest";
import { textRenderer } from "../src/exec/render/c/kernels.ts";
import { grad, jit, mean, mul, ones, random, setDevice, sub, type Tensor } from "../src/index.ts";
import type { Target } from "../src/lang/kernel/rendered.ts";
import { sparseCategoricalCrossentropy } from "../src/losses/index.ts";
import {
  batchNormalization,
  conv2d,
  dense,
  flatten,
  type Layer,
  lstm,
  maxPool2d,
  type NamedTensorTree,
  stack,
} from "../src/nn/index.ts";
import { mapTensors } from "../src/optim/index.ts";
import { compiledKernels } from "./golden/print-plan.ts";

const target: Target = { architecture: "x86_64", vectorBytes: 64, fma: true };
const networks: Readonly<
  Record<string, { readonly shape: readonly number[]; readonly layers: () => Layer[] }>
> = {
  "dense layers": {
    shape: [784],
    layers: () => [dense({ units: 128, activation: "relu" }), dense({ units: 10, activation: "softmax" })],
  },
  convolutions: {
    shape: [28, 28, 1],
    layers: () => [
      conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
      batchNormalization(),
      maxPool2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 10, activation: "softmax" }),
    ],
  },
  "an LSTM": {
    shape: [28, 28],
    layers: () => [lstm({ units: 128 }), dense({ units: 10, activation: "softmax" })],
  },
};

beforeAll(() => setDevice("wasm"));

describe.each(Object.entries(networks))("a training step of %s", (_, { shape, layers }) => {
  const network = stack(layers());
  const { params, state } = network.init(random.key(0), [shape], "f32");
  const step = jit(
    (params: NamedTensorTree, x: Tensor, y: Tensor) => {
      const loss = (params: NamedTensorTree): Tensor => {
        const [p] = network.apply({ params, state }, [x], { training: true }).outputs;
        return mean(sparseCategoricalCrossentropy(p, y));
      };
      return mapTensors((w, slope) => sub(w, mul(slope, 0.01)), params, grad(loss)(params));
    },
    { donate: 0 },
  );
  const codeFor = (batch: number): string[] => {
    const { plan } = step.lower(params, ones([batch, ...shape]), ones([batch], "i32"));
    const kernels = compiledKernels(plan?.commands ?? []);
    return [...new Set(kernels.map((kernel) => textRenderer.render(kernel, target).key))].sort();
  };

  test("has the same code for every batch", () => {
    const code = codeFor(64);
    expect(code.length).toBeGreaterThan(5);
    for (const batch of [50, 33, 128]) expect(codeFor(batch)).toEqual(code);
  });
});
