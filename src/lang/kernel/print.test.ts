import { describe, expect, test } from "vitest";
import { axisCoordinate, dynamicCoordinate, linearIndex, plus, times } from "./coordinate.ts";
import type { Expression } from "./expression.ts";
import type { Contraction, LoopNest } from "./kernel.ts";
import { printExpression, printKernel } from "./print.ts";
import {
  add,
  bitcast,
  cast,
  coordinateValue,
  inside,
  literal,
  lt,
  max,
  mul,
  neg,
  result,
  sub,
} from "./scalar.ts";

const i0 = axisCoordinate(0);
const i1 = axisCoordinate(1);
const i2 = axisCoordinate(2);

function load(buffer: number, index = i0, dtype: Expression["dtype"] = "f32"): Expression {
  return { kind: "load", dtype, buffer, index, guards: [], fill: 0 };
}

describe("printKernel", () => {
  test("prints a loop nest with reductions, guards and shared values", () => {
    const padded: Expression = {
      kind: "load",
      dtype: "f32",
      buffer: 0,
      index: plus(linearIndex([i0, i1], [3, 1]), -1),
      guards: [{ coordinate: plus(i1, -1), extent: 3 }],
      fill: 0,
    };
    const scaled = mul(padded, 0.1);
    const kernel: LoopNest = {
      kind: "loops",
      name: "rowSums",
      space: [2],
      inner: [4],
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "update" },
      ],
      statements: [
        { kind: "reduce", combine: "sum", value: mul(scaled, scaled) },
        { kind: "reduce", combine: "max", value: sub(scaled, result("f32", 0)) },
        {
          kind: "store",
          level: "outer",
          mode: "add",
          buffer: 1,
          index: i0,
          guards: [{ coordinate: i0, extent: 1 }],
          value: max(result("f32", 1), 0),
        },
        { kind: "check", level: "inner", code: 2, condition: lt(scaled, -1) },
      ],
    };
    expect(printKernel(kernel)).toMatchInlineSnapshot(`
      "loops rowSums over [i0: 2] inner [i1: 4]
        b0: f32 read, b1: f32 update
        t0 = b0[-1 + 3*i0 + i1 if 0 <= -1 + i1 < 3 else 0] * 0.1
        r0 = sum t0 * t0
        r1 = max t0 - r0
        b1[i0] += max(r1, 0) if 0 <= i0 < 1
        inner check 2 if t0 < -1"
    `);
  });

  test("prints a contraction with its axis groups and epilogue", () => {
    const kernel: Contraction = {
      kind: "contraction",
      name: "dense",
      batch: [],
      rows: [32],
      columns: [10],
      depth: [64],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      left: load(0, linearIndex([i0, i2], [64, 1])),
      right: load(1, linearIndex([i2, i1], [10, 1])),
      epilogue: [
        {
          kind: "store",
          level: "outer",
          mode: "set",
          buffer: 3,
          index: linearIndex([i0, i1], [10, 1]),
          guards: [],
          value: max(add(result("f32", 0), load(2, i1)), 0),
        },
      ],
    };
    expect(printKernel(kernel)).toMatchInlineSnapshot(`
      "contraction dense: f32 over rows [i0: 32] columns [i1: 10] depth [i2: 64]
        b0: f32 read, b1: f32 read, b2: f32 read, b3: f32 write
        left = b0[64*i0 + i2]
        right = b1[i1 + 10*i2]
        b3[10*i0 + i1] = max(sum + b2[i1], 0)"
    `);
  });
});

describe("printExpression", () => {
  test("sets parentheses only where precedence needs them", () => {
    const x = load(0);
    expect(printExpression(mul(add(x, 1), neg(sub(2, sub(x, 3)))))).toBe(
      "(b0[i0] + 1) * -(2 - (b0[i0] - 3))",
    );
  });

  test("prints conversions, indices read from data and guards as values", () => {
    const index = dynamicCoordinate(add(load(1, i0, "i32"), 1));
    expect(printExpression(load(0, plus(times(index, 4), i1)))).toBe("b0[i1 + 4*(b1[i0] + 1)]");
    expect(printExpression(bitcast(cast(coordinateValue(i1), "f32"), "u32"))).toBe("u32.bits(f32(i32(i1)))");
    expect(printExpression(inside([{ coordinate: i0, extent: 5 }]))).toBe("inside(0 <= i0 < 5)");
    expect(printExpression(literal("f32", Math.fround(0.1)))).toBe("0.1");
  });

  test("names what is shared, so text stays as long as the graph", () => {
    let x = load(0);
    for (let depth = 0; depth < 40; depth++) x = mul(x, x);
    expect(printExpression(x).length).toBeLessThan(1000);
  });
});
