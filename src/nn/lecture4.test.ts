// What lecture 4 says of layers, each under the name of its slide.
import { expect, test } from "vitest";
import {
  add,
  broadcastTo,
  concatenate,
  grad,
  mark,
  matmul,
  mean,
  mul,
  random,
  sigmoid,
  slice,
  square,
  std,
  sub,
  sum,
  Tensor,
  tanh,
  tensor,
  transpose,
  withMarks,
} from "../tensor/index.ts";
import {
  activations,
  conv2d,
  dense,
  dropout,
  lstm,
  maxPool2d,
  type NamedTensorTree,
  regularizers,
  stack,
} from "./index.ts";

const normal = (seed: number, ...shape: number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "f64" });

function expectClose(got: Tensor, wanted: Tensor, digits = 12): void {
  expect(got.shape).toEqual(wanted.shape);
  const values = wanted.dataSync();
  for (const [i, value] of got.dataSync().entries()) expect(value).toBeCloseTo(values[i], digits);
}

function leaf(tree: NamedTensorTree, name: string): Tensor {
  const found = Object.entries(tree).find(([key]) => key === name)?.[1];
  return found instanceof Tensor ? found : expect.fail(`no ${name}`);
}

test("Neural Network models: ReLU, leaky ReLU, sigmoid and tanh, element by element", () => {
  const z = tensor([-2, -0.5, 0, 1.5], { dtype: "f64" });
  const formulas: Record<string, (z: number) => number> = {
    relu: (z) => Math.max(0, z),
    leakyRelu: (z) => Math.max(0.01 * z, z),
    sigmoid: (z) => 1 / (1 + Math.exp(-z)),
    tanh: (z) => Math.tanh(z),
  };
  for (const name of ["relu", "leakyRelu", "sigmoid", "tanh"] as const) {
    const wanted = [...z.dataSync()].map(formulas[name]);
    expectClose(activations[name](z), tensor(wanted, { dtype: "f64" }));
  }
});

test("Computing the gradient: δₗ = [δₗ₊₁ Wₗ₊₁] ∘ σ′(zₗ)ᵀ, dℓ/dWₗ = δₗᵀ xₗ₋₁ᵀ, dℓ/dbₗ = δₗᵀ", () => {
  const x0 = normal(1, 3);
  const weights = { W1: normal(2, 4, 3), b1: normal(3, 4), W2: normal(4, 5, 4), b2: normal(5, 5), W3: normal(6, 2, 5), b3: normal(7, 2) }; // biome-ignore format: a list
  const loss = ({ W1, b1, W2, b2, W3, b3 }: typeof weights): Tensor => {
    const x1 = tanh(mark("z1", add(matmul(W1, x0), b1)));
    const x2 = tanh(mark("z2", add(matmul(W2, x1), b2)));
    return sum(square(mark("z3", add(matmul(W3, x2), b3)))); // ℓ = ‖f − y*‖² with y* = 0
  };
  const { marks, gradients } = withMarks(loss, { gradients: true })(weights);
  const [x1, x2] = [tanh(marks.z1), tanh(marks.z2)];
  const slope = (x: Tensor): Tensor => sub(1, square(x));

  const δ3 = mul(marks.z3, 2);
  const δ2 = mul(matmul(δ3, weights.W3), slope(x2));
  const δ1 = mul(matmul(δ2, weights.W2), slope(x1));
  expectClose(gradients.z3, δ3);
  expectClose(gradients.z2, δ2);
  expectClose(gradients.z1, δ1);
  const slopes = grad(loss)(weights);
  const column = (δ: Tensor): Tensor => transpose(tensor([[...δ.dataSync()]], { dtype: "f64" }));
  const row = (x: Tensor): Tensor => tensor([[...x.dataSync()]], { dtype: "f64" });
  expectClose(slopes.W3, matmul(column(δ3), row(x2)));
  expectClose(slopes.W2, matmul(column(δ2), row(x1)));
  expectClose(slopes.W1, matmul(column(δ1), row(x0)));
  expectClose(slopes.b3, δ3);
  expectClose(slopes.b2, δ2);
  expectClose(slopes.b1, δ1);
});

test("New types of regularization: L2 adds 2λ W, and L1 λ sign W, to the gradient of the weights", () => {
  const x = normal(1, 6, 3);
  const plain = dense({ units: 2 });
  const { params } = plain.init(random.key(0), [[3]], "f64");
  const slopeOf = (layer: typeof plain): Tensor => {
    const loss = (params: NamedTensorTree): Tensor => {
      const { outputs, penalty } = layer.apply({ params, state: {} }, [x]);
      const error = mean(square(outputs[0]));
      return penalty === undefined ? error : add(error, penalty);
    };
    return leaf(grad(loss)(params), "weights");
  };
  const W = leaf(params, "weights");
  const ridge = dense({ units: 2, kernelRegularizer: regularizers.l2({ l2: 0.3 }) });
  expectClose(sub(slopeOf(ridge), slopeOf(plain)), mul(W, 2 * 0.3));
  const lasso = dense({ units: 2, kernelRegularizer: regularizers.l1({ l1: 0.3 }) });
  const signs = [...W.dataSync()].map((w) => 0.3 * Math.sign(w));
  expectClose(sub(slopeOf(lasso), slopeOf(plain)), tensor([signs.slice(0, 2), signs.slice(2, 4), signs.slice(4)], { dtype: "f64" })); // biome-ignore format: a call
});

test("New types of regularization, dropout: over all networks the expectation is what prediction computes", () => {
  const layer = dropout({ rate: 0.25 });
  const values = [1, -2, 0.5, 3];
  const draws = 40_000; // as many networks, one for each row
  const x = broadcastTo(tensor(values, { dtype: "f64" }), [draws, 4]);
  const nothing = { params: {}, state: {} };
  expect(layer.apply(nothing, [x]).outputs[0]).toBe(x);
  const [outputs] = layer.apply(nothing, [x], { training: true, key: random.key(5) }).outputs;
  for (const [i, average] of mean(outputs, { axis: 0 }).dataSync().entries()) {
    // Four standard deviations of the mean: |x| √(p / (1 − p)) / √n.
    const tolerance = (4 * Math.abs(values[i]) * Math.sqrt(0.25 / 0.75)) / Math.sqrt(draws);
    expect(Math.abs(average - values[i])).toBeLessThan(tolerance);
  }
});

test.each(["lecunNormal", "randomDirections"] as const)(
  "Initialization: with %s each entry has the deviation 1/√h, and z that of the inputs, layer after layer",
  (kernelInitializer) => {
    const h = 200;
    const layers = Array.from({ length: 5 }, () => dense({ units: h, kernelInitializer, inputShape: [h] }));
    let x = normal(1, 100, h);
    for (const [i, layer] of layers.entries()) {
      const { params, state } = layer.init(random.key(i), [[h]], "f64");
      // Four standard deviations of the estimate from 40,000 values.
      expect(Math.abs(std(leaf(params, "weights")).item() * Math.sqrt(h) - 1)).toBeLessThan(
        4 / Math.sqrt(80_000),
      );
      [x] = layer.apply({ params, state }, [x]).outputs;
    }
    expect(Math.abs(std(x).item() - 1)).toBeLessThan(0.05);
  },
);

test("Convolutional NNs: hᵢ hᵢ₊₁ parameters if fully connected, k² if shared; a moved input moves the output", () => {
  const full = dense({ units: 64, useBias: false }).init(random.key(0), [[64]], "f64");
  expect(leaf(full.params, "weights").shape).toEqual([64, 64]);
  const layer = conv2d({ filters: 1, kernelSize: 3, useBias: false, padding: "same" });
  const { params, state } = layer.init(random.key(0), [[8, 8, 1]], "f64");
  expect(leaf(params, "weights").shape).toEqual([3, 3, 1, 1]);

  const dot = (row: number, column: number): Tensor =>
    tensor(Array.from({ length: 64 }, (_, i) => (i === 8 * row + column ? 1 : 0)), { shape: [1, 8, 8, 1], dtype: "f64" }); // biome-ignore format: a call
  const response = (x: Tensor, row: number, column: number): Tensor =>
    slice(
      layer.apply({ params, state }, [x]).outputs[0],
      [0, row - 1, column - 1, 0],
      [1, row + 2, column + 2, 1],
    );
  expectClose(response(dot(2, 3), 2, 3), response(dot(5, 4), 5, 4));
});

test("Convolutional NNs: stride and pooling make images smaller, and pooling has no parameters", () => {
  const network = stack([
    conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", inputShape: [8, 8, 1] }),
    maxPool2d({ poolSize: 2 }),
  ]);
  const { params, outputShapes } = network.init(random.key(0), [[8, 8, 1]], "f32");
  expect(outputShapes).toEqual([[2, 2, 4]]);
  expect(Object.keys(params)).toEqual(["conv2d"]);
});

test("LSTMs: Γ_f, Γ_u, c̃, c, Γ_o and a as on the slide", () => {
  const [units, features, steps] = [3, 2, 4];
  const layer = lstm({ units, returnState: true });
  const { params, state } = layer.init(random.key(1), [[steps, features]], "f64");
  const x = normal(2, 1, steps, features);
  const [W, U] = [leaf(params, "weights"), leaf(params, "recurrentWeights")];
  const bias = leaf(params, "biases");

  // Each W of the slide reads [a, x]; the layer keeps the four side by side in the order u, f, c, o.
  const gate = (at: number, ax: Tensor): Tensor => {
    const [from, to] = [at * units, (at + 1) * units];
    const both = concatenate([slice(U, [0, from], [units, to]), slice(W, [0, from], [features, to])]);
    return add(matmul(ax, both), slice(bias, [from], [to]));
  };
  let a: Tensor = tensor([[0, 0, 0]], { dtype: "f64" });
  let c = a;
  for (let t = 0; t < steps; t++) {
    const now = tensor([[...x.dataSync()].slice(features * t, features * (t + 1))], { dtype: "f64" });
    const ax = concatenate([a, now], 1);
    const [update, forget, output] = [0, 1, 3].map((at) => sigmoid(gate(at, ax)));
    c = add(mul(forget, c), mul(update, tanh(gate(2, ax))));
    a = mul(output, tanh(c));
  }
  const [read, lastA, lastC] = layer.apply({ params, state }, [x]).outputs;
  expectClose(read, a);
  expectClose(lastA, a);
  expectClose(lastC, c);
});
