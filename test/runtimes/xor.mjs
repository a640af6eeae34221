// Trains a network on xor and prints the numbers: one program, and the same numbers in every JavaScript runtime.
import { setDevice } from "neurite";
import { dense } from "neurite/nn";
import { adam } from "neurite/optim";
import { Sequential } from "neurite/train";

setDevice("wasm");

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [[0], [1], [1], [0]];

const model = new Sequential();
model.add(dense({ units: 8, activation: "tanh", inputShape: [2], name: "hidden" }));
model.add(dense({ units: 1, activation: "sigmoid", name: "output" }));
model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });
const { loss } = await model.fit(x, y, { epochs: 200, verbose: 0 });
const predictions = await model.predict(x).data();

console.log(
  JSON.stringify({
    runtime: globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node}`,
    loss,
    predictions: [...predictions],
  }),
);
