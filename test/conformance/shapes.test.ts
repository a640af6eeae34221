import fc from "fast-check";
import { describe, test } from "vitest";
import { type DType, isFloat } from "../../src/base/dtype.ts";
import { type Shape, sizeOf } from "../../src/base/shape.ts";
import {
  argmax,
  argmin,
  concatenate,
  conv,
  convTranspose,
  cumsum,
  dotGeneral,
  einsum,
  matmul,
  max,
  maxPool,
  min,
  prod,
  sort,
  sum,
  sumPool,
  transpose,
} from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { vjp } from "../../src/lang/transforms/index.ts";
import { jit } from "../../src/tensor/jit.ts";
import { compared, drawTensor, expectClose, generator, patience, runOn } from "./harness.ts";

// Integers: every sum is exact, in whatever order a device adds.
function integers(dtype: DType, shape: Shape, seed: number, largest = 3): Tensor {
  const next = generator(seed + sizeOf(shape));
  const levels = 2 * largest + 1;
  const draw = isFloat(dtype) ? (): number => Math.floor(levels * next()) / (levels - 1) : next;
  return drawTensor({ dtype, shape }, [-largest, largest], draw);
}

function expectSame(device: string, f: (...xs: Tensor[]) => Tensor[], xs: readonly Tensor[]): void {
  const wanted = runOn("reference", () => f(...xs));
  expectClose(
    runOn(device, () => jit(f)(...xs)),
    wanted,
    () => 0,
  );
}

/** The result, and the gradients for a cotangent that is the result. */
function withGradients(f: (...xs: Tensor[]) => Tensor): (...xs: Tensor[]) => Tensor[] {
  return (...xs) => {
    const [output, pullback] = vjp(f, ...xs);
    return [output, ...pullback(output)];
  };
}

const extents = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130];
const dtypes: readonly DType[] = ["f32", "f64", "i32", "u32", "u8"];

const sizes = [
  [1, 1, 1],
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
  [2, 3, 5],
  [1, 17, 9],
  [13, 1, 7],
  [16, 8, 1],
  [5, 33, 12],
  [17, 9, 33],
  [32, 64, 10],
  [33, 130, 18],
];

describe.each(compared)("on %s, in every shape,", (device) => {
  test.each(dtypes)("reductions of %s equal the reference", (dtype) => {
    const runs: (() => Tensor[])[] = [];
    for (const extent of extents) {
      for (const shape of [[extent], [extent, 3], [3, extent], [2, extent, 5]]) {
        const x = integers(dtype, shape, 1);
        const axis = shape.indexOf(extent);
        runs.push(
          () => [sum(x, { axis }), sum(x), sum(x, { axis: 0, keepDims: true })],
          () => [cumsum(x, { axis }), sort(x, { axis })],
        );
        if (extent > 0) runs.push(() => [max(x, { axis }), min(x), argmax(x, { axis }), argmin(x)]);
        // Of many factors only 1 and −1 stay exact.
        const factors = integers(dtype, shape, 1, extent > 8 ? 1 : 2);
        runs.push(() => [prod(factors, { axis }), prod(factors)]);
      }
    }
    expectSame(device, () => runs.flatMap((run) => run()), []);
  });

  const factors = dtypes.filter((dtype) => dtype !== "u8");
  test.each(factors)("products of matrices of %s equal the reference, in every transposition", (dtype) => {
    const runs: (() => Tensor)[] = [];
    for (const [m, k, n] of sizes) {
      const [x, y] = [integers(dtype, [m, k], 1), integers(dtype, [k, n], 2)];
      const [across, down] = [transpose(x), transpose(y)];
      const [batch, others] = [integers(dtype, [3, m, k], 3), integers(dtype, [3, k, n], 4)];
      runs.push(
        () => matmul(x, y),
        () => matmul(transpose(across), y),
        () => matmul(x, transpose(down)),
        () => matmul(transpose(across), transpose(down)),
        () => matmul(batch, y),
        () => einsum("bmk,kn->nbm", batch, y),
        () => dotGeneral(batch, others, { contract: [[2], [1]], batch: [[0], [0]] }),
      );
    }
    expectSame(device, () => runs.map((run) => run()), []);
  });

  const channels = fc.constantFrom(1, 2, 3, 4, 8, 16);
  const geometry = fc.record({
    dtype: fc.constantFrom<DType[]>("f32", "f64"),
    batch: fc.integer({ min: 1, max: 3 }),
    image: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    window: fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 3 }))),
    strides: fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 3 }))),
    kernelDilation: fc.integer({ min: 1, max: 2 }),
    inputDilation: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom("same", "valid"),
    groups: fc.constantFrom(1, 2),
    inputs: channels,
    filters: channels,
  });

  test("convolutions, their transposes and all gradients equal the reference", () => {
    fc.assert(
      fc.property(geometry, (g) => {
        const rank = g.image.length;
        const reach = g.window.slice(0, rank).map((extent) => (extent - 1) * g.kernelDilation + 1);
        const fits = g.image.every((extent, d) => (extent - 1) * g.inputDilation + 1 >= reach[d]);
        fc.pre(fits || g.padding === "same");
        const x = integers(g.dtype, [g.batch, ...g.image, g.inputs * g.groups], 1);
        const window = g.window.slice(0, rank);
        const kernel = integers(g.dtype, [...window, g.inputs, g.filters * g.groups], 2);
        const strides = g.strides.slice(0, rank);
        const { padding, groups, kernelDilation, inputDilation } = g;
        const options = { strides, padding, groups, kernelDilation } as const;
        expectSame(
          device,
          withGradients((a, b) => conv(a, b, { ...options, inputDilation })),
          [x, kernel],
        );
        const y = integers(g.dtype, [g.batch, ...g.image, g.filters * g.groups], 3);
        expectSame(
          device,
          withGradients((a, b) => convTranspose(a, b, options)),
          [y, kernel],
        );
      }),
      { numRuns: 60, seed: 1, interruptAfterTimeLimit: patience },
    );
  });

  test("pooling and its gradients equal the reference", () => {
    fc.assert(
      fc.property(geometry, (g) => {
        const window = g.window.slice(0, g.image.length);
        fc.pre(g.padding === "same" || g.image.every((extent, d) => extent >= window[d]));
        const x = integers(g.dtype, [g.batch, ...g.image, g.inputs], 1);
        const options = { strides: g.strides.slice(0, g.image.length), padding: g.padding } as const;
        for (const pool of [maxPool, sumPool]) {
          expectSame(
            device,
            withGradients((a) => pool(a, window, options)),
            [x],
          );
        }
      }),
      { numRuns: 40, seed: 1, interruptAfterTimeLimit: patience },
    );
  });

  test("many operands are concatenated along every axis, empty ones too", () => {
    for (const axis of [0, 1, 2]) {
      const parts = [2, 0, 1, 5, 3, 1, 4, 16, 1, 7].map((extent, i) =>
        integers("f32", [2, 3, 4].with(axis, extent), i),
      );
      expectSame(
        device,
        withGradients((...xs) => concatenate(xs, axis)),
        parts,
      );
    }
  });
});
