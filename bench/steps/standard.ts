import { cast, gt, mul, random, slice, type Tensor } from "../../src/index.ts";
import { conv2d, dense, flatten, type Layer, lstm, maxPool2d } from "../../src/nn/index.ts";
import { adam, type Optimizer, sgd } from "../../src/optim/index.ts";
import { Sequential } from "../../src/train/index.ts";
import type { TrainingStep } from "./measure.ts";

/** A standard training step: a model on one fixed batch. */
interface Standard {
  readonly layers: () => readonly Layer[];
  /** The shape of the batch. */
  readonly shape: readonly number[];
  readonly targets: (key: Tensor, x: Tensor) => Tensor;
  readonly loss: LossName;
  readonly optimizer: () => Optimizer;
}

const standardSteps: Readonly<Record<StepName, Standard>> = {
  playground: {
    layers: () => [
      dense({ units: 8, activation: "tanh", inputShape: [2] }),
      dense({ units: 8, activation: "tanh" }),
      dense({ units: 1, activation: "sigmoid" }),
    ],
    shape: [32, 2],
    targets: exclusiveOr,
    loss: "binaryCrossentropy",
    optimizer: () => sgd({ learningRate: 0.03 }),
  },
  mlp: classifier([128, 784], () => [
    dense({ units: 128, activation: "relu", inputShape: [784] }),
    dense({ units: 10, activation: "softmax" }),
  ]),
  "mlp-wide": classifier([256, 784], () => [
    dense({ units: 1024, activation: "relu", inputShape: [784] }),
    dense({ units: 1024, activation: "relu" }),
    dense({ units: 10, activation: "softmax" }),
  ]),
  cnn: classifier([64, 28, 28, 1], () => [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu", inputShape: [28, 28, 1] }),
    maxPool2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPool2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 128, activation: "relu" }),
    dense({ units: 10, activation: "softmax" }),
  ]),
  lstm: classifier([64, 28, 28], () => [
    lstm({ units: 128, inputShape: [28, 28] }),
    dense({ units: 10, activation: "softmax" }),
  ]),
};

/** The loss is computed on the logits before the last activation. */
type LossName = "binaryCrossentropy" | "sparseCategoricalCrossentropy";

/** All standard steps. */
export const stepNames: readonly StepName[] = ["playground", "mlp", "mlp-wide", "cnn", "lstm"];
/** The name of a standard step. */
export type StepName = "playground" | "mlp" | "mlp-wide" | "cnn" | "lstm";

/** Whether there is a step of this name. */
export function isStepName(name: string): name is StepName {
  return Object.hasOwn(standardSteps, name);
}

/** The batch of a step, and a function that makes a fresh model for it; both come from `random.key(0)`. */
export function prepareStep(step: StepName): () => TrainingStep {
  const { layers, shape, targets, loss, optimizer } = standardSteps[step];
  const [inputKey, targetKey] = random.split(random.key(0));
  const x = random.normal(inputKey, shape);
  const y = targets(targetKey, x);
  return () => {
    const model = new Sequential({ layers: layers(), seed: 0 });
    model.compile({ optimizer: optimizer(), loss });
    return () => model.trainOnBatch(x, y).loss;
  };
}

/** A step's model applied to a batch of some size, again at each call, and the batch's shape, channels first. */
export function prepareInference(
  step: StepName,
  batch: number,
): { predict: () => Tensor; shape: readonly number[] } {
  const { layers, shape } = standardSteps[step];
  const [, ...example] = shape;
  const model = new Sequential({ layers: layers(), seed: 0 });
  const x = random.normal(random.key(0), [batch, ...example]);
  return {
    predict: () => model.predict(x, { batchSize: batch }),
    shape: [batch, ...example.slice(2), ...example.slice(0, 2)],
  };
}

/** The number of examples in the batch of a step. */
export function batchOf(step: StepName): number {
  return standardSteps[step].shape[0];
}

function classifier(shape: readonly number[], layers: () => readonly Layer[]): Standard {
  return {
    layers,
    shape,
    targets: (key) => random.randint(key, [shape[0]], 0, 10),
    loss: "sparseCategoricalCrossentropy",
    optimizer: () => adam({ learningRate: 0.001 }),
  };
}

function exclusiveOr(_key: Tensor, x: Tensor): Tensor {
  return cast(gt(mul(slice(x, [0, 0], [x.shape[0], 1]), slice(x, [0, 1], [x.shape[0], 2])), 0), "f32");
}
