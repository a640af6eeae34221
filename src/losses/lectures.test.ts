// The losses of the lectures with the gradients they state, each under the name of its slide.
import { expect, test } from "vitest";
import {
  add,
  grad,
  matmul,
  mul,
  reshape,
  sigmoid,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../tensor/index.ts";
import {
  bernoulliNegativeLogLikelihood,
  binaryCrossentropy,
  gaussianNegativeLogLikelihood,
  halfSquaredError,
  hinge,
  type Loss,
  meanSquaredError,
  negativeLogPrior,
  oneVsAllHinge,
  perceptron,
  sparseCategoricalCrossentropy,
} from "./index.ts";

const f64 = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "f64" });

/** ∂ℓ/∂f for one example with these outputs. */
function gradientAt(
  loss: Loss,
  f: number[],
  target: Tensor,
  options: { fromLogits?: boolean } = {},
): number[] {
  const [batch, wanted] = [f64([f]), reshape(target, [1, ...target.shape])];
  return [...grad((f: Tensor) => loss(f, wanted, { ...options, reduction: "sum" }))(batch).dataSync()];
}

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 12);
}

const label = (y: number): Tensor => tensor(y, { dtype: "i32" });

test("lecture 1, Forward pass: ℰ = max(0, −z₇t) with δ₇ = I(−z₇t > 0) (−t)", () => {
  for (const z of [-1.5, -0.1, 0.2, 3]) {
    for (const t of [-1, 1]) {
      expect(perceptron(f64([z]), f64([t])).item()).toBeCloseTo(Math.max(0, -z * t), 12);
      expectClose(gradientAt(perceptron, [z], f64([t])), [-z * t > 0 ? -t : 0]);
    }
  }
});

test("lecture 2, How does learning work?: ½(y − ŷ)², whose derivative is ŷ − y", () => {
  expect(halfSquaredError(f64([[1.5]]), f64([[1]])).item()).toBe(0.125);
  expectClose(gradientAt(halfSquaredError, [1.5], f64([1])), [0.5]);
});

test("lecture 3, Hinge loss: max(0, 1 − y⟨x, β⟩), with slope −y inside of the margin and 0 outside", () => {
  for (const z of [-1.5, 0.2, 0.9, 1.1, 3]) {
    for (const y of [-1, 1]) {
      expect(hinge(f64([z]), f64([y])).item()).toBeCloseTo(Math.max(0, 1 - y * z), 12);
      expectClose(gradientAt(hinge, [z], f64([y])), [y * z < 1 ? -y : 0]);
    }
  }
});

test("lecture 3, Comparison of SVM to logistic regression: for y of −1 and 1 the logistic loss is log(1 + e^(−yz))", () => {
  for (const z of [-3, -0.4, 0, 2]) {
    for (const y of [0, 1]) {
      const h = 1 / (1 + Math.exp(-z));
      const loss = -y * Math.log(h) - (1 - y) * Math.log(1 - h);
      expect(loss).toBeCloseTo(Math.log(1 + Math.exp(-(2 * y - 1) * z)), 12);
      const options = { fromLogits: true };
      expect(binaryCrossentropy(f64([[z]]), f64([[y]]), options).item()).toBeCloseTo(loss, 12);
      expectClose(gradientAt(binaryCrossentropy, [z], f64([y]), options), [h - y]);
    }
  }
});

test("lecture 4, Loss functions as usual: squared error, ∂ℓ/∂f = 2(f − y*)", () => {
  expect(meanSquaredError(f64([[1.5]]), f64([[1]])).item()).toBe(0.25);
  expectClose(gradientAt(meanSquaredError, [1.5], f64([1])), [2 * 0.5]);
});

test("lecture 4, Loss functions as usual: cross entropy, ∂ℓ/∂f_y = p(y|x) − [y = y*]", () => {
  const f = [0.5, -1, 2, 0.1];
  const p = [...softmax(f64(f)).dataSync()];
  const logits = { fromLogits: true };
  expect(sparseCategoricalCrossentropy(f64([f]), reshape(label(2), [1]), logits).item()).toBeCloseTo(
    -Math.log(p[2]),
    12,
  );
  expectClose(
    gradientAt(sparseCategoricalCrossentropy, f, label(2), logits),
    p.map((value, y) => value - (y === 2 ? 1 : 0)),
  );
});

test("lecture 4, Loss functions as usual: one-vs-all hinge, Σ [1 − (f_{y*} − f_y)]₊ and its two gradients", () => {
  const f = [0.5, -1, 0.9, 0.1];
  for (const wanted of [0, 1, 2, 3]) {
    const others = [0, 1, 2, 3].filter((y) => y !== wanted);
    const loss = others.reduce((total, y) => total + Math.max(0, 1 - (f[wanted] - f[y])), 0);
    expect(oneVsAllHinge(f64([f]), reshape(label(wanted), [1])).item()).toBeCloseTo(loss, 12);
    const isViolated = (y: number): number => (f[wanted] < f[y] + 1 ? 1 : 0);
    const count = others.reduce((total, y) => total + isViolated(y), 0);
    expectClose(
      gradientAt(oneVsAllHinge, f, label(wanted)),
      f.map((_, y) => (y === wanted ? -count : isViolated(y))),
    );
  }
});

const X = f64([[1, 2], [0.5, -1], [-1, 0.3], [2, 1]]); // biome-ignore format: a matrix
const w = f64([[0.4], [-0.7]]);

test("lecture 5, linear regression: ML is least squares, −log Π N(y | wᵀx, σ²) = ‖Xw − y‖²/(2σ²) + const", () => {
  const y = f64([[1], [2], [0], [-1]]);
  const variance = 0.3;
  const likelihood = (w: Tensor): Tensor =>
    gaussianNegativeLogLikelihood(matmul(X, w), y, { variance, reduction: "sum" });
  const residual = sub(matmul(X, w), y);
  const squares = sum(mul(residual, residual)).item();
  expect(likelihood(w).item()).toBeCloseTo(
    squares / (2 * variance) + 2 * Math.log(2 * Math.PI * variance),
    12,
  );
  const wanted = matmul(tensor([[1, 0.5, -1, 2], [2, -1, 0.3, 1]], { dtype: "f64" }), residual); // biome-ignore format: a matrix
  expectClose(
    [...grad(likelihood)(w).dataSync()],
    [...wanted.dataSync()].map((value) => value / variance),
  );
});

test("lecture 5, logistic regression: ML is −Σ log Be(y | sigm(wᵀx))", () => {
  const y = [1, 0, 0, 1];
  const z = matmul(X, w);
  const target = f64(y.map((value) => [value]));
  const p = [...sigmoid(z).dataSync()];
  const wanted = p.reduce((total, p, i) => total - Math.log(y[i] === 1 ? p : 1 - p), 0);
  const options = { reduction: "sum" } as const;
  expect(bernoulliNegativeLogLikelihood(sigmoid(z), target, options).item()).toBeCloseTo(wanted, 12);
  expect(bernoulliNegativeLogLikelihood(z, target, { ...options, fromLogits: true }).item()).toBeCloseTo(
    wanted,
    12,
  );
});

test("lecture 5, Recap Discriminative models and Overfitting: MAP adds −log p(θ), for a unit normal prior ½‖θ‖²", () => {
  const prior = (w: Tensor): Tensor => negativeLogPrior({ weights: w });
  expect(prior(w).item()).toBeCloseTo((0.4 ** 2 + 0.7 ** 2) / 2 + Math.log(2 * Math.PI), 12);
  expectClose([...grad(prior)(w).dataSync()], [0.4, -0.7]);
  const wide = (w: Tensor): Tensor => negativeLogPrior([w, add(w, 1)], { variance: 4 });
  expectClose([...grad(wide)(w).dataSync()], [(0.4 + 1.4) / 4, (-0.7 + 0.3) / 4]);
});
