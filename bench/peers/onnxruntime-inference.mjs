// Times networks in onnxruntime, for `npm run bench -- inference`:
//
//     node onnxruntime-inference.mjs THREADS DIRECTORY
//
// It answers requests such as ["mlp", [128, 784]] with milliseconds for DIRECTORY/mlp.onnx on inputs of that shape; the
// clock is that of bench/clock.ts.

import { join } from "node:path";
import { createInterface } from "node:readline";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [, , threads, directory] = process.argv;
const sessions = new Map();

async function prepare(name, shape) {
  if (!sessions.has(name)) {
    const options = { intraOpNumThreads: Number(threads), interOpNumThreads: 1 };
    sessions.set(name, await InferenceSession.create(join(directory, `${name}.onnx`), options));
  }
  const session = sessions.get(name);
  const size = shape.reduce((product, extent) => product * extent);
  const x = new Tensor("float32", Float32Array.from({ length: size }, Math.random), shape);
  return () => session.run({ x });
}

function now() {
  if (Number(threads) > 1) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function timeOf(run, count) {
  const start = now();
  for (let k = 0; k < count; k++) await run();
  return now() - start;
}

async function leastTime(run) {
  let count = 1;
  let time = await timeOf(run, count);
  while (time < 2) {
    count *= 2;
    time = await timeOf(run, count);
  }
  let best = time;
  for (let spent = time; spent < 30; spent += time) {
    time = await timeOf(run, count);
    best = Math.min(best, time);
  }
  return best / count;
}

console.log("{}");
let last;
let run;
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== last) run = await prepare(...JSON.parse(line));
  last = line;
  console.log(await leastTime(run));
}
