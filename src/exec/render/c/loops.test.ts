import { describe, expect, test } from "vitest";
import { compileKernels, findTarget, layOut } from "../../../../test/native-kernels.ts";
import type { DType, TypedArray } from "../../../base/dtype.ts";
import { interpretKernel } from "../../../lang/kernel/interpret.ts";
import type { LoopNest } from "../../../lang/kernel/kernel.ts";
import { exp } from "../../../lang/kernel/math-exponential.ts";
import * as s from "../../../lang/kernel/scalar.ts";
import { NestGenerator, type Pick, pointsOf } from "../nest/random-nest.fixture.ts";
import { renderLoopNest } from "./loops.ts";

// What the nests compute is tested on all runtimes (nest/loops.test.ts); here is what only C does.

function randomNest(seed: number): { nest: LoopNest; arrays: readonly TypedArray[] } {
  let state = seed;
  const pick: Pick = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return new NestGenerator(pick, ["f32", "i32", "bool"]).nest();
}

/** sum[v] = Σ_k x[k, v], then twice that. */
function columns(rows: number, width: number): LoopNest {
  const at = (...coefficients: number[]) => ({ offset: 0, coefficients, dynamic: [] });
  const x = { kind: "load", dtype: "f32", buffer: 0, index: at(1, width), guards: [], fill: 0 } as const;
  return {
    kind: "loops",
    name: "columns",
    space: [width],
    inner: [rows],
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    statements: [
      { kind: "reduce", combine: "sum", value: x },
      {
        kind: "store",
        level: "outer",
        mode: "set",
        buffer: 1,
        index: at(1),
        guards: [],
        value: s.mul(s.result("f32", 0), 2),
      },
    ],
  };
}

/** y[i, k] = e^x / Σ_k e^x */
function shares(rows: number, width: number): LoopNest {
  const index = { offset: 0, coefficients: [width, 1], dynamic: [] };
  const x = { kind: "load", dtype: "f32", buffer: 0, index, guards: [], fill: 0 } as const;
  const value = s.div(exp(x), s.result("f32", 0));
  return {
    kind: "loops",
    name: "shares",
    space: [rows],
    inner: [width],
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    statements: [
      { kind: "reduce", combine: "sum", value: exp(x) },
      { kind: "store", level: "inner", mode: "set", buffer: 1, index, guards: [], value },
    ],
  };
}

const dtypesOf = (nest: LoopNest): DType[] => nest.buffers.map(({ dtype }) => dtype);

describe.runIf(findTarget() !== undefined)("loop nests as C", () => {
  test("give the same bits for every number of parts", () => {
    const cases = Array.from({ length: 16 }, (_, k) => randomNest(k + 1)).filter(
      ({ nest }) => pointsOf(nest) < 20000,
    );
    const kernels = cases.map(({ nest }) => renderLoopNest(nest));
    const functions = compileKernels(kernels);
    cases.forEach(({ nest, arrays }, k) => {
      const results = [1, 2, 7].map((parts) => {
        const { memory, words, views } = layOut(kernels[k], arrays, dtypesOf(nest));
        // Backwards: no part may need an earlier one.
        for (let part = parts - 1; part >= 0; part--) functions[k](memory, words, part, parts, 1);
        return views;
      });
      expect(results[1], `nest ${k} in two parts`).toEqual(results[0]);
      expect(results[2], `nest ${k} in seven parts`).toEqual(results[0]);
    });
  }, 60_000);

  test("have channels written into them when they are few, and share their code otherwise", () => {
    const widths = [8, 16, 32, 64, 12, 33, 100, 1000];
    const kernels = widths.map((width) => renderLoopNest(columns(50, width)));
    expect(new Set(kernels.map(({ key }) => key)).size).toBe(widths.length - 2);
    expect(renderLoopNest(columns(51, 32)).key).toBe(kernels[2].key);
    expect(renderLoopNest(columns(50, 500)).key).toBe(kernels[7].key);
    const functions = compileKernels(kernels);
    widths.forEach((width, k) => {
      const x = Float32Array.from({ length: 50 * width }, (_, i) => ((i * 7919) % 97) - 48);
      const arrays = [x, new Float32Array(width)];
      const { memory, words, views } = layOut(kernels[k], arrays, ["f32", "f32"]);
      functions[k](memory, words, 0, 1, 1);
      interpretKernel(columns(50, width), arrays, new Set());
      expect(views[1]).toEqual(arrays[1]);
    });
  }, 60_000);

  test("compute what two passes over a row need once, unless the row is long", () => {
    const widths = [40, 1000, 9000];
    const kernels = widths.map((width) => renderLoopNest(shares(30, width)));
    const exponentials = kernels.map((kernel) => kernel.define().split("bits_of_f32(n").length - 1);
    expect(exponentials).toEqual([1, 1, 2].map((passes) => passes * exponentials[0]));
    expect(new Set(kernels.map(({ key }) => key)).size).toBe(2);
    const functions = compileKernels(kernels);
    widths.forEach((width, k) => {
      const x = Float32Array.from({ length: 30 * width }, (_, i) => Math.sin(i) * 5);
      const arrays = [x, new Float32Array(x.length)];
      const { memory, words, views } = layOut(kernels[k], arrays, ["f32", "f32"]);
      functions[k](memory, words, 0, 1, 1);
      for (const row of [0, 12, 29]) {
        const part = [...x.subarray(row * width, (row + 1) * width)];
        const total = part.reduce((sum, value) => sum + Math.exp(value), 0);
        part.forEach((value, i) => {
          expect(Math.abs(views[1][row * width + i] / (Math.exp(value) / total) - 1)).toBeLessThan(1e-6);
        });
      }
    });
  }, 60_000);
});
