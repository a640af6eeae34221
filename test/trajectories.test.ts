import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DType } from "../src/base/dtype.ts";
import { sizeOf } from "../src/base/shape.ts";
import { devices, getDevice, setDevice, type Tensor, tensor } from "../src/index.ts";
import type { LossName } from "../src/losses/index.ts";
import { conv2d, dense, flatten, type Layer, lstm, maxPool2d } from "../src/nn/index.ts";
import { adam, type Optimizer, sgd } from "../src/optim/index.ts";
import { Sequential } from "../src/train/index.ts";
import { fixtureLabels, fixtureValues } from "./fixtures/generator.ts";

interface Values {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly scale: number;
}

type Targets =
  | { readonly kind: "productIsPositive"; readonly shape: readonly number[] }
  | {
      readonly kind: "labels";
      readonly shape: readonly number[];
      readonly seed: number;
      readonly classes: number;
    };

interface Trajectory {
  readonly name: string;
  readonly inputs: Values;
  readonly targets: Targets;
  readonly parameters: readonly (Values & { readonly name: string })[];
  readonly loss: LossName;
  readonly optimizer: { readonly name: string; readonly learningRate: number };
  readonly losses: { readonly f64: readonly number[]; readonly f32: readonly number[] };
  /** Between PyTorch's f32 and f64 losses. */
  readonly largestGap: number;
}

const { steps }: { steps: readonly Trajectory[] } = JSON.parse(
  readFileSync(new URL("./fixtures/trajectories.json", import.meta.url), "utf8"),
);

/** The models of test/fixtures/trajectories.py; their last activation makes the loss work on logits. */
const layers: Readonly<Record<string, () => Layer[]>> = {
  playground: () => [
    dense({ units: 8, activation: "tanh", inputShape: [2], name: "hidden1" }),
    dense({ units: 8, activation: "tanh", name: "hidden2" }),
    dense({ units: 1, activation: "sigmoid", name: "output" }),
  ],
  mlp: () => [
    dense({ units: 128, activation: "relu", inputShape: [784], name: "hidden" }),
    dense({ units: 10, activation: "softmax", name: "output" }),
  ],
  "mlp-wide": () => [
    dense({ units: 1024, activation: "relu", inputShape: [784], name: "hidden1" }),
    dense({ units: 1024, activation: "relu", name: "hidden2" }),
    dense({ units: 10, activation: "softmax", name: "output" }),
  ],
  cnn: () => [
    conv2d({
      filters: 32,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      inputShape: [28, 28, 1],
      name: "conv1",
    }),
    maxPool2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu", name: "conv2" }),
    maxPool2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 128, activation: "relu", name: "hidden" }),
    dense({ units: 10, activation: "softmax", name: "output" }),
  ],
  lstm: () => [
    lstm({ units: 128, inputShape: [28, 28], name: "reader" }),
    dense({ units: 10, activation: "softmax", name: "output" }),
  ],
};

function valuesOf({ shape, seed, scale }: Values, dtype: DType): Tensor {
  return tensor(fixtureValues(seed, sizeOf(shape), scale), { shape, dtype });
}

function targetsOf(targets: Targets, inputs: Values): Tensor {
  const { shape } = targets;
  if (targets.kind === "labels")
    return tensor(fixtureLabels(targets.seed, shape[0], targets.classes), { shape });
  const x = fixtureValues(inputs.seed, sizeOf(inputs.shape), inputs.scale);
  return tensor(
    Float32Array.from({ length: shape[0] }, (_, i) => (x[2 * i] * x[2 * i + 1] > 0 ? 1 : 0)),
    { shape },
  );
}

function optimizerOf({ name, learningRate }: Trajectory["optimizer"]): Optimizer {
  return name === "adam" ? adam({ learningRate }) : sgd({ learningRate });
}

/** Trains the model of a trajectory from its weights; the losses before each update. */
function train(
  { name, inputs, targets, parameters, loss, optimizer }: Trajectory,
  dtype: "f32" | "f64",
): number[] {
  const model = new Sequential({ layers: layers[name](), dtype });
  model.compile({ optimizer: optimizerOf(optimizer), loss });
  model.setWeights(Object.fromEntries(parameters.map((values) => [values.name, valuesOf(values, dtype)])));
  const x = valuesOf(inputs, dtype);
  const y = targetsOf(targets, inputs);
  return Array.from({ length: 50 }, () => model.trainOnBatch(x, y).loss);
}

function largestRelativeGap(got: readonly number[], wanted: readonly number[]): number {
  return Math.max(...got.map((value, i) => Math.abs(value - wanted[i]) / Math.abs(wanted[i])));
}

const initial = getDevice();
afterAll(() => setDevice(initial));

const here = devices().filter(({ name, available }) => available && name !== "reference");
const cases = here.flatMap(({ name: device }) => steps.map((trajectory) => ({ device, ...trajectory })));

describe.each(cases)("$name on $device follows PyTorch", ({ device, ...trajectory }) => {
  beforeAll(() => setDevice(device));

  const { losses, largestGap } = trajectory;

  test("in f64 to 1e-9 over 50 steps", { timeout: 120_000 }, () => {
    expect(largestRelativeGap(train(trajectory, "f64"), losses.f64)).toBeLessThanOrEqual(1e-9);
  });

  test("in f32 to 1e-4 over 10 steps, then no further than rounding leads PyTorch", {
    timeout: 60_000,
  }, () => {
    const got = train(trajectory, "f32");
    expect(largestRelativeGap(got.slice(0, 10), losses.f64)).toBeLessThanOrEqual(1e-4);
    const gap = Math.max(...got.map((loss, i) => Math.abs(loss - losses.f64[i])));
    expect(gap).toBeLessThanOrEqual(Math.max(3 * largestGap, 1e-5 * losses.f64[0]));
  });
});
