import { expect, test } from "vitest";
import {
  abs,
  checkGradients,
  eye,
  matmul,
  max,
  mean,
  mul,
  norm,
  random,
  reshape,
  std,
  sub,
  Tensor,
  transpose,
  zeros,
} from "../../tensor/index.ts";
import { conv2d, dense, initializers, type Layer, type NamedTensorTree, regularizers } from "../index.ts";
import { regularizerOf } from "../regularizers/regularizer-table.ts";
import { initializerOf } from "./initializer-table.ts";

const key: Tensor = random.key(11);

function extremes(x: Tensor): [number, number] {
  const values = x.dataSync();
  return [Math.min(...values), Math.max(...values)];
}

// [200, 300]: √(6 / 500), √(6 / 200), √(3 / 200); [5, 5, 20, 30]: fans 500 and 750.
test.each([
  ["glorotUniform", [200, 300], Math.sqrt(6 / 500)],
  ["heUniform", [200, 300], Math.sqrt(6 / 200)],
  ["lecunUniform", [200, 300], Math.sqrt(3 / 200)],
  ["glorotUniform", [5, 5, 20, 30], Math.sqrt(6 / 1250)],
  ["heUniform", [5, 5, 20, 30], Math.sqrt(6 / 500)],
  ["glorotUniform", [20000], Math.sqrt(6 / 40000)],
] as const)("%s of %j fills ± its limit evenly", (name, shape, limit) => {
  const x = initializerOf(name)(key, shape, "f32");
  const [least, largest] = extremes(x);
  expect(Math.abs(least / limit + 1)).toBeLessThan(1e-3);
  expect(Math.abs(largest / limit - 1)).toBeLessThan(1e-3);
  expect(std(x).item() / limit).toBeCloseTo(1 / Math.sqrt(3), 2);
});

test.each([
  ["glorotNormal", [200, 300], Math.sqrt(2 / 500)],
  ["heNormal", [200, 300], Math.sqrt(2 / 200)],
  ["lecunNormal", [200, 300], Math.sqrt(1 / 200)],
  ["heNormal", [5, 5, 20, 30], Math.sqrt(2 / 500)],
] as const)("%s of %j has its deviation and is cut off at two of the normal's", (name, shape, deviation) => {
  const x = initializerOf(name)(key, shape, "f64");
  expect(x.dtype).toBe("f64");
  expect(std(x).item() / deviation).toBeCloseTo(1, 1.7);
  expect(Math.abs(mean(x).item())).toBeLessThan(0.02 * deviation);
  const [least, largest] = extremes(x);
  const cut = (2 * deviation) / 0.8796256610342398;
  expect(largest).toBeLessThan(cut);
  expect(largest).toBeGreaterThan(0.98 * cut);
  expect(least).toBeGreaterThan(-cut);
});

test("initializers with options", () => {
  const shape = [100, 100];
  const [least, largest] = extremes(initializers.uniform({ minimum: 2, maximum: 3 })(key, shape, "f32"));
  expect([least >= 2, largest < 3, largest - least > 0.99]).toEqual([true, true, true]);
  const spread = initializers.normal({ mean: 3, std: 0.5 })(key, shape, "f32");
  expect(mean(spread).item()).toBeCloseTo(3, 1);
  expect(std(spread).item()).toBeCloseTo(0.5, 1);
  const [low, high] = extremes(initializers.truncatedNormal({ mean: 1, std: 0.1 })(key, shape, "f32"));
  expect([low > 0.8 - 1e-6, high < 1.2 + 1e-6, high - low > 0.39]).toEqual([true, true, true]);
  expect(initializers.constant({ value: 7 })(key, [2], "f64").toArray()).toEqual([7, 7]);
  expect(initializers.ones()(key, [2], "f32").toArray()).toEqual([1, 1]);
});

test.each([
  ["f32", [40, 40], 1e-5],
  ["f64", [40, 40], 1e-13],
  ["f64", [3, 3, 2, 5], 1e-13],
  ["f64", [4, 20], 1e-13],
  ["f64", [1, 1], 1e-13],
] as const)("orthogonal in %s of %j has orthonormal rows or columns", (dtype, shape, tolerance) => {
  const x = initializers.orthogonal({ gain: 3 })(key, shape, dtype);
  expect([x.dtype, x.shape]).toEqual([dtype, shape]);
  const columns = shape[shape.length - 1];
  const matrix = reshape(x, [x.dataSync().length / columns, columns]);
  const tall = matrix.shape[0] >= columns ? matrix : transpose(matrix);
  const count = tall.shape[1];
  const error = sub(matmul(transpose(tall), tall), mul(eye(count, count, dtype), 9));
  expect(max(abs(error)).item()).toBeLessThan(9 * tolerance);
});

test("orthogonal matrices are spread evenly: their entries have mean 0 and variance 1 / n", () => {
  const drawn = random
    .split(key, 200)
    .map((one) => [...initializers.orthogonal()(one, [4, 4], "f64").dataSync()]);
  for (let entry = 0; entry < 16; entry++) {
    const values = drawn.map((matrix) => matrix[entry]);
    const average = values.reduce((a, b) => a + b) / 200;
    const square = values.reduce((a, b) => a + b * b, 0) / 200;
    // Standard deviations 0.5 / √200 = 0.035, and of the squares √(3 / 24 − 1 / 16) / √200 = 0.018; four and a half of each.
    expect(Math.abs(average)).toBeLessThan(0.16);
    expect(Math.abs(square - 0.25)).toBeLessThan(0.08);
  }
});

test("randomDirections: every weight vector has length 1, and each entry the deviation of lecunNormal", () => {
  const W = initializers.randomDirections()(key, [50, 400], "f64");
  for (const length of norm(W, { axis: 0 }).dataSync()) expect(length).toBeCloseTo(1, 12);
  expect(std(W).item()).toBeCloseTo(Math.sqrt(1 / 50), 3);
  const kernels = initializers.randomDirections()(key, [3, 3, 2, 4], "f32");
  for (const length of norm(kernels, { axis: [0, 1, 2] }).dataSync()) expect(length).toBeCloseTo(1, 5);
});

test("spreadHinges: relu hinges of a layer on standardised inputs lie everywhere between −radius and radius", () => {
  const biases = [...initializers.spreadHinges({ radius: 3 })(key, [30], "f32").dataSync()];
  for (const [i, bias] of biases.entries()) {
    expect(bias).toBeGreaterThanOrEqual(-3 + i * 0.2 - 1e-6);
    expect(bias).toBeLessThanOrEqual(-3 + (i + 1) * 0.2 + 1e-6);
  }
  const own = biases.map((bias, i) => bias - i * 0.2);
  expect(Math.max(...own) - Math.min(...own)).toBeGreaterThan(0.15);
  const { params } = dense({
    units: 30,
    kernelInitializer: "randomDirections",
    biasInitializer: "spreadHinges",
  }).init(key, [[1]], "f64");
  const { weights, biases: offsets } = tensorsOf(params);
  const hinges = weights.dataSync().map((w, i) => -offsets.dataSync()[i] / w);
  expect(new Set(weights.dataSync())).toEqual(new Set([-1, 1]));
  for (const hinge of hinges) expect(Math.abs(hinge)).toBeLessThanOrEqual(2);
});

test("layers begin with glorotUniform and zeros, or as they are told, with a key for each", () => {
  const { params } = dense({ units: 300 }).init(key, [[200]], "f32");
  const limit = Math.sqrt(6 / 500);
  const { weights, biases } = tensorsOf(params);
  expect(extremes(weights)[1] / limit).toBeCloseTo(1, 3);
  expect(new Set(biases.dataSync())).toEqual(new Set([0]));
  const normal: Layer = conv2d({
    filters: 4,
    kernelSize: 2,
    groups: 2,
    kernelInitializer: initializers.normal({ std: 2 }),
    biasInitializer: "normal",
  });
  const told = tensorsOf(normal.init(key, [[4, 4, 6]], "f32").params);
  expect(told.weights.shape).toEqual([2, 2, 3, 4]);
  expect(std(told.weights).item()).toBeGreaterThan(1);
  expect(told.biases.dataSync()[0] / 0.05).not.toBeCloseTo(told.weights.dataSync()[0] / 2, 3);
});

function tensorsOf(params: NamedTensorTree): Record<string, Tensor> {
  const tensors = Object.entries(params).map(([name, value]): [string, Tensor] => {
    if (!(value instanceof Tensor)) expect.fail(`'${name}' is no tensor`);
    return [name, value];
  });
  return Object.fromEntries(tensors);
}

test.each(Object.entries(initializers))(
  "%s: shape, dtype, the key alone decides, and the way through JSON",
  (name, make) => {
    const initializer = make();
    expect(initializer.type).toBe(name);
    expect(initializerOf(name).config).toEqual(initializer.config);
    const shape = name === "spreadHinges" ? [30] : [5, 6];
    const again = initializerOf(JSON.parse(JSON.stringify({ type: name, config: initializer.config })));
    for (const dtype of ["f32", "f64"] as const) {
      const x = initializer(key, shape, dtype);
      expect([x.dtype, x.shape]).toEqual([dtype, shape]);
      expect(again(key, shape, dtype).dataSync()).toEqual(x.dataSync());
      const other = initializer(random.key(12), shape, dtype).dataSync();
      if (["zeros", "ones", "constant"].includes(name)) expect(other).toEqual(x.dataSync());
      else expect(other).not.toEqual(x.dataSync());
    }
  },
);

test.each(Object.entries(regularizers))(
  "%s: a penalty, its gradient, and the way through JSON",
  (name, make) => {
    const regularizer = make();
    expect(regularizer.type).toBe(name);
    const x = random.normal(key, [3, 4], { dtype: "f64" });
    expect(regularizer(x).shape).toEqual([]);
    expect(regularizer(x).item()).toBeGreaterThan(0);
    expect(regularizer(zeros([3, 4], "f64")).item()).toBe(0);
    checkGradients(regularizer, [x]);
    const again = regularizerOf(JSON.parse(JSON.stringify({ type: name, config: regularizer.config })));
    expect(again?.(x).item()).toBe(regularizer(x).item());
    expect(regularizerOf(name)?.config).toEqual(regularizer.config);
  },
);

test("bad options and names", () => {
  expect(() => initializerOf("glorotUnifrom")).toThrow("did you mean 'glorotUniform'?");
  expect(() => initializerOf({ type: "normal", config: { stddev: 1 } })).toThrow("did you mean 'std'?");
  expect(() => initializerOf(3)).toThrow("initializer: got 3, expected a name, or an initializer");
  expect(() => initializerOf({ type: "normal", config: { std: "1" } })).toThrow("expected a name");
  expect(() => initializers.normal({ std: Number.NaN })).toThrow(
    "normal: got std: NaN, expected a finite number",
  );
  expect(() => initializers.uniform({ minimum: 1, maximum: 0 })).toThrow("expected minimum ≤ maximum");
  expect(() => initializers.glorotUniform()(key, [2, 2], "i32")).toThrow(
    "got dtype i32, expected f32 or f64",
  );
  expect(() => initializers.spreadHinges({ radius: -1 })).toThrow("got radius: -1, expected a number from 0");
  for (const type of ["orthogonal", "randomDirections"] as const) {
    expect(() => initializerOf(type)(key, [3], "f32")).toThrow(
      `${type}: got [3], expected at least two axes`,
    );
  }
  expect(() => initializers.heNormal()(key, [], "f32")).toThrow("expected at least one axis");
});
