// The standard training steps in TensorFlow.js on its WebAssembly backend, to be run side by side with
// `npm run bench -- steps`:
//
//     node tfjs-steps.mjs [--threads 1] [--only mlp,lstm] [--json | --paced]
//
// One step is `model.trainOnBatch` on one fixed batch, with the loss read back. A figure is the minimum over
// five rounds of the mean step time. SIMD is on; in Node this backend has one thread only. With --paced the program
// prints what is known after the preparation and after each round, as JSON, and waits there for a line.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
const { layers, sequential } = tf;

const ROUNDS = 5;
const ROUND_MILLISECONDS = 600;
const LOSS_STEPS = 50;

const { values: options } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    paced: { type: "boolean", default: false },
  },
});

const dense = (sizes, activation) =>
  sequential({
    layers: sizes.slice(1).map((units, i) =>
      layers.dense({
        units,
        activation: i === sizes.length - 2 ? "linear" : activation,
        ...(i === 0 && { inputShape: [sizes[0]] }),
      }),
    ),
  });

const lstm = () =>
  sequential({
    layers: [
      // Not the orthogonal default, whose QR decomposition takes long here; a step's time is the same.
      layers.lstm({
        units: 128,
        inputShape: [28, 28],
        recurrentActivation: "sigmoid",
        recurrentInitializer: "glorotUniform",
      }),
      layers.dense({ units: 10 }),
    ],
  });

const conv = (filters, more) =>
  layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu", ...more });

const cnn = () =>
  sequential({
    layers: [
      conv(32, { inputShape: [28, 28, 1] }),
      layers.maxPooling2d({ poolSize: 2 }),
      conv(64),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 128, activation: "relu" }),
      layers.dense({ units: 10 }),
    ],
  });

const binaryCrossEntropy = (labels, logits) => tf.losses.sigmoidCrossEntropy(labels, logits);
const softmaxCrossEntropy = (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits);

const exclusiveOr = (x) =>
  tf.tidy(() => {
    const [x0, x1] = tf.split(x, 2, 1);
    return x0.mul(x1).greater(0).toFloat();
  });
// One-hot: trainOnBatch takes integer labels for one of its own losses only, which wants probabilities.
const digits = (x) => tf.tidy(() => tf.oneHot(tf.randomUniformInt([x.shape[0]], 0, 10, 1), 10).toFloat());

const sgd = () => tf.train.sgd(0.03);
const adam = () => tf.train.adam(1e-3, 0.9, 0.999, 1e-7);

const STEPS = {
  playground: {
    build: () => dense([2, 8, 8, 1], "tanh"),
    shape: [32, 2],
    targets: exclusiveOr,
    optimizer: sgd,
    loss: binaryCrossEntropy,
  },
  mlp: {
    build: () => dense([784, 128, 10], "relu"),
    shape: [128, 784],
    targets: digits,
    optimizer: adam,
    loss: softmaxCrossEntropy,
  },
  "mlp-wide": {
    build: () => dense([784, 1024, 1024, 10], "relu"),
    shape: [256, 784],
    targets: digits,
    optimizer: adam,
    loss: softmaxCrossEntropy,
  },
  cnn: { build: cnn, shape: [64, 28, 28, 1], targets: digits, optimizer: adam, loss: softmaxCrossEntropy },
  lstm: { build: lstm, shape: [64, 28, 28], targets: digits, optimizer: adam, loss: softmaxCrossEntropy },
};

async function meanTime(step, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) await step();
  return (performance.now() - start) / count;
}

/** Warms the engine up, and returns how many steps make a round. */
async function stepsPerRound(step) {
  let count = 1;
  for (;;) {
    const milliseconds = (await meanTime(step, count)) * count;
    if (milliseconds >= ROUND_MILLISECONDS / 2)
      return Math.max(1, Math.round((count * ROUND_MILLISECONDS) / milliseconds));
    count *= 2;
  }
}

/** Yields the result so far: after the preparation, without a time, and after each round. */
async function* measure(name) {
  const { build, shape, targets: makeTargets, optimizer, loss } = STEPS[name];
  const model = build();
  model.compile({ optimizer: optimizer(), loss });
  const inputs = tf.randomNormal(shape, 0, 1, "float32", 0);
  const targets = makeTargets(inputs);
  const step = () => model.trainOnBatch(inputs, targets);

  const losses = [];
  for (let i = 0; i < LOSS_STEPS; i++) losses.push(await step());
  const count = await stepsPerRound(step);
  const result = { ms: null, compileMs: 0, loss0: losses[0], loss50: losses[LOSS_STEPS - 1] };
  yield result;
  for (let round = 0; round < ROUNDS; round++) {
    const ms = await meanTime(step, count);
    result.ms = Math.min(result.ms ?? Number.POSITIVE_INFINITY, Number(ms.toPrecision(4)));
    yield result;
  }
}

function print(result) {
  if (options.json || options.paced) return console.log(JSON.stringify(result));
  const { step, error, ms, loss0, loss50 } = result;
  const figures = error ?? `${String(ms).padStart(9)} ms  loss ${loss0.toFixed(4)} -> ${loss50.toFixed(4)}`;
  console.log(`${step.padEnd(12)} ${figures}`);
}

const names = options.only.split(",").filter((name) => name !== "");
const unknown = names.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(", ")}; there are ${Object.keys(STEPS).join(", ")}`);
  process.exit(1);
}

const threads = Number(options.threads);
setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"));
if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")))
  throw new Error("this engine has no SIMD in WebAssembly");
tf.enableProdMode();
await tf.setBackend("wasm");

const lines = options.paced ? createInterface({ input: process.stdin })[Symbol.asyncIterator]() : undefined;

measuring: for (const step of names.length > 0 ? names : Object.keys(STEPS)) {
  const about = { step, device: "tfjs-wasm", threads };
  try {
    if (threads !== 1) throw new Error("TensorFlow.js runs WebAssembly on one thread in Node");
    let last;
    for await (const result of measure(step)) {
      last = { ...about, ...result };
      if (lines === undefined) continue;
      print(last);
      if ((await lines.next()).done) break measuring;
    }
    if (lines === undefined) print(last);
  } catch (error) {
    print({ ...about, error: error.message.split("\n")[0] });
  }
}
process.stdin.destroy();
