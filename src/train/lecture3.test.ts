// Lecture 3: backpropagation as linear algebra, what it costs, and the multilayer perceptron of steps.
import { expect, test } from "vitest";
import { hinge } from "../losses/index.ts";
import { dense } from "../nn/index.ts";
import {
  add,
  grad,
  gt,
  jit,
  mark,
  matmul,
  mean,
  mul,
  outer,
  programOf,
  random,
  sigmoid,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
  valueAndGrad,
  withMarks,
  zeros,
} from "../tensor/index.ts";
import { countMultiplyAdds } from "./multiply-adds.ts";

const normal = (seed: number, ...shape: number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "f64" });

const slope = (v: Tensor): Tensor => mul(v, sub(1, v)); // s′(v̄), where v = s(v̄) is a sigmoid

test("Backprop linear algebra: Claim 1, δᵢ = Wᵢᵀ δ̄ᵢ₊₁, and Claim 2, Δᵢ = vᵢ δ̄ᵢ₊₁ᵀ", () => {
  const v0 = normal(1, 2);
  const weights = [normal(2, 3, 2), normal(3, 3, 3), normal(4, 1, 3)];
  const f = ([W0, W1, W2]: Tensor[]): Tensor => {
    const v1 = mark("v1", sigmoid(mark("v̄1", matmul(W0, v0))));
    const v2 = mark("v2", sigmoid(mark("v̄2", matmul(W1, v1))));
    return sum(sigmoid(mark("v̄3", matmul(W2, v2))));
  };
  const { marks, gradients } = withMarks(f, { gradients: true })(weights);
  const z = sigmoid(marks.v̄3);

  const δ̄3 = slope(z);
  const δ2 = matmul(transpose(weights[2]), δ̄3);
  const δ̄2 = mul(slope(marks.v2), δ2);
  const δ1 = matmul(transpose(weights[1]), δ̄2);
  const δ̄1 = mul(slope(marks.v1), δ1);
  for (const [name, wanted] of Object.entries({ v̄3: δ̄3, v2: δ2, v̄2: δ̄2, v1: δ1, v̄1: δ̄1 })) {
    expectClose(gradients[name], wanted);
  }

  const values = [v0, marks.v1, marks.v2];
  const slopes = grad(f)(weights);
  // Wᵢ has a row for each node behind: the derivatives are the transposed product of the slide.
  for (const [i, δ̄] of [δ̄1, δ̄2, δ̄3].entries()) expectClose(slopes[i], transpose(outer(values[i], δ̄)));
});

function expectClose(got: Tensor, wanted: Tensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const values = wanted.dataSync();
  for (const [i, value] of got.dataSync().entries()) expect(value).toBeCloseTo(values[i], 12);
}

/** What loss and gradient of a network of `layers` hidden layers with h neurons cost for one example. */
function costOf(h: number, layers: number): { parameters: number; multiplyAdds: number; equations: number } {
  const sizes = [h, ...Array.from({ length: layers }, () => h), 1];
  const weights = sizes.slice(1).map((size, i) => zeros([sizes[i], size]));
  const loss = (weights: Tensor[], x: Tensor): Tensor =>
    mean(weights.reduce((v, W) => sigmoid(matmul(v, W)), x));
  const program = programOf(valueAndGrad(loss), weights, zeros([1, h]));
  return {
    parameters: weights.reduce((total, { shape }) => total + shape[0] * shape[1], 0),
    multiplyAdds: countMultiplyAdds(program),
    equations: program.equations.length,
  };
}

test("Takeaways: the cost of ∇L is linear in the number of parameters, three multiply-adds for each at most", () => {
  for (const [h, layers] of [
    [4, 1],
    [16, 2],
    [64, 3],
    [64, 12],
    [256, 2],
  ]) {
    // biome-ignore format: pairs
    const { parameters, multiplyAdds } = costOf(h, layers);
    // Forward, δ and Δ are one each; the δ of the inputs is not needed.
    expect(multiplyAdds).toBe(3 * parameters - h * h);
  }
  const [one, two, three] = [4, 5, 6].map((layers) => costOf(8, layers).equations);
  expect(two - one).toBe(three - two);
});

test("Takeaways: the compiled step has the same number of kernels for any width, and more by the same for each layer", () => {
  const kernels = (h: number, layers: number): number => {
    const weights = Array.from({ length: layers }, () => zeros([h, h]));
    const loss = (weights: Tensor[], x: Tensor): Tensor =>
      mean(weights.reduce((v, W) => sigmoid(matmul(v, W)), x));
    return jit(valueAndGrad(loss))
      .lower(weights, zeros([4, h]))
      .kernels().length;
  };
  expect(kernels(64, 3)).toBe(kernels(32, 3));
  const [three, four, five] = [3, 4, 5].map((layers) => kernels(32, layers));
  expect(five - four).toBe(four - three);
  expect(four - three).toBeGreaterThan(0);
});

test("Possible model: uₕ = sign(Wₕ x + βₕ), u₀ = 1[W₀ uₕ + β₀ > λ] divides the plane into regions", () => {
  const hidden = dense({ units: 4, activation: "sign" });
  // The four lines of a square about the origin; inside of all of them is class 1.
  const params = {
    weights: tensor([[1, -1, 0, 0], [0, 0, 1, -1]]), // biome-ignore format: a matrix
    biases: tensor([1, 1, 1, 1]),
  };
  const X = tensor([[0, 0], [0.5, -0.5], [2, 0], [0, -2], [-1.5, 1.5]]); // biome-ignore format: a matrix
  const [U] = hidden.apply({ params, state: {} }, [X]).outputs;
  expect(U.toArray()).toEqual([
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, -1, 1, 1],
    [1, 1, -1, 1],
    [-1, 1, 1, -1],
  ]);
  const z0 = sum(U, { axis: 1 }); // W₀ = (1, 1, 1, 1), β₀ = 0
  expect(gt(z0, 3).toArray()).toEqual([1, 1, 0, 0, 0]); // λ = 3
});

test("Hinge loss: Σ max(0, 1 − yᵢ⟨xᵢ, β⟩) + λ‖β‖² is least at the hyperplane of the largest margin", () => {
  const X = tensor([[2, 1], [3, 0], [-1, -2], [-2, 0]], { dtype: "f64" }); // biome-ignore format: a matrix
  const y = tensor([1, 1, -1, -1], { dtype: "f64" });
  const objective = (β: Tensor): Tensor => add(hinge(matmul(X, β), y, { reduction: "sum" }), sum(square(β))); // λ = 1
  const step = jit((β: Tensor, rate: number) => sub(β, mul(grad(objective)(β), rate)));
  let β: Tensor = zeros([2], "f64");
  for (let i = 1; i <= 3000; i++) β = step(β, 1 / (2 * i));
  // The support vectors (−1, −2) and (−2, 0) lie on the margin: β = (½, ¼).
  for (const [i, wanted] of [0.5, 0.25].entries()) expect(β.dataSync()[i]).toBeCloseTo(wanted, 2);
  for (const margin of mul(y, matmul(X, β)).dataSync()) expect(margin).toBeGreaterThan(0.99);
});
