// Trains a network on xor and prints the numbers: one program, and the same numbers in every JavaScript runtime.
import {
  add,
  jit,
  matmul,
  mean,
  mul,
  random,
  setDevice,
  sigmoid,
  square,
  sub,
  tanh,
  tensor,
  valueAndGrad,
  zeros,
} from "neurite";

setDevice("wasm");

const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([[0], [1], [1], [0]]);

const predict = ([W1, b1, W2, b2]) => sigmoid(add(matmul(tanh(add(matmul(x, W1), b1)), W2), b2));
const loss = (parameters) => mean(square(sub(predict(parameters), y)));
const step = jit((parameters) => {
  const [value, gradient] = valueAndGrad(loss)(parameters);
  return [value, parameters.map((p, k) => sub(p, mul(2, gradient[k])))];
});

const [hiddenKey, outputKey] = random.split(random.key(0));
let parameters = [random.normal(hiddenKey, [2, 8]), zeros([8]), random.normal(outputKey, [8, 1]), zeros([1])];
let value;
for (let k = 0; k < 500; k++) [value, parameters] = step(parameters);

console.log(
  JSON.stringify({
    runtime: globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node}`,
    loss: value.item(),
    predictions: [...predict(parameters).dataSync()],
  }),
);
