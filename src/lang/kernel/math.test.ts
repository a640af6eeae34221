import { describe, expect, test } from "vitest";
import table from "../../../test/fixtures/transcendental.json" with { type: "json" };
import { NeuriteError } from "../../base/error.ts";
import { axisCoordinate } from "./coordinate.ts";
import type { Expression } from "./expression.ts";
import { interpretKernel } from "./interpret.ts";
import type { LoopNest } from "./kernel.ts";
import * as math from "./math.ts";
import { childrenOf } from "./print.ts";
import { literal } from "./scalar.ts";
import { verifyKernel } from "./verify.ts";

type FloatArray = Float32Array | Float64Array;
type Operation = (...operands: Expression[]) => Expression;

const { exp, expm1, log, log1p, pow, sin, cos, tanh, sigmoid, erf, erfInv, rsqrt } = math;
const unary = { exp, expm1, log, log1p, sin, cos, tanh, sigmoid, erf, erfInv, rsqrt };
const names = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "erf",
  "erfInv",
  "rsqrt",
] as const;

function operand(buffer: number, dtype: "f32" | "f64"): Expression {
  return { kind: "load", dtype, buffer, index: axisCoordinate(0), guards: [], fill: 0 };
}

/** Maps a function over arrays of arguments of one float type. */
function run<T extends FloatArray>(
  operation: (...operands: Expression[]) => Expression,
  ...xs: T[]
): number[] {
  const dtype = xs[0] instanceof Float32Array ? "f32" : "f64";
  const out = dtype === "f32" ? new Float32Array(xs[0].length) : new Float64Array(xs[0].length);
  const kernel: LoopNest = {
    kind: "loops",
    name: "test",
    space: [out.length],
    inner: [],
    buffers: [...xs.map(() => ({ dtype, access: "read" }) as const), { dtype, access: "write" }],
    statements: [
      {
        kind: "store",
        level: "outer",
        mode: "set",
        buffer: xs.length,
        index: axisCoordinate(0),
        guards: [],
        value: operation(...xs.map((_, k) => operand(k, dtype))),
      },
    ],
  };
  verifyKernel(kernel);
  interpretKernel(kernel, [...xs, out], new Set());
  return [...out];
}

/** The distance of two numbers in units of the last place of `expected`. */
function ulps(got: number, expected: number, bits: 24 | 53): number {
  if (Object.is(got, expected)) return 0;
  const smallest = bits === 24 ? -126 : -1022;
  const exponent = Math.max(smallest, Math.floor(Math.log2(Math.abs(expected))));
  const distance = Math.abs(got - expected) / 2 ** (exponent - bits + 1);
  return Number.isNaN(distance) ? Infinity : distance;
}

/** The largest error over the arguments of which f32 can hold the result. */
function worst(got: number[], expected: number[], bits: 24 | 53): { ulp: number; at: number } {
  let result = { ulp: 0, at: -1 };
  got.forEach((value, at) => {
    const exact = expected[at];
    const overflows = bits === 24 && Math.abs(Math.fround(exact)) === Infinity;
    const ulp = overflows ? ulps(value, Math.fround(exact), bits) : ulps(value, exact, bits);
    if (ulp > result.ulp) result = { ulp, at };
  });
  return result;
}

/** Numbers from low to high without a visible period. */
function uniform(low: number, high: number, count = 20000): number[] {
  return Array.from({ length: count }, (_, k) => low + (high - low) * ((k * 0.6180339887498949) % 1));
}

function geometric(low: number, high: number, count = 10000): number[] {
  return uniform(0, 1, count).map((u) => low * (high / low) ** u);
}

function bothSigns(values: number[]): number[] {
  return [...values, ...values.map((value) => -value)];
}

describe("f64 functions", () => {
  test.each(names)("%s is within 2 ulp of 60-digit arithmetic", (name) => {
    const { x, value } = table[name];
    expect(worst(run(unary[name], Float64Array.from(x)), value, 53).ulp).toBeLessThanOrEqual(2);
  });

  test("pow is within 2 ulp of 60-digit arithmetic", () => {
    const { x, y, value } = table.pow;
    const got = run(pow, Float64Array.from(x), Float64Array.from(y));
    expect(worst(got, value, 53).ulp).toBeLessThanOrEqual(2);
  });
});

// The f64 functions, held to 60 digits above, are the reference of the f32 functions.
describe("f32 functions", () => {
  const multiples = Array.from({ length: 63661 }, (_, k) => ((k + 1) * Math.PI) / 2);
  const cases: [name: keyof typeof unary, limit: number, arguments: number[]][] = [
    ["exp", 1, [...uniform(-104, 88.8, 60000), ...bothSigns(geometric(1e-9, 80))]],
    ["expm1", 2, [...uniform(-20, 88.8, 30000), ...bothSigns(geometric(1e-45, 80)), ...uniform(-2, 2)]],
    ["log", 1, [...geometric(1e-45, 3.4e38, 40000), ...uniform(0.5, 2)]],
    [
      "log1p",
      1.5,
      [...uniform(-1, 4), ...geometric(1e-45, 3.4e38), ...geometric(1e-45, 0.99).map((x) => -x)],
    ],
    ["sin", 2, bothSigns([...uniform(0, 10), ...uniform(0, 1e5), ...geometric(1e-45, 1e5)])],
    ["sin", 4, multiples],
    ["cos", 2, bothSigns([...uniform(0, 10), ...uniform(0, 1e5), ...geometric(1e-45, 1e5)])],
    ["cos", 4, multiples],
    ["tanh", 2, bothSigns([...uniform(0, 10, 30000), ...uniform(0.5, 0.6), ...geometric(1e-45, 12)])],
    ["sigmoid", 2, [...uniform(-104, 90, 30000), ...uniform(-20, 20, 30000)]],
    ["erf", 2, bothSigns([...uniform(0, 4.2, 30000), ...uniform(0.8, 1), ...geometric(1e-37, 1)])],
    [
      "erfInv",
      2,
      bothSigns([
        ...uniform(0, 1, 30000),
        ...geometric(1e-37, 1),
        ...geometric(1e-7, 1e-3).map((x) => 1 - x),
      ]),
    ],
    ["rsqrt", 1.5, geometric(1e-45, 3.4e38, 30000)],
  ];
  test.each(cases)("%s is within %d ulp", (name, limit, numbers) => {
    const x = Float32Array.from(numbers);
    const { ulp, at } = worst(run(unary[name], x), run(unary[name], Float64Array.from(x)), 24);
    expect(ulp, `at ${x[at]}`).toBeLessThanOrEqual(limit);
  });

  const exponents = uniform(-0.5, 0.5, 30000).map((u, k) => u * (k % 2 === 0 ? 1 : -1));
  const powers: [where: string, base: number[], exponent: number[]][] = [
    ["over the range of f32", geometric(1e-45, 3e38, 30000), exponents.map((u) => 4 * u)],
    ["for large exponents", geometric(0.05, 20, 30000), exponents.map((u) => 70 * u)],
    ["close to 1", uniform(0.999, 1.001, 30000), exponents.map((u) => 2e5 * u)],
  ];
  test.each(powers)("pow is within 2 ulp %s", (_, base, exponent) => {
    // Shifted, so that bases and exponents are not the same sequence.
    const y = Float32Array.from([...exponent.slice(7919), ...exponent.slice(0, 7919)]);
    const x = Float32Array.from(base);
    const { ulp, at } = worst(run(pow, x, y), run(pow, Float64Array.from(x), Float64Array.from(y)), 24);
    expect(ulp, `at ${x[at]}, ${y[at]}`).toBeLessThanOrEqual(2);
  });

  test("tanh and erf never pass ±1, sin and cos stay within ±1 for any argument", () => {
    const x = Float32Array.from(bothSigns([...uniform(0, 12), ...geometric(1, 3.4e38)]));
    for (const f of [tanh, erf, sin, cos]) {
      expect(run(f, x).every((y) => Math.abs(y) <= 1)).toBe(true);
    }
  });
});

describe.each([Float32Array, Float64Array])("special values in %o", (FloatArrayType) => {
  const round = (value: number): number => FloatArrayType.of(value)[0];
  const apply = (f: Operation, ...xs: number[]): number => run(f, ...xs.map((x) => FloatArrayType.of(x)))[0];

  const smallest = FloatArrayType === Float32Array ? 2 ** -149 : 2 ** -1074;
  const largest = FloatArrayType === Float32Array ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const cases: [name: keyof typeof unary, x: number, value: number][] = [
    ["exp", 0, 1],
    ["exp", -Infinity, 0],
    ["exp", -largest, 0],
    ["exp", Infinity, Infinity],
    ["exp", largest, Infinity],
    ["expm1", 0, 0],
    ["expm1", -0, -0],
    ["expm1", smallest, smallest],
    ["expm1", -Infinity, -1],
    ["expm1", Infinity, Infinity],
    ["log", 1, 0],
    ["log", 0, -Infinity],
    ["log", -0, -Infinity],
    ["log", -1, Number.NaN],
    ["log", -Infinity, Number.NaN],
    ["log", Infinity, Infinity],
    ["log", smallest, round(Math.log(smallest))],
    ["log", largest, round(Math.log(largest))],
    ["log1p", 0, 0],
    ["log1p", -0, -0],
    ["log1p", smallest, smallest],
    ["log1p", -1, -Infinity],
    ["log1p", -2, Number.NaN],
    ["log1p", Infinity, Infinity],
    ["log1p", largest, round(Math.log(largest))],
    ["sin", 0, 0],
    ["sin", -0, -0],
    ["sin", smallest, smallest],
    ["sin", Infinity, Number.NaN],
    ["sin", -Infinity, Number.NaN],
    ["cos", 0, 1],
    ["cos", -Infinity, Number.NaN],
    ["tanh", 0, 0],
    ["tanh", -0, -0],
    ["tanh", -smallest, -smallest],
    ["tanh", Infinity, 1],
    ["tanh", -Infinity, -1],
    ["tanh", -largest, -1],
    ["sigmoid", 0, 0.5],
    ["sigmoid", -Infinity, 0],
    ["sigmoid", Infinity, 1],
    ["sigmoid", -largest, 0],
    ["erf", 0, 0],
    ["erf", -0, -0],
    ["erf", Infinity, 1],
    ["erf", -Infinity, -1],
    ["erfInv", 0, 0],
    ["erfInv", -0, -0],
    ["erfInv", 1, Infinity],
    ["erfInv", -1, -Infinity],
    ["erfInv", 1.5, Number.NaN],
    ["rsqrt", 4, 0.5],
    ["rsqrt", 0, Infinity],
    ["rsqrt", Infinity, 0],
    ["rsqrt", -1, Number.NaN],
  ];
  test.each(cases)("%s(%d) is %d", (name, x, value) => {
    expect(apply(unary[name], x)).toBe(value);
  });

  test.each(names)("%s of NaN is NaN", (name) => {
    expect(apply(unary[name], Number.NaN)).toBeNaN();
  });

  test("pow agrees with C where JavaScript does not, and with JavaScript elsewhere", () => {
    const numbers = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 4, -4, Infinity, -Infinity, Number.NaN];
    for (const x of numbers) {
      for (const y of numbers) {
        const isOne = x === 1 || (x === -1 && Math.abs(y) === Infinity);
        const expected = isOne ? 1 : x ** y;
        // 2^½ is not exact, and a NaN has no digits.
        const got = apply(pow, x, y);
        const near = Math.abs(got - expected) <= 2 ** -22 * Math.abs(expected);
        expect(Object.is(got, expected) || near, `${x} ** ${y} is ${got}, not ${expected}`).toBe(true);
      }
    }
  });

  test("pow keeps the parity of large exponents", () => {
    const even = FloatArrayType === Float32Array ? 2 ** 24 : 2 ** 53;
    expect(apply(pow, -1, even)).toBe(1);
    expect(apply(pow, -1, even - 1)).toBe(-1);
    expect(apply(pow, -2, largest)).toBe(Infinity);
    expect(apply(pow, -0.5, -3)).toBe(-8);
  });
});

describe("the functions", () => {
  // How many instructions each takes in f32, so that a slower one does not slip in.
  const costs: Readonly<Record<keyof typeof unary | "pow", number>> = {
    exp: 29,
    expm1: 30,
    log: 35,
    log1p: 41,
    sin: 46,
    cos: 44,
    tanh: 43,
    sigmoid: 28,
    erf: 52,
    erfInv: 77,
    rsqrt: 2,
    pow: 132,
  };
  const operations: Readonly<Record<string, Operation>> = { ...unary, pow };

  test.each(Object.entries(costs))("%s takes %d instructions, none of them fma", (name, cost) => {
    const seen = new Set<Expression>();
    const ops: string[] = [];
    const visit = (node: Expression): void => {
      if (seen.has(node)) return;
      seen.add(node);
      // A bitcast of a register is free.
      if (node.kind === "scalar" && node.op !== "bitcast") ops.push(node.op);
      for (const child of childrenOf(node)) visit(child);
    };
    visit(operations[name](operand(0, "f32"), operand(1, "f32")));
    expect(ops.length).toBeLessThanOrEqual(cost);
    expect(ops).not.toContain("fma");
  });

  test("refuse integers", () => {
    expect(() => exp(literal("i32", 1))).toThrow(NeuriteError);
    expect(() => rsqrt(literal("u8", 1))).toThrow("rsqrt: got an operand of type u8, expected f32 or f64");
  });
});
