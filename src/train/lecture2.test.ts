// Lecture 2: the steps of "Backpropagation allgemein" for a multi-layer perceptron, by hand, and what training does with them.
import { expect, test } from "vitest";
import { dense } from "../nn/index.ts";
import { sgd } from "../optim/index.ts";
import {
  div,
  matmul,
  mul,
  outer,
  random,
  sigmoid,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import { Sequential } from "./index.ts";

const normal = (seed: number, ...shape: number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "f64" });

const slope = (a: Tensor): Tensor => mul(a, sub(1, a)); // g′(z), where a = g(z) = sigmoid z

test("Backpropagation allgemein I to VI: δᴸ, δˡ = (wˡ)ᵀ δˡ⁺¹ ∘ g′(zˡ), ∇ = δˡ⁺¹ (aˡ)ᵀ, and w := w − LR ∇", () => {
  const model = new Sequential({ dtype: "f64", seed: 3 });
  model.add(dense({ units: 4, activation: "sigmoid", inputShape: [2], name: "layer2" }));
  model.add(dense({ units: 3, activation: "sigmoid", name: "layer3" }));
  model.add(dense({ units: 2, activation: "sigmoid", name: "layer4" }));
  const loss = (a4: Tensor, truth: Tensor): Tensor => div(sum(square(sub(a4, truth))), 2);
  model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss });
  const before = model.getWeights();
  const [a1, truth] = [normal(1, 2), normal(2, 2)];

  // The lecture's wˡ has a row for each neuron of the layer behind it.
  const [w1, w2, w3] = ["layer2", "layer3", "layer4"].map((name) => transpose(before[`${name}.weights`]));
  const a2 = sigmoid(matmul(w1, a1)); // biases begin at 0
  const a3 = sigmoid(matmul(w2, a2));
  const a4 = sigmoid(matmul(w3, a3));
  const δ4 = mul(sub(a4, truth), slope(a4));
  const δ3 = mul(matmul(transpose(w3), δ4), slope(a3));
  const δ2 = mul(matmul(transpose(w2), δ3), slope(a2));
  const LR = 0.5;

  model.trainOnBatch([[...a1.dataSync()]], [[...truth.dataSync()]]);
  const after = model.getWeights();
  const layers: [name: string, w: Tensor, a: Tensor, δ: Tensor][] = [
    ["layer2", w1, a1, δ2],
    ["layer3", w2, a2, δ3],
    ["layer4", w3, a3, δ4],
  ];
  for (const [name, w, a, δ] of layers) {
    expectClose(transpose(after[`${name}.weights`]), sub(w, mul(outer(δ, a), LR)));
    expectClose(after[`${name}.biases`], mul(δ, -LR));
  }
});

function expectClose(got: Tensor, wanted: Tensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const values = wanted.dataSync();
  for (const [i, value] of got.dataSync().entries()) expect(value).toBeCloseTo(values[i], 12);
}

test("Adding Layers: a network of one neuron per layer is y = a⁴, each layer sigmoid of w a", () => {
  const model = new Sequential({ dtype: "f64" });
  for (const name of ["layer2", "layer3", "layer4"]) {
    model.add(dense({ units: 1, activation: "sigmoid", inputShape: [1], name }));
  }
  const { "layer2.weights": w1, "layer3.weights": w2, "layer4.weights": w3 } = model.getWeights();
  let a = 0.7;
  for (const w of [w1, w2, w3]) a = 1 / (1 + Math.exp(-w.item() * a));
  expect(model.predict([[0.7]]).item()).toBeCloseTo(a, 12);
});

test("Combining the Neurons to a Network: Z = W X, Y = sigmoid(Z), with a column of weights for each neuron", () => {
  const model = new Sequential({ dtype: "f64" });
  model.add(dense({ units: 2, activation: "sigmoid", inputShape: [2], name: "neurons" }));
  const [w11, w12, w21, w22] = [0.5, -1, 0.25, 2]; // wᵢⱼ runs from xᵢ to neuron j
  model.setWeights({ "neurons.weights": [[w11, w12], [w21, w22]] }); // biome-ignore format: a matrix
  const [x1, x2] = [0.3, -0.8];
  const Z = [w11 * x1 + w21 * x2, w12 * x1 + w22 * x2];
  const Y = model.predict([[x1, x2]]).dataSync();
  for (const [i, z] of Z.entries()) expect(Y[i]).toBeCloseTo(1 / (1 + Math.exp(-z)), 12);
});
