// Trains a network on xor, then multiplies matrices on two threads, and prints the numbers: one program, and the same numbers
// in every JavaScript runtime.
import { jit, matmul, random, setDevice, setThreads } from "neurite";
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

const product = jit((x) => matmul(matmul(x, x), x));
const matrix = random.normal(random.key(0), [300, 300]);
const products = [];
for (const threads of [1, 2]) {
  setThreads(threads);
  // The second thread starts while the first one works.
  for (let run = 0; run < 20; run++) {
    products.push([...(await product(matrix).data())]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const [first] = products;
const same = products.every((numbers) => numbers.every((number, k) => Object.is(number, first[k])));

console.log(
  JSON.stringify({
    runtime: globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node}`,
    loss,
    predictions: [...predictions],
    product: first.slice(0, 100),
    threadsAgree: same,
  }),
);
