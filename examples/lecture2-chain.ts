// Lecture 2, "Backpropagation": a chain of one neuron per layer, 1-1-1-1, and its gradients from right to left.
//
//     npx tsx examples/lecture2-chain.ts
import { add, div, grad, mul, sigmoid, square, sub, type Tensor } from "neurite";

const x = 0.8;
const truth = 0.2;
const parameters = { w1: 0.5, w2: -1.2, w3: 0.9, b1: 0.1, b2: 0.3, b3: -0.2 };

function cost({ w1, w2, w3, b1, b2, b3 }: typeof parameters): Tensor {
  const a2 = sigmoid(add(mul(w1, x), b1));
  const a3 = sigmoid(add(mul(w2, a2), b2));
  const a4 = sigmoid(add(mul(w3, a3), b3));
  return div(square(sub(a4, truth)), 2); // C = ½ (a⁴ − ŷ)²
}

function byHand({ w1, w2, w3, b1, b2, b3 }: typeof parameters): Record<string, number> {
  const g = (z: number): number => 1 / (1 + Math.exp(-z));
  const slope = (a: number): number => a * (1 - a); // g′(z), where a = g(z)
  const a1 = x;
  const a2 = g(w1 * a1 + b1);
  const a3 = g(w2 * a2 + b2);
  const a4 = g(w3 * a3 + b3);
  const δ4 = (a4 - truth) * slope(a4); // the last layer
  const δ3 = δ4 * w3 * slope(a3); // the layers before: δˡ = δˡ⁺¹ wˡ g′(zˡ)
  const δ2 = δ3 * w2 * slope(a2);
  return { w1: δ2 * a1, w2: δ3 * a2, w3: δ4 * a3, b1: δ2, b2: δ3, b3: δ4 };
}

const computed: Record<string, Tensor> = grad(cost)(parameters);
console.log("derivative of C by   computed    by hand");
for (const [name, expected] of Object.entries(byHand(parameters))) {
  const columns = [computed[name].item(), expected].map((value) => value.toFixed(6).padStart(9));
  console.log(name.padEnd(18), ...columns);
}
