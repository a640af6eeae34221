// Lecture 1: backpropagation in its matrix formulation, written out by hand, against the derivatives of the forward pass.
import { expect, test } from "vitest";
import { dense } from "../nn/index.ts";
import {
  add,
  dot,
  grad,
  mark,
  matmul,
  maximum,
  mul,
  neg,
  outer,
  random,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  withMarks,
} from "../tensor/index.ts";
import { Sequential } from "./index.ts";

const normal = (seed: number, ...shape: number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "f64" });

/** Layers of 3, 5 and 4 neurons and an output. Wₗ has a row for each neuron of the layer before: the lecture's W⁽ˡ⁻¹ˡ⁾. */
const weights = {
  W1: normal(1, 3, 5),
  b1: normal(2, 5),
  W2: normal(3, 5, 4),
  b2: normal(4, 4),
  v: normal(5, 4),
  c: normal(6),
};

const slope = (a: Tensor): Tensor => sub(1, square(a)); // g′(z), where a = g(z) = tanh z

function expectEqual(got: Readonly<Record<string, Tensor>>, wanted: Readonly<Record<string, Tensor>>): void {
  for (const [name, values] of Object.entries(wanted)) {
    expect([name, got[name].shape]).toEqual([name, values.shape]);
    expect(Math.max(...sub(got[name], values).dataSync().map(Math.abs)), name).toBeLessThan(1e-12);
    expect(Math.max(...values.dataSync().map(Math.abs)), name).toBeGreaterThan(1e-3);
  }
}

test("Matrix Formulation: δ⁽ˡ⁻¹⁾ = W (g′(z⁽ˡ⁾) ⊙ δ⁽ˡ⁾) and ∂ℰ/∂W = a⁽ˡ⁻¹⁾ (g′(z⁽ˡ⁾) ⊙ δ⁽ˡ⁾)ᵀ, of one data point", () => {
  const x = normal(7, 3);
  const forward = ({ W1, b1, W2, b2, v, c }: typeof weights): [a1: Tensor, a2: Tensor, y: Tensor] => {
    const a1 = mark("a1", tanh(add(matmul(transpose(W1), x), b1)));
    const a2 = mark("a2", tanh(add(matmul(transpose(W2), a1), b2)));
    return [a1, a2, mark("y", add(dot(v, a2), c))];
  };
  const { W2, v } = weights;
  const [a1, a2, y] = forward(weights);
  const t = -Math.sign(y.item()); // on the wrong side, so that there is an error
  const error = (w: typeof weights): Tensor => maximum(0, neg(mul(forward(w)[2], t))); // ℰ = max(0, −y t)

  const δy = tensor(-t, { dtype: "f64" });
  const δ2 = mul(v, δy);
  const δ1 = matmul(W2, mul(slope(a2), δ2));
  const byHand = {
    c: δy,
    v: mul(a2, δy),
    b2: mul(slope(a2), δ2),
    W2: outer(a1, mul(slope(a2), δ2)),
    b1: mul(slope(a1), δ1),
    W1: outer(x, mul(slope(a1), δ1)),
  };

  expectEqual(grad(error)(weights), byHand);
  const { gradients } = withMarks(error, { gradients: true })(weights);
  expectEqual(gradients, { y: δy, a2: δ2, a1: δ1 });
});

test("Matrix Formulation, Note: of many data points at once, with matrix-matrix products", () => {
  const X = normal(8, 6, 3); // a row for each point
  const { W1, b1, W2, b2, v, c } = weights;
  const A1 = tanh(add(matmul(X, W1), b1));
  const A2 = tanh(add(matmul(A1, W2), b2));
  const y = add(matmul(A2, v), c);
  const t = tensor([1, -1, 1, 1, -1, -1], { dtype: "f64" });
  const wrong = [...mul(y, t).dataSync()].map((value) => (value < 0 ? 1 : 0));
  expect(new Set(wrong)).toEqual(new Set([0, 1]));

  const δy = neg(mul(t, tensor(wrong, { dtype: "f64" }))); // I(−y t > 0) (−t)
  const Δ2 = mul(slope(A2), outer(δy, v));
  const Δ1 = mul(slope(A1), matmul(Δ2, transpose(W2)));
  const byHand = {
    c: sum(δy),
    v: matmul(transpose(A2), δy),
    b2: sum(Δ2, { axis: 0 }),
    W2: matmul(transpose(A1), Δ2),
    b1: sum(Δ1, { axis: 0 }),
    W1: matmul(transpose(X), Δ1),
  };

  const error = ({ W1, b1, W2, b2, v, c }: typeof weights): Tensor => {
    const hidden = tanh(add(matmul(tanh(add(matmul(X, W1), b1)), W2), b2));
    return sum(maximum(0, neg(mul(add(matmul(hidden, v), c), t))));
  };
  expectEqual(grad(error)(weights), byHand);
});

test("Matrix Formulation: the δ of layers are those that a model observes", () => {
  const model = new Sequential({ dtype: "f64" });
  model.add(dense({ units: 5, activation: "tanh", inputShape: [3], name: "layer1" }));
  model.add(dense({ units: 4, activation: "tanh", name: "layer2" }));
  model.add(dense({ units: 1, name: "layer3" }));
  model.compile({ optimizer: "sgd", loss: "perceptron" });
  const [x, t] = [normal(9, 1, 3), tensor([[1]], { dtype: "f64" })];
  if (model.predict(x).item() > 0) model.setWeights({ "layer3.biases": tensor([-10], { dtype: "f64" }) });

  const { marks, gradients } = model.observe(x, t);
  const { "layer2.weights": W2, "layer3.weights": W3 } = model.getWeights();
  const δ3 = tensor([[-1]], { dtype: "f64" });
  const δ2 = matmul(δ3, transpose(W3));
  const δ1 = matmul(mul(slope(marks["layer2/a"]), δ2), transpose(W2));
  expectEqual(gradients, { "layer3/z": δ3, "layer2/a": δ2, "layer1/a": δ1 });
});

test("Simple algorithm for training a neural network: θ ← θ − γ ∂ℰ/∂θ puts all points on the right side", () => {
  const X = tensor([[0, 0], [0, 1], [1, 0], [1, 1]], { dtype: "f64" }); // biome-ignore format: a matrix
  const t = tensor([-1, 1, 1, -1], { dtype: "f64" }); // not separable by a line
  const output = ([W, b, v, c]: Tensor[]): Tensor => add(matmul(tanh(add(matmul(X, W), b)), v), c);
  const error = (θ: Tensor[]): Tensor => sum(maximum(0, sub(0.1, mul(output(θ), t))));
  let θ = [normal(10, 2, 8), normal(11, 8), normal(12, 8), normal(13)];
  for (let step = 0; step < 300; step++) {
    const slopes = grad(error)(θ);
    θ = θ.map((parameter, i) => sub(parameter, mul(slopes[i], 0.05)));
  }
  for (const side of mul(output(θ), t).dataSync()) expect(side).toBeGreaterThan(0);
});
