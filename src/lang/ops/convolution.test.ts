import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectOracle, oracleCases } from "../../../test/oracle.ts";
import { sizeOf } from "../../base/shape.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { vjp } from "../transforms/directional.ts";
import { mul } from "./arithmetic.ts";
import { conv, convTranspose } from "./convolution.ts";
import { ones } from "./create.ts";
import { sum } from "./structure.ts";

test.each(oracleCases("conv2d"))("%s as PyTorch", (_, oracle) => {
  const { strides, padding, dilations, groups } = oracle.params;
  const options = { strides, padding, kernelDilation: dilations, groups };
  expectOracle(oracle, (x, kernel) => conv(x, kernel, options));
});

const row = tensor([1, 2, 3, 4], { shape: [1, 4, 1], dtype: "f64" });
const kernel = tensor([10, 1], { shape: [2, 1, 1], dtype: "f64" });

test("one and three spatial axes", () => {
  expect(conv(row, kernel).dataSync()).toEqual(Float64Array.of(12, 23, 34));
  expect(conv(row, kernel, { padding: "same" }).dataSync()).toEqual(Float64Array.of(12, 23, 34, 40));
  expect(conv(row, kernel, { padding: [[1, 0]] }).dataSync()).toEqual(Float64Array.of(1, 12, 23, 34));
  const volume = conv(ones([2, 3, 4, 5, 2]), ones([2, 2, 2, 2, 3]));
  expect(volume.shape).toEqual([2, 2, 3, 4, 3]);
  expect(new Set(volume.dataSync())).toEqual(new Set([16]));
});

test("a dilated input reads zeros between its positions", () => {
  // 1 0 2 0 3 0 4
  const output = conv(row, kernel, { inputDilation: 2 });
  expect(output.dataSync()).toEqual(Float64Array.of(10, 2, 20, 3, 30, 4));
});

test("convTranspose is the transpose of conv", () => {
  for (const options of [
    { padding: "valid" },
    { padding: "same", strides: 2 },
    { padding: [[1, 0]], strides: 3 },
  ] as const) {
    const wide = ones([1, 12, 1], "f64");
    const [y, pullback] = vjp((x: Tensor) => conv(x, kernel, options), wide);
    const [pulled] = pullback(y);
    const spread = convTranspose(y, kernel, options);
    expect(spread.dataSync()).toEqual(pulled.dataSync().subarray(0, spread.shape[1]));
  }
  expect(
    convTranspose(ones([2, 7, 7, 8]), ones([3, 3, 1, 8]), { strides: 2, padding: "same" }).shape,
  ).toEqual([2, 14, 14, 1]);
});

test("both gradients are transposes with stride, dilation, groups and uneven padding at once", () => {
  const options = {
    strides: [2, 3],
    kernelDilation: [2, 1],
    groups: 2,
    padding: [
      [1, 2],
      [0, 3],
    ],
  } as const;
  const numbers = (shape: number[], seed: number): Tensor =>
    tensor(
      Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(seed + 1.7 * i)),
      { shape },
    );
  const dot = (a: Tensor, b: Tensor): number => sum(mul(a, b)).item();
  const [x, k] = [numbers([2, 8, 7, 4], 1), numbers([3, 2, 2, 6], 2)];
  const [y, pullback] = vjp((a: Tensor, b: Tensor) => conv(a, b, options), x, k);
  const cotangent = numbers([...y.shape], 3);
  const [toInput, toKernel] = pullback(cotangent);
  expect(dot(x, toInput)).toBeCloseTo(dot(y, cotangent), 10);
  expect(dot(k, toKernel)).toBeCloseTo(dot(y, cotangent), 10);
});

test("shapes that do not fit are named", () => {
  expect(() => conv(ones([1, 5, 5, 3]), ones([3, 3, 4, 8]))).toThrow(
    "conv: channels do not fit: got x [1, 5, 5, 3], kernel [3, 3, 4, 8], 1 groups, expected a kernel of 3 input channels",
  );
  expect(() => conv(ones([1, 2, 2, 3]), ones([3, 3, 3, 8]))).toThrow(/use padding 'same'/);
  expect(() => conv(ones([5, 5, 3]), ones([3, 3, 3, 8]))).toThrow(/1 to 3 spatial axes/);
});
