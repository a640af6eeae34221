import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import {
  add,
  conv,
  exp,
  jit,
  logSoftmax,
  matmul,
  max,
  maxPool,
  mean,
  mul,
  random,
  relu,
  reshape,
  scan,
  setDevice,
  setThreads,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  valueAndGrad,
  zeros,
} from "./index.ts";
import { nativeObstacle } from "./native-device.ts";

const obstacle = nativeObstacle();
if (obstacle !== undefined) console.log(`threads are not tested: no native device here: ${obstacle}`);

const key = random.key(5);
const normal = (fold: number, ...shape: number[]): Tensor => random.normal(random.foldIn(key, fold), shape);

function step([k, W, b]: readonly Tensor[], x: Tensor, y: Tensor): Tensor[] {
  const loss = (parameters: readonly Tensor[]): Tensor => {
    const [k, W, b] = parameters;
    const features = maxPool(relu(conv(x, k, { padding: "same" })), 2);
    const logits = add(matmul(reshape(features, [x.shape[0], -1]), W), b);
    return mean(sub(0, sum(mul(logSoftmax(logits), y), { axis: -1 })));
  };
  const [value, gradients] = valueAndGrad(loss)([k, W, b]);
  return [value, ...[k, W, b].map((weights, i) => sub(weights, mul(gradients[i], 0.1)))];
}

const programs: Readonly<Record<string, () => Tensor[]>> = {
  "a convolutional step": () => {
    const weights = [normal(1, 3, 3, 4, 16), normal(2, 14 * 14 * 16, 10), normal(3, 10)];
    return jit(step)(weights, normal(4, 24, 28, 28, 4), normal(5, 24, 10));
  },
  "products in every transposition": () => {
    const [x, y] = [normal(1, 257, 300), normal(2, 300, 129)];
    return jit(() => {
      const z = matmul(x, y);
      return [z, matmul(transpose(y), transpose(x)), matmul(transpose(x), z), matmul(z, transpose(y))];
    })();
  },
  "long loops and reductions": () => {
    const x = normal(1, 100_003);
    const rows = normal(2, 1000, 97);
    return jit(() => [
      mul(tanh(x), exp(x)),
      sum(x),
      sum(rows, { axis: 0 }),
      max(rows, { axis: 1 }),
      random.uniform(key, [50_000]),
    ])();
  },
  "a scan and its gradients": () => {
    const loss = ([U, W]: readonly Tensor[], xs: Tensor): Tensor => {
      const next = (h: Tensor, x: Tensor): Tensor => tanh(add(matmul(x, U), matmul(h, W)));
      const [last, sums] = scan((h, x) => [next(h, x), sum(next(h, x))], zeros([64, 128]), xs);
      return add(sum(last), sum(sums));
    };
    const weights = [normal(1, 100, 128), mul(normal(2, 128, 128), 0.1)];
    const [value, gradients] = jit(valueAndGrad(loss))(weights, normal(3, 12, 64, 100));
    return [value, ...gradients];
  },
};

const tested = obstacle === undefined ? ["wasm", "native"] : ["wasm"];

describe.each(tested)("threads on %s", (device) => {
  afterAll(() => setThreads(1));

  test.each(Object.keys(programs))("%s: the same bits on 1, 2, 3 and 5 threads, and again", (name) => {
    setDevice(device);
    const bits = (threads: number): string[] => {
      setThreads(threads);
      return programs[name]().map((tensor) => createHash("sha256").update(tensor.dataSync()).digest("hex"));
    };
    const single = bits(1);
    for (const threads of [2, 3, 5, 5, 2, 1]) expect(bits(threads)).toEqual(single);
  });
});

test("a number of threads is a whole number", () => {
  for (const count of [0, -1, 1.5, 1000, Number.NaN]) expect(() => setThreads(count)).toThrow(/from 1 to 64/);
});
