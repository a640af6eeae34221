import { describe, expect, test } from "vitest";
import { fixtureValues } from "../../test/fixtures/generator.ts";
import {
  add,
  exp,
  log,
  mul,
  NeuriteError,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../tensor/index.ts";
import { adam, type BatchMethod, gradientDescent, lbfgs, minimize, momentum, rprop } from "./index.ts";
import { type Point, searchLine } from "./line-search.ts";
import { plusScaled } from "./vectors.ts";

const f64 = (values: number | number[]): Tensor => tensor(values, { dtype: "f64" });

/** (1 − x)² + 100 (y − x²)² */
const rosenbrock = ({ x, y }: { x: Tensor; y: Tensor }): Tensor =>
  add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
const valley = { x: f64(-1.2), y: f64(1) };

/** ½ xᵀ A x − b x with A = diag(1, 4, 9, …), whose minimum is b/A. */
const scales = Array.from({ length: 12 }, (_, i) => (i + 1) ** 2);
const target = [...fixtureValues(3, 12, 1)];
const bowl = (x: Tensor): Tensor => sub(mul(0.5, sum(mul(f64(scales), square(x)))), sum(mul(f64(target), x)));
const bottom = target.map((b, i) => b / scales[i]);

describe("L-BFGS", () => {
  test("finds the end of Rosenbrock's valley, in a tree as it was given", () => {
    const { x, value, gradientNorm, evaluations, converged, history } = minimize(rosenbrock, valley);
    expect(x.x.item()).toBeCloseTo(1, 6);
    expect(x.y.item()).toBeCloseTo(1, 6);
    expect([converged, x.x.dtype]).toEqual([true, "f64"]);
    expect(gradientNorm).toBeLessThan(1e-6);
    expect(value).toBeLessThan(1e-12);
    // SciPy's L-BFGS-B takes 45 evaluations to the same norm.
    expect(evaluations).toBeLessThan(60);
    expect(history.at(-1)).toEqual({ evaluations, value, gradientNorm });
    const values = history.map(({ value }) => value);
    expect(values.every((value, i) => i === 0 || value < values[i - 1])).toBe(true);
  });

  test("needs few evaluations for a quadratic function, with a memory of one pair too", () => {
    const start = f64(target.map(() => 0));
    const full = minimize(bowl, start);
    for (const [i, value] of full.x.dataSync().entries()) expect(value).toBeCloseTo(bottom[i], 6);
    expect(full.evaluations).toBeLessThan(50);
    const short = minimize(bowl, start, { method: lbfgs({ memory: 1 }) });
    expect(short.converged).toBe(true);
    expect(short.evaluations).toBeGreaterThan(full.evaluations);
  });

  test("goes back from where the function is not finite", () => {
    // x − log x, from a place where a step of length 1 leads below 0.
    const { x, converged } = minimize((x: Tensor) => sub(mul(x, 3), log(x)), f64(0.6), {});
    expect(converged).toBe(true);
    expect(x.item()).toBeCloseTo(1 / 3, 6);
  });

  test("stops where it may not evaluate more, or can go no lower", () => {
    const few = minimize(rosenbrock, valley, { maxEvaluations: 7 });
    expect([few.evaluations, few.converged]).toEqual([7, false]);
    expect(few.value).toBeLessThan(24.2);
    // A kink has no place with a small slope.
    const kink = minimize((x: Tensor) => sqrt(square(sub(x, 0.3))), f64(1), { maxEvaluations: 500 });
    expect(kink.converged).toBe(false);
    expect(kink.evaluations).toBeLessThan(500);
    expect(kink.x.item()).toBeCloseTo(0.3, 6);
  });

  test("is at its goal at once where the gradient is 0", () => {
    const { evaluations, converged, x } = minimize(bowl, f64(bottom));
    expect([evaluations, converged]).toEqual([1, true]);
    expect([...x.dataSync()]).toEqual(bottom);
  });

  test("works in f32, as far as that goes", () => {
    const start = { x: tensor(-1.2), y: tensor(1) };
    const { x, converged } = minimize(rosenbrock, start, { gradientTolerance: 1e-3 });
    expect([converged, x.x.dtype]).toEqual([true, "f32"]);
    expect(x.x.item()).toBeCloseTo(1, 2);
  });
});

describe("a line search", () => {
  const along = (f: (x: number) => number, slope: (x: number) => number) => {
    const places: number[] = [];
    const evaluate = (x: Float64Array): Point => {
      places.push(x[0]);
      return { x, value: f(x[0]), gradient: Float64Array.of(slope(x[0])) };
    };
    return { places, evaluate };
  };

  test.each<[string, (x: number) => number, (x: number) => number, number]>([
    ["a parabola, from far too short", (x) => (x - 1) ** 2, (x) => 2 * (x - 1), 1e-4],
    ["a parabola, from far too long", (x) => (x - 1) ** 2, (x) => 2 * (x - 1), 1e4],
    ["a wave that falls", (x) => Math.cos(x) - x / 9, (x) => -Math.sin(x) - 1 / 9, 30],
    ["a wall", (x) => (x < 2 ? -x : Number.POSITIVE_INFINITY), (x) => (x < 2 ? -1 : Number.NaN), 1.5],
  ])("ends where the strong Wolfe conditions hold, or at the lowest: %s", (name, f, slope, distance) => {
    const { evaluate, places } = along(f, slope);
    const start = evaluate(Float64Array.of(name.includes("wave") ? 0.5 : 0));
    const found = searchLine(start, Float64Array.of(1), distance, evaluate) ?? expect.fail("nothing found");
    const [x0, x] = [start.x[0], found.x[0]];
    expect(f(x)).toBeLessThanOrEqual(f(x0) + 1e-4 * (x - x0) * slope(x0));
    if (name === "a wall") expect(x).toBeGreaterThan(1.9);
    else expect(Math.abs(slope(x))).toBeLessThanOrEqual(0.9 * Math.abs(slope(x0)));
    expect(places.length).toBeLessThan(32);
  });

  test("finds nothing where nothing is lower", () => {
    const { evaluate } = along(
      (x) => x,
      () => -1,
    );
    const start = evaluate(Float64Array.of(0));
    expect(searchLine(start, Float64Array.of(1), 1, evaluate)).toBeUndefined();
  });
});

describe("an optimizer", () => {
  test("gradient descent on a parabola is x ← x − η f′(x)", () => {
    const { x, evaluations, converged, history } = minimize(bowl, f64(target.map(() => 0)), {
      method: gradientDescent({ learningRate: 0.01 }),
      gradientTolerance: 1e-3,
    });
    expect(converged).toBe(true);
    // x after k steps is (1 − (1 − ηa)ᵏ) b/a, of which evaluation k + 1 sees the gradient.
    const k = evaluations - 1;
    for (const [i, value] of x.dataSync().entries())
      expect(value).toBeCloseTo((1 - (1 - 0.01 * scales[i]) ** k) * bottom[i], 10);
    expect(history.map(({ evaluations }) => evaluations)).toEqual(history.map((_, i) => i + 1));
    expect(history.at(-2)?.gradientNorm).toBeGreaterThanOrEqual(1e-3);
  });

  test.each([
    ["momentum", momentum({ learningRate: 0.005 })],
    ["rprop", rprop({ minimumStep: 1e-9 })],
    ["adam", adam({ learningRate: 0.05 })],
  ])("%s finds the bottom", (_, method) => {
    const { x, converged } = minimize(bowl, f64(target.map(() => 1)), { method, gradientTolerance: 1e-4 });
    expect(converged).toBe(true);
    for (const [i, value] of x.dataSync().entries()) expect(value).toBeCloseTo(bottom[i], 3);
  });

  test("by name, with its defaults, no more often than allowed", () => {
    const { evaluations, converged } = minimize(rosenbrock, valley, { method: "rprop", maxEvaluations: 25 });
    expect([evaluations, converged]).toEqual([25, false]);
  });
});

test("maximum likelihood: the mean and deviation of normal data", () => {
  const data = f64([...fixtureValues(8, 50, 3)]);
  const loss = ({ mean, logDeviation }: { mean: Tensor; logDeviation: Tensor }): Tensor =>
    add(mul(50, logDeviation), sum(mul(0.5, square(mul(sub(data, mean), exp(mul(-1, logDeviation)))))));
  const { x } = minimize(loss, { mean: f64(0), logDeviation: f64(0) });
  const values = [...data.dataSync()];
  const mean = values.reduce((total, value) => total + value, 0) / 50;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / 50;
  expect(x.mean.item()).toBeCloseTo(mean, 6);
  expect(x.logDeviation.item()).toBeCloseTo(Math.log(variance) / 2, 6);
});

test("a method of one's own sees vectors of all entries", () => {
  const half: BatchMethod = {
    type: "half",
    config: {},
    solve({ start, evaluate, arrive }) {
      for (let point = evaluate(start); point !== undefined && !arrive(point); )
        point = evaluate(plusScaled(point.x, point.gradient, -0.25));
    },
  };
  const f = ([a, { b }]: [Tensor, { b: Tensor }]): Tensor => add(sum(square(a)), sum(square(sub(b, 1))));
  const start: [Tensor, { b: Tensor }] = [f64([1, 2]), { b: f64([[3]].flat()) }];
  const { x, converged } = minimize(f, start, { method: half });
  expect(converged).toBe(true);
  expect(x[0].toArray()).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6)]);
  expect(x[1].b.item()).toBeCloseTo(1, 6);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "an unknown option",
    () => minimize(bowl, f64(bottom), JSON.parse('{"tolerance": 1}')),
    /gradientTolerance/,
  ],
  [
    "an unknown method",
    () => minimize(bowl, f64(bottom), JSON.parse('{"method": "rpro"}')),
    /did you mean 'rprop'/,
  ],
  ["a tolerance of 0", () => minimize(bowl, f64(bottom), { gradientTolerance: 0 }), /gradientTolerance: 0/],
  ["no evaluations", () => minimize(bowl, f64(bottom), { maxEvaluations: 0 }), /maxEvaluations: 0/],
  ["no memory", () => lbfgs({ memory: 0 }), /lbfgs: got memory: 0, expected a whole number/],
  ["nothing to change", () => minimize(() => f64(0), []), /minimize: got no tensors/],
  [
    "a start that is not finite",
    () => minimize((x: Tensor) => log(x), f64(-1)),
    /the value NaN at evaluation 1, expected finite values; start where/,
  ],
  [
    "a rate that diverges",
    () => minimize(bowl, f64(bottom.map(() => 1)), { method: gradientDescent({ learningRate: 1 }) }),
    /the value (NaN|-?Infinity) at evaluation \d+, expected finite values; take a smaller learningRate/,
  ],
])("refuses %s", (_, run, message) => {
  expect(run).toThrow(NeuriteError);
  expect(run).toThrow(message);
});
