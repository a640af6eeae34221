// Lecture 3, "Libraries": a network with one hidden layer, defined, compiled and trained as in Keras; on real digits.
//
//     npx tsx examples/lecture3-keras.ts
import { random, reshape } from "neurite";
import { digits, trainTestSplit } from "neurite/data";
import { dense } from "neurite/nn";
import { adam } from "neurite/optim";
import { Sequential } from "neurite/train";

const { images, labels } = await digits();
const nin = 64;
const nh = 256;
const nout = 10;
const { xTrain, yTrain, xTest, yTest } = trainTestSplit(reshape(images, [images.shape[0], nin]), labels, {
  key: random.key(0),
  testSize: 360,
  stratify: true,
});

const model = new Sequential();
model.add(dense({ units: nh, inputShape: [nin], activation: "sigmoid", name: "hidden" }));
model.add(dense({ units: nout, activation: "softmax", name: "output" }));
model.summary();

model.compile({
  optimizer: adam({ learningRate: 0.001 }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});

const history = await model.fit(xTrain, yTrain, {
  epochs: 30,
  batchSize: 100,
  validationData: [xTest, yTest],
});

console.log("loss", history.loss[0].toFixed(3), "to", history.loss[29].toFixed(3));
console.log("held-out accuracy", history.valAccuracy[29].toFixed(3));
