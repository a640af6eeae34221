import { digits, type Split, type Table, trainTestSplit } from "../data/index.ts";
import { conv2d, dense, dropout, flatten, maxPool2d } from "../nn/index.ts";
import { adam } from "../optim/index.ts";
import { random } from "../tensor/index.ts";
import { Sequential } from "../train/index.ts";
import type { Classification } from "./task.ts";

const side = 8;
const heldOut = 360;
/** The source's pixels go from 0 to 16. */
const fullInk = 16;
const pixelNames = Array.from({ length: side * side }, (_, i) => `pixel_${Math.floor(i / side)}_${i % side}`);

/** The digits divided by seed: 360 are held out, of each digit its share. */
export async function divideDigits(seed: number): Promise<Split> {
  const { images, labels } = await digits();
  return trainTestSplit(images, labels, { key: random.key(seed), testSize: heldOut, stratify: true });
}

/** The digits held out by a seed as a table: a column for each pixel, and the digit. */
export async function heldOutDigits(seed: number): Promise<Table> {
  const { xTest, yTest } = await divideDigits(seed);
  const [pixels, labels] = [xTest.dataSync(), yTest.dataSync()];
  const columns = pixelNames.map((name, pixel) => {
    const values = Float64Array.from(labels, (_, row) => pixels[row * side * side + pixel] * fullInk);
    return { kind: "number" as const, name, values };
  });
  const digit = { kind: "number" as const, name: "digit", values: Float64Array.from(labels) };
  return { columns: [...columns, digit], lines: Array.from(labels, (_, row) => row + 2) };
}

/** What a model of the digits is trained for. */
export function digitsTask(seed: number): Classification {
  return {
    kind: "classification",
    target: "digit",
    features: pixelNames.map((name) => ({ name })),
    means: pixelNames.map(() => 0),
    deviations: pixelNames.map(() => fullInk),
    inputShape: [side, side, 1],
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    shipped: { name: "digits", seed },
  };
}

/** A small convolutional network for images of 8 × 8 pixels. */
export function digitsModel(seed: number): Sequential {
  const model = new Sequential({ seed });
  const convolution = { kernelSize: 3, padding: "same", activation: "relu" } as const;
  model.add(conv2d({ filters: 32, ...convolution, inputShape: [side, side, 1] }));
  model.add(maxPool2d({ poolSize: 2 }));
  model.add(conv2d({ filters: 64, ...convolution }));
  model.add(maxPool2d({ poolSize: 2 }));
  model.add(flatten());
  model.add(dropout({ rate: 0.4 }));
  model.add(dense({ units: 10, activation: "softmax", name: "output" }));
  model.compile({
    optimizer: adam({ learningRate: 0.002 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}
