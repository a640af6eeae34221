// Lecture 3, "Autodiff": the gradient of a loss with respect to W and b, as in JAX.
//
//     npx tsx examples/lecture3-jax.ts
import { add, grad, log, matmul, mul, neg, sigmoid, sub, sum, type Tensor, tensor } from "neurite";

const inputs = tensor([
  [0.5, 1.2, -0.3],
  [0.9, -1.0, 0.1],
  [-0.4, 0.3, 1.1],
  [0.7, -2.1, 1.4],
]);
const targets = tensor([1, 1, 0, 1]);

function predict(W: Tensor, b: Tensor, inputs: Tensor): Tensor {
  return sigmoid(add(matmul(inputs, W), b));
}

function loss(W: Tensor, b: Tensor): Tensor {
  const preds = predict(W, b, inputs);
  const labelProbs = add(mul(preds, targets), mul(sub(1, preds), sub(1, targets)));
  return neg(sum(log(labelProbs)));
}

const W = tensor([0.3, -0.6, 0.2]);
const b = tensor(0.1);
const [WGrad, bGrad] = grad(loss, [0, 1])(W, b);
console.log("loss", loss(W, b));
console.log("W_grad", WGrad);
console.log("b_grad", bGrad);
