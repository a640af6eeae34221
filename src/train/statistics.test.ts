import { expect, test } from "vitest";
import "../../test/on-reference.ts";
import { dense, dropout, flatten } from "../nn/index.ts";
import { adam, chain, movingAverage, sgd } from "../optim/index.ts";
import { random, type Tensor } from "../tensor/index.ts";
import { layerStatistics, Sequential } from "./index.ts";

// z = xW + b with one unit that is never positive; the loss is the mean of (a₁ + a₂ − y)².
function smallModel(): Sequential {
  const model = new Sequential({ dtype: "f64" });
  model.add(dense({ units: 2, activation: "relu", inputShape: [1], name: "hidden" }));
  model.add(dense({ units: 1, name: "output" }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  model.setWeights({
    "hidden.weights": [[1, 1]],
    "hidden.biases": [0, -10],
    "output.weights": [[1], [1]],
    "output.biases": [0],
  });
  return model;
}

test("the statistics of layers are those of the formulas", () => {
  const rows = layerStatistics(smallModel(), [[1], [3]], [[0], [1]]);
  // a = (1, 0) and (3, 0); δ of the output 2(ŷ − y) = 2 and 4, and so for the hidden unit that is on
  const outputSlope = Math.sqrt((2 ** 2 + 4 ** 2) / 2);
  const hiddenSlope = Math.sqrt((2 ** 2 + 4 ** 2) / 4);
  expect(rows.map(({ layer }) => layer)).toEqual(["hidden", "output"]);
  const [hidden, output] = rows;
  expect(hidden.mean).toBeCloseTo(1, 12);
  expect(hidden.deviation).toBeCloseTo(Math.sqrt((0 + 1 + 4 + 1) / 4), 12);
  expect(hidden.deadUnits).toBe(0.5);
  expect(hidden.gradient).toBeCloseTo(hiddenSlope, 12);
  expect(hidden.relativeGradient).toBeCloseTo(hiddenSlope / outputSlope, 12);
  expect(output).toMatchObject({ mean: 2, deviation: 1, deadUnits: 0, relativeGradient: 1 });
  expect(output.gradient).toBeCloseTo(outputSlope, 12);
});

test("the δ of a softmax with its cross-entropy is p − t", () => {
  const model = new Sequential({
    dtype: "f64",
    layers: [dense({ units: 3, activation: "softmax", inputShape: [2], name: "output" })],
  });
  model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });
  const { marks, gradients } = model.observe([[1, 2]], [[0, 1, 0]]);
  const [p1, p2, p3] = marks["output/a"].dataSync();
  const slopes = gradients["output/z"].dataSync();
  for (const [i, wanted] of [p1, p2 - 1, p3].entries()) expect(slopes[i]).toBeCloseTo(wanted, 12);
});

test("gradients vanish on the way back through sigmoids of small weights, and explode through large ones", () => {
  const deep = (scale: number, activation: "sigmoid" | "linear"): number[] => {
    const model = new Sequential({ seed: 1 });
    for (let i = 0; i < 6; i++)
      model.add(dense({ units: 8, activation, inputShape: [8], name: `layer${i}` }));
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const weights = Object.entries(model.getWeights()).map(([path, value]): [string, Tensor] => [
      path,
      path.endsWith("weights")
        ? random.uniform(random.key(7), value.shape, { minimum: -scale, maximum: scale })
        : value,
    ]);
    model.setWeights(Object.fromEntries(weights));
    const x = random.normal(random.key(3), [16, 8]);
    return layerStatistics(model, x, x).map(({ relativeGradient }) => relativeGradient);
  };
  const vanishing = deep(0.5, "sigmoid");
  expect(vanishing[0]).toBeLessThan(1e-3);
  expect(vanishing).toEqual([...vanishing].sort((a, b) => a - b));
  expect(deep(3, "linear")[0]).toBeGreaterThan(100);
});

test("an observation learns nothing, and a model without activations has no statistics", () => {
  const model = smallModel();
  const { loss, marks, gradients } = model.observe([[1], [3]], [[0], [1]]);
  expect(loss.item()).toBeCloseTo((1 + 4) / 2, 12);
  expect(marks["hidden/z"].toArray()).toEqual([[1, -9], [3, -7]]); // biome-ignore format: a matrix
  expect(gradients["output/z"].toArray()).toEqual([[1], [2]]);
  expect(model.getWeights()["output.biases"].item()).toBe(0);
  const plain = new Sequential({ layers: [flatten({ inputShape: [2] }), dropout({ rate: 0.5 })] });
  plain.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  expect(() => layerStatistics(plain, [[1, 2]], [[1, 2]])).toThrow(/no layer marks its activation/);
});

test("averaged weights are those of the formula, and can be taken", () => {
  const model = new Sequential({
    dtype: "f64",
    layers: [dense({ units: 1, inputShape: [1], name: "line" })],
  });
  const optimizer = chain(sgd({ learningRate: 0.1 }), movingAverage({ momentum: 0.5 }));
  model.compile({ optimizer, loss: "meanSquaredError" });
  const path: number[] = [];
  for (let i = 0; i < 3; i++) {
    model.trainOnBatch([[1], [2]], [[3], [5]]);
    path.push(model.getWeights()["line.weights"].item());
  }
  const average = path.slice(1).reduce((sum, weight) => 0.5 * sum + 0.5 * weight, path[0]);
  const averaged = model.getAveragedWeights();
  expect(averaged["line.weights"].item()).toBeCloseTo(average, 12);
  model.setWeights(averaged);
  expect(model.getWeights()["line.weights"].item()).toBeCloseTo(average, 12);
  model.compile({ optimizer: adam(), loss: "meanSquaredError" });
  expect(() => model.getAveragedWeights()).toThrow(/movingAverage among its stages/);
});
