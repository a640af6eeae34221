import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectOracle, type OracleCase, oracleCases } from "../../../test/oracle.ts";
import { tensor } from "../../tensor/create.ts";
import { setDevice } from "../../tensor/devices.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "../transforms/gradient.ts";
import { elu, gelu, leakyRelu, relu, silu } from "./activations.ts";
import { eq } from "./comparison.ts";
import { clip, cosh, floorDivide, hypot, mod, reciprocal, sinh, square, tan } from "./mathematics.ts";
import { logSoftmax, logSumExp, mean, norm, softmax, std, variance } from "./statistics.ts";
import { sum } from "./structure.ts";

setDevice("reference");

type Parameters = { readonly axis?: number | null; readonly order?: 1 | 2 | "Infinity" };

const operations: Readonly<Record<string, (x: Tensor, parameters: Parameters) => Tensor>> = {
  softmax: (x, { axis }) => softmax(x, axis ?? -1),
  logSoftmax: (x, { axis }) => logSoftmax(x, axis ?? -1),
  logsumexp: (x, { axis }) => logSumExp(x, { axis: axis ?? undefined }),
  var: (x, { axis }) => variance(x, { axis: axis ?? undefined }),
  std: (x, { axis }) => std(x, { axis: axis ?? undefined }),
  norm: (x, { axis, order = 2 }) =>
    norm(x, { axis: axis ?? undefined, order: order === "Infinity" ? Infinity : order }),
};

test.each(oracleCases("reduction"))("%s", (_: string, oracle: OracleCase) => {
  expectOracle(oracle, (x) => operations[oracle.operation](x, oracle.params));
});

test("means of truth values and integers are f32", () => {
  expect(mean(eq(tensor([1, 2, 2, 2]), 2)).item()).toBe(0.75);
  expect(mean(tensor([1, 2], { dtype: "i32" })).dtype).toBe("f32");
  expect(
    mean(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      { axis: 0, keepDims: true },
    ).toArray(),
  ).toEqual([[2, 3]]);
  expect(variance(tensor([1, 2, 3]), { correction: 1 }).item()).toBe(1);
});

test("the gradient of a norm at zero is zero", () => {
  expect(grad((x: Tensor) => norm(x))(tensor([0, 0])).toArray()).toEqual([0, 0]);
  expect(grad((x: Tensor) => norm(x))(tensor([3, 4])).toArray()).toEqual([0.6, 0.8].map(Math.fround));
});

test("logSumExp of infinities", () => {
  expect(logSumExp(tensor([-Infinity, -Infinity])).item()).toBe(-Infinity);
  expect(logSumExp(tensor([Infinity, 0])).item()).toBe(Infinity);
});

/** Values and derivatives in f64 at −1, 0 and 2, from the formulas. */
const phi = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const activations: readonly [string, (x: Tensor) => Tensor, number[], number[]][] = [
  ["relu", relu, [0, 0, 2], [0, 0, 1]],
  ["leakyRelu", leakyRelu, [-0.01, 0, 2], [0.01, 0.01, 1]],
  ["elu", elu, [Math.expm1(-1), 0, 2], [Math.exp(-1), 1, 1]],
  [
    "silu",
    silu,
    [-1, 0, 2].map((x) => x * logistic(x)),
    [-1, 0, 2].map((x) => logistic(x) * (1 + x * (1 - logistic(x)))),
  ],
  [
    "gelu",
    gelu,
    [-0.15865525393145707, 0, 1.9544997361036416],
    [0.15865525393145707 - phi(-1), 0.5, 0.9772498680518208 + 2 * phi(2)],
  ],
  ["tanh gelu", (x) => gelu(x, { approximate: true }), [-0.15880800939172324, 0, 1.954597694087775], []],
];

test.each(activations)("%s", (_, f, values, derivatives) => {
  const x = tensor([-1, 0, 2], { dtype: "f64" });
  const near = (got: Tensor, wanted: number[]) =>
    wanted.forEach((value, i) => {
      expect(got.dataSync()[i]).toBeCloseTo(value, 13);
    });
  near(f(x), values);
  near(grad((t: Tensor) => sum(f(t)))(x), derivatives);
});

test("relu lets NaN pass and elu's gradient does not overflow", () => {
  expect(relu(tensor([Number.NaN, -1])).toArray()).toEqual([Number.NaN, 0]);
  expect(relu(tensor([-3, 3], { dtype: "i32" })).toArray()).toEqual([0, 3]);
  expect(grad((x: Tensor) => sum(elu(x)))(tensor([1000])).toArray()).toEqual([1]);
});

test("remainders and quotients have Python's sign", () => {
  const x = tensor([7, -7, 7, -7, 6], { dtype: "i32" });
  const y = tensor([3, 3, -3, -3, 3], { dtype: "i32" });
  expect(mod(x, y).toArray()).toEqual([1, 2, -2, -1, 0]);
  expect(floorDivide(x, y).toArray()).toEqual([2, -3, -3, 2, 2]);
  expect(floorDivide(tensor([7.5, -7.5]), 2).toArray()).toEqual([3, -4]);
  expect(mod(tensor([-0.5]), 2).toArray()).toEqual([1.5]);
  expect([mod(x, 0).toArray(), floorDivide(x, 0).toArray()]).toEqual([Array(5).fill(0), Array(5).fill(0)]);
});

test("mathematics", () => {
  const x = tensor([0.5, -1.5], { dtype: "f64" });
  const pairs: [Tensor, (v: number) => number][] = [
    [square(x), (v) => v * v],
    [reciprocal(x), (v) => 1 / v],
    [tan(x), Math.tan],
    [sinh(x), Math.sinh],
    [cosh(x), Math.cosh],
    [hypot(x, 2), (v) => Math.hypot(v, 2)],
    [clip(x, -1, 1), (v) => Math.min(Math.max(v, -1), 1)],
  ];
  for (const [got, formula] of pairs) {
    expect(got.dataSync()[0]).toBeCloseTo(formula(0.5), 14);
    expect(got.dataSync()[1]).toBeCloseTo(formula(-1.5), 14);
  }
  expect(hypot(tensor([3e30]), tensor([4e30])).item()).toBe(Math.fround(5e30));
  expect(hypot(tensor([Infinity]), 1).item()).toBe(Infinity);
  expect(grad((t: Tensor) => sum(hypot(t, t)))(tensor([0])).toArray()).toEqual([0]);
  expect(() => clip(x, 1, 0)).toThrow("clip: got bounds 1 and 0");
});
