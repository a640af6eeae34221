// Lecture 4 on MNIST: convolutions with dropout (6 epochs), the same with data augmentation (15), or an LSTM that reads an
// image row by row (6). The folder holds MNIST's four idx files; what is missing is downloaded (11.6 MB) and checked.
//
//     npx tsx examples/mnist.ts data/mnist cnn 6
import { loadMnist } from "neurite/data";
import * as nn from "neurite/nn";
import { adam, cosineDecay } from "neurite/optim";
import { Sequential } from "neurite/train";

const [folder = "data/mnist", network = "cnn", epochs = "6", seed = "0"] = process.argv.slice(2);
const inputShape = [28, 28, 1];

const convolutions = [
  nn.conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu", inputShape, name: "conv1" }),
  nn.maxPool2d({ poolSize: 2 }),
  nn.conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu", name: "conv2" }),
  nn.maxPool2d({ poolSize: 2 }),
  nn.flatten(),
  nn.dropout({ rate: 0.25 }),
  nn.dense({ units: 128, activation: "relu", name: "hidden" }),
  nn.dropout({ rate: 0.5 }),
];
const augmentation = [
  nn.randomRotation({ factor: 10 / 360, fillMode: "constant", inputShape }),
  nn.randomTranslation({ heightFactor: 0.08, widthFactor: 0.08, fillMode: "constant" }),
  nn.randomZoom({ heightFactor: 0.1, fillMode: "constant" }),
];
const networks: Record<string, nn.Layer[]> = {
  cnn: convolutions,
  augmented: [...augmentation, ...convolutions],
  lstm: [nn.reshape({ targetShape: [28, 28], inputShape }), nn.lstm({ units: 128 })],
};

if (folder.startsWith("-") || !Object.hasOwn(networks, network) || !(Number(epochs) > 0)) {
  console.error(`npx tsx examples/mnist.ts [folder] [${Object.keys(networks).join("|")}] [epochs] [seed]`);
  process.exit(2);
}

const { xTrain, yTrain, xTest, yTest } = await loadMnist(folder, { download: true });
const batchSize = 64;
const decaySteps = Number(epochs) * Math.ceil(xTrain.shape[0] / batchSize);

const model = new Sequential({ seed: Number(seed), layers: networks[network] });
model.add(nn.dense({ units: 10, activation: "softmax", name: "output" }));
model.compile({
  optimizer: adam({ learningRate: cosineDecay({ initialLearningRate: 0.002, decaySteps }) }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
await model.fit(xTrain, yTrain, { epochs: Number(epochs), batchSize });
const { accuracy } = await model.evaluate(xTest, yTest, { batchSize: 500 });
console.log(`test accuracy ${accuracy.toFixed(4)}`);
