// Lecture 3, "Takeaways": loss and gradient cost a time that is linear in the number of parameters. Networks h-h-h-1 of
// growing h, for one example, and for each of 128 that go through together. The best of several rounds that take turns.
//
//     npx tsx examples/cost.ts
import { add, jit, matmul, mean, random, sigmoid, square, type Tensor, valueAndGrad, zeros } from "neurite";

const [largest = 1024, rounds = 9] = process.argv.slice(2).map(Number);
const batches = [1, 128];

type Weights = { W: Tensor; b: Tensor }[];

function loss(weights: Weights, x: Tensor): Tensor {
  const output = weights.reduce((v, { W, b }) => sigmoid(add(matmul(v, W), b)), x);
  return mean(square(output));
}
const step = jit(valueAndGrad(loss));

interface Case {
  readonly parameters: number;
  readonly runs: (() => void)[];
  readonly milliseconds: number[];
}

const cases: Case[] = [];
for (let h = 32; h <= largest; h *= 2) {
  const sizes = [h, h, h, 1];
  const weights = sizes.slice(1).map((out, i) => ({
    W: random.normal(random.key(i), [sizes[i], out]),
    b: zeros([out]),
  }));
  const runs = batches.map((batch) => {
    const x = random.normal(random.key(9), [batch, h]);
    return () => void step(weights, x)[0].item();
  });
  for (const run of runs) run(); // compiles
  cases.push({ parameters: 2 * h * (h + 1) + h + 1, runs, milliseconds: batches.map(() => Infinity) });
}

for (let round = 0; round < rounds; round++) {
  for (const { runs, milliseconds } of cases) {
    for (const [i, run] of runs.entries()) {
      const start = performance.now();
      let count = 0;
      for (; performance.now() - start < 40 || count < 3; count++) run();
      milliseconds[i] = Math.min(milliseconds[i], (performance.now() - start) / count);
    }
  }
}

console.log("parameters    one example, a parameter    one of 128, a parameter");
for (const { parameters, milliseconds } of cases) {
  const columns = batches.map((batch, i) => {
    const microseconds = (1000 * milliseconds[i]) / batch;
    const each = ((1000 * microseconds) / parameters).toFixed(3);
    return `${microseconds.toFixed(2).padStart(11)} µs ${each.padStart(8)} ns`;
  });
  console.log(parameters.toLocaleString("en").padStart(10), ...columns);
}
