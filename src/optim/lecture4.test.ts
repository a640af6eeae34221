// The formulas of lecture 4, each under the name of its slide, worked out on single numbers.
import { expect, test } from "vitest";
import { add, grad, mul, square, sub, sum, Tensor, tensor, vmap } from "../tensor/index.ts";
import {
  adam,
  chain,
  exponentialCooling,
  minimize,
  momentum,
  nadam,
  nesterov,
  type Optimizer,
  sgd,
  weightDecay,
} from "./index.ts";

/** L(β) = ½ 3 (β − 2)², whose slope depends on the place. */
const slope = (beta: number): number => 3 * (beta - 2);

/** β after each of 20 steps from 1. */
function path(optimizer: Optimizer, gradientAt: (beta: number) => number = slope): number[] {
  let beta: Tensor = tensor(1, { dtype: "f64" });
  let state = optimizer.init(beta);
  return Array.from({ length: 20 }, (_, i) => {
    const context = {
      params: beta,
      step: tensor(i + 1, { dtype: "f64" }),
      learningRate: optimizer.learningRate,
    };
    const gradient = tensor(gradientAt(beta.item()), { dtype: "f64" });
    const { updates, state: next } = optimizer.update(gradient, state, context);
    beta = add(beta, updates instanceof Tensor ? updates : expect.fail("no tensor"));
    state = next;
    return beta.item();
  });
}

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(20);
  expect(wanted).toHaveLength(20);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 12);
}

/** What a loop over the steps 1 … 20 returns. */
function loop(step: (t: number) => number): number[] {
  return Array.from({ length: 20 }, (_, i) => step(i + 1));
}

test("Stochastic Gradient Descent: β ← β − η∇L", () => {
  let beta = 1;
  const wanted = loop(() => {
    beta -= 0.1 * slope(beta);
    return beta;
  });
  expectClose(path(sgd({ learningRate: 0.1 })), wanted);
});

test("Stochastic Gradient Descent: exponential cooling, η = η₀ᵗ", () => {
  let beta = 1;
  const wanted = loop((t) => {
    beta -= 0.3 ** t * slope(beta);
    return beta;
  });
  expectClose(path(sgd({ learningRate: exponentialCooling({ base: 0.3 }) })), wanted);
});

test("Stochastic Gradient Descent: the loss of a mini batch is a sum, and so is its gradient", () => {
  const [x, y] = [tensor([1, -2, 0.5], { dtype: "f64" }), tensor([3, 1, -1], { dtype: "f64" })];
  const loss = (beta: Tensor, x: Tensor, y: Tensor): Tensor => square(sub(mul(beta, x), y));
  const beta = tensor(0.7, { dtype: "f64" });
  const ofBatch = grad((beta: Tensor) => sum(loss(beta, x, y)))(beta).item();
  const ofEach = vmap(grad(loss), { inAxes: [null, 0, 0] })(beta, x, y).dataSync();
  expect(ofBatch).toBeCloseTo(ofEach[0] + ofEach[1] + ofEach[2], 12);
});

test("Stochastic Gradient Descent: momentum, Δβ ← αΔβ − η∇L(β), β ← β + Δβ", () => {
  let [beta, delta] = [1, 0];
  const wanted = loop(() => {
    delta = 0.8 * delta - 0.1 * slope(beta);
    beta += delta;
    return beta;
  });
  expectClose(path(momentum({ learningRate: 0.1, momentum: 0.8 })), wanted);
});

test("Stochastic Gradient Descent: Nesterov, Δβ ← αΔβ − η∇L(β + αΔβ), β ← β + Δβ", () => {
  let [beta, delta] = [1, 0];
  const wanted = loop(() => {
    delta = 0.8 * delta - 0.1 * slope(beta + 0.8 * delta);
    beta += delta;
    // The weights of the optimizer are the point that the momentum leads to.
    return beta + 0.8 * delta;
  });
  expectClose(path(nesterov({ learningRate: 0.1, momentum: 0.8 })), wanted);
});

const [alpha, beta1, beta2, epsilon] = [0.1, 0.7, 0.95, 1e-3];
const options = { learningRate: alpha, beta1, beta2, epsilon };

/** θ after each step, with what the slide puts in place of m̂. */
function adamPath(direction: (g: number, mHat: number, t: number) => number): number[] {
  let [theta, m, v] = [1, 0, 0];
  return loop((t) => {
    const g = slope(theta);
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    const mHat = m / (1 - beta1 ** t);
    const vHat = v / (1 - beta2 ** t);
    theta -= (alpha / (Math.sqrt(vHat) + epsilon)) * direction(g, mHat, t);
    return theta;
  });
}

test("Adam: θ ← θ − α m̂ / (√v̂ + ε)", () => {
  expectClose(
    path(adam(options)),
    adamPath((_, mHat) => mHat),
  );
});

test("Adam & Nadam: θ ← θ − α / (√v̂ + ε) (β₁ m̂ + (1 − β₁) g / (1 − β₁ᵗ))", () => {
  expectClose(
    path(nadam(options)),
    adamPath((g, mHat, t) => beta1 * mHat + ((1 - beta1) * g) / (1 - beta1 ** t)),
  );
});

test("Adam & Nadam: in the first iteration m̂ = g, unbiased, and the first step is as long as α", () => {
  const [first] = path(adam({ ...options, epsilon: 0 }));
  expect(first).toBeCloseTo(1 + alpha, 12);
});

test("Adam: good default settings are α = 0.001, β₁ = 0.9, β₂ = 0.999; ε is Keras's 1e-7 where the slide has 1e-8", () => {
  expect(adam().config).toMatchObject({ learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
});

test.each(["lbfgs", "rprop"] as const)(
  "Optimization, batch learning: %s finds the least squares",
  (method) => {
    const x = tensor([0, 1, 2, 3], { dtype: "f64" });
    const y = tensor([1, 3, 4, 8], { dtype: "f64" });
    const loss = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => sum(square(sub(add(mul(x, a), b), y)));
    const start = { a: tensor(0, { dtype: "f64" }), b: tensor(0, { dtype: "f64" }) };
    const found = minimize(loss, start, { method, gradientTolerance: 1e-4 });
    expect(found.converged).toBe(true);
    // Σ(x − x̄)(y − ȳ) / Σ(x − x̄)² = 11 / 5, and ȳ − a x̄ = 4 − 2.2 · 1.5
    expect(found.x.a.item()).toBeCloseTo(2.2, 4);
    expect(found.x.b.item()).toBeCloseTo(0.7, 4);
  },
);

test("New types of regularization: weight decay adds λβ to the gradient", () => {
  const decayed = path(chain(weightDecay({ rate: 0.5 }), momentum({ learningRate: 0.1 })));
  const penalized = path(momentum({ learningRate: 0.1 }), (beta) => slope(beta) + 0.5 * beta);
  expectClose(decayed, penalized);
});
