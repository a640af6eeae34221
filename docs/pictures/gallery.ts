/** Draws the pictures of docs/pictures.md: `npx tsx docs/pictures/gallery.ts` */
import { writeFileSync } from "node:fs";
import { diabetes, digits, Standardizer, spiral, trainTestSplit } from "../../src/data/index.ts";
import {
  add,
  grad,
  jit,
  matmul,
  mean,
  mul,
  random,
  sigmoid,
  slice,
  square,
  squeeze,
  sub,
  type Tensor,
  tanh,
  withMarks,
  withScope,
  zeros,
} from "../../src/index.ts";
import { confusionMatrix } from "../../src/metrics/index.ts";
import {
  activation,
  batchNormalization,
  connect,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool2d,
  input,
  maxPool2d,
  merge,
  residual,
} from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { Model, Sequential } from "../../src/train/index.ts";
import {
  drawArchitecture,
  drawConfusionMatrix,
  drawDecisionBoundary,
  drawFeatureMaps,
  drawFilters,
  drawGradientNorms,
  drawLearningCurves,
  drawMisclassified,
  drawProgram,
  drawResiduals,
  planeAround,
  type Stage,
} from "../../src/viz/index.ts";

function write(name: string, svg: string): void {
  writeFileSync(new URL(`${name}.svg`, import.meta.url), svg);
}

const { images, labels } = await digits();
const division = { testSize: 360, key: random.key(0), stratify: true };
const { xTrain, yTrain, xTest, yTest } = trainTestSplit(images, labels, division);
const first = conv2d({
  filters: 16,
  kernelSize: 3,
  activation: "relu",
  inputShape: [8, 8, 1],
  name: "edges",
});
const model = new Sequential({
  layers: [
    first,
    maxPool2d({ poolSize: 2 }),
    flatten(),
    dropout({ rate: 0.3 }),
    dense({ units: 10, activation: "softmax", name: "output" }),
  ],
});
model.compile({
  optimizer: adam({ learningRate: 0.003 }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
const history = await model.fit(xTrain, yTrain, { epochs: 20, validationData: [xTest, yTest], verbose: 0 });
write("learning-curves", await drawLearningCurves(history));

const probabilities = model.predict(xTest);
write("confusion-matrix", await drawConfusionMatrix(confusionMatrix(probabilities, yTest)));
write("misclassified", drawMisclassified(xTest, probabilities, yTest, { most: 8 }));

const weights = model.getWeights();
write("filters", drawFilters(weights["edges.weights"]));
const params = { weights: weights["edges.weights"], biases: weights["edges.biases"] };
const { marks } = withMarks((x: Tensor) => first.apply({ params, state: {} }, [x]).outputs[0])(
  slice(xTest, [0], [1]),
);
write("feature-maps", drawFeatureMaps(squeeze(marks.a, 0)));
write("architecture", drawArchitecture(model));

/** A photograph through a residual block, and what is known of it, lead to a price and a kind. */
const [photograph, facts] = [
  input({ shape: [32, 32, 3], name: "photograph" }),
  input({ shape: [4], name: "facts" }),
];
const convolution = (filters: number, strides: number) =>
  conv2d({ filters, strides, kernelSize: 3, padding: "same", useBias: false });
const body = [
  ...[convolution(16, 2), batchNormalization(), activation("relu")],
  ...[convolution(16, 1), batchNormalization()],
];
const shortcut = [conv2d({ filters: 16, kernelSize: 1, strides: 2, useBias: false })];
const seen = connect(photograph, residual(body, { shortcut, name: "block" }), globalAvgPool2d());
const known = connect(facts, dense({ units: 8, activation: "relu", name: "hidden" }));
const both = connect([seen, known], merge.concatenate());
const price = connect(both, dense({ units: 1, name: "price" }));
const kind = connect(both, dense({ units: 3, activation: "softmax", name: "kind" }));
write(
  "architecture-graph",
  drawArchitecture(new Model({ inputs: [photograph, facts], outputs: [price, kind] })),
);

const patients = await diabetes();
const part = trainTestSplit(patients.x, patients.y, { testSize: 0.2, key: random.key(0) });
const inputs = Standardizer.fit(part.xTrain);
const line = new Sequential();
line.add(dense({ units: 1, inputShape: [10] }));
line.compile({ optimizer: adam({ learningRate: 1 }), loss: "meanSquaredError" });
await line.fit(inputs.transform(part.xTrain), part.yTrain, { epochs: 50, verbose: 0 });
const progression = line.predict(inputs.transform(part.xTest)).dataSync();
write("residuals", await drawResiduals(part.yTest.dataSync(), progression, { quantity: "progression" }));

const points = spiral(random.key(0), { examples: 200, noise: 0.05 });
const plane = planeAround(points.x);
const twoLayers = new Sequential({
  layers: [
    dense({ units: 32, activation: "tanh", inputShape: [2], name: "hidden" }),
    dense({ units: 32, activation: "tanh", name: "hidden2" }),
    dense({ units: 1, activation: "sigmoid", name: "output" }),
  ],
});
twoLayers.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "binaryCrossentropy" });
const stages: Stage[] = [];
for (let step = 0; step <= 500; step++) {
  if ([20, 100, 500].includes(step)) {
    stages.push({ title: `after ${step} steps`, outputs: twoLayers.predict(plane.places) });
  }
  twoLayers.trainOnBatch(points.x, points.y);
}
write("decision-boundary", await drawDecisionBoundary(plane, stages, points.x, points.y));

/** Six layers of sigmoids: the gradient vanishes on the way back, a factor of at most 1/4 at each. */
const depth = 6;
const deep = (layers: readonly Tensor[], x: Tensor): Tensor =>
  mean(
    square(
      sub(
        layers.reduce((h, W) => sigmoid(matmul(h, W)), x),
        1,
      ),
    ),
  );
const slope = jit(grad(deep));
let layers: Tensor[] = Array.from({ length: depth }, (_, i) =>
  mul(random.normal(random.key(i), [16, 16]), 0.5),
);
const norms: Record<string, number[]> = {};
const x = random.normal(random.key(99), [64, 16]);
for (let step = 0; step < 60; step++) {
  const gradients = slope(layers, x);
  gradients.forEach((gradient, i) => {
    const name = `layer ${i + 1}`;
    norms[name] ??= [];
    norms[name].push(Math.hypot(...gradient.dataSync()));
  });
  layers = layers.map((W, i) => sub(W, gradients[i]));
}
write("gradient-norms", await drawGradientNorms(norms));

const network = (W1: Tensor, W2: Tensor, x: Tensor): Tensor => {
  const hidden = withScope("hidden", () => tanh(add(matmul(x, W1), 1)));
  return withScope("output", () => mean(matmul(hidden, W2)));
};
const lowered = jit((W1: Tensor, W2: Tensor, x: Tensor) => grad(network, [0, 1])(W1, W2, x));
write("program", drawProgram(lowered.lower(zeros([4, 8]), zeros([8, 1]), zeros([32, 4])).program));
