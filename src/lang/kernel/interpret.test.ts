import { describe, expect, test } from "vitest";
import { type DType, dtypeFacts, type TypedArray } from "../../base/dtype.ts";
import { axisCoordinate, type Coordinate, dynamicCoordinate, linearIndex, plus } from "./coordinate.ts";
import { scalarFunction, startOf } from "./evaluate.ts";
import type { Expression, ScalarOp } from "./expression.ts";
import { interpretKernel, interpretPlan } from "./interpret.ts";
import type { Command, Contraction, KernelBuffer, LoopNest, Plan, Statement, Store } from "./kernel.ts";
import { add, cast, coordinateValue, lt, mul, result, sub } from "./scalar.ts";

const i0 = axisCoordinate(0);
const i1 = axisCoordinate(1);

function load(buffer: number, index: Coordinate = i0, dtype: DType = "f32"): Expression {
  return { kind: "load", dtype, buffer, index, guards: [], fill: 0 };
}

function store(buffer: number, value: Expression, parts: Partial<Store> = {}): Store {
  return { kind: "store", level: "outer", mode: "set", buffer, index: i0, guards: [], value, ...parts };
}

function buffer(access: KernelBuffer["access"], dtype: DType = "f32"): KernelBuffer {
  return { dtype, access };
}

function nest(
  space: number[],
  inner: number[],
  buffers: KernelBuffer[],
  ...statements: Statement[]
): LoopNest {
  return { kind: "loops", name: "test", space, inner, buffers, statements };
}

describe("scalar instructions", () => {
  const cases: [op: ScalarOp, dtype: DType, operands: number[], expected: number, from?: DType][] = [
    ["add", "f32", [16777216, 1], 16777216],
    ["add", "i32", [2147483647, 1], -2147483648],
    ["sub", "u32", [0, 1], 4294967295],
    ["add", "u8", [250, 10], 4],
    ["mul", "i32", [65537, 65537], 131073],
    ["mul", "u32", [4294967295, 4294967295], 1],
    ["neg", "i32", [-2147483648], -2147483648],
    ["abs", "i32", [-2147483648], -2147483648],
    ["neg", "u8", [1], 255],
    ["div", "i32", [-7, 2], -3],
    ["div", "i32", [7, 0], 0],
    ["div", "i32", [-2147483648, -1], -2147483648],
    ["div", "f32", [1, 0], Infinity],
    ["rem", "i32", [-7, 3], -1],
    ["rem", "u32", [7, 0], 0],
    ["rem", "f64", [-7.5, 2], -1.5],
    ["fma", "f32", [3, 5, 7], 22],
    ["min", "f32", [Number.NaN, 1], Number.NaN],
    ["max", "f64", [1, Number.NaN], Number.NaN],
    ["max", "f32", [-0, 0], 0],
    ["round", "f32", [2.5], 2],
    ["round", "f64", [-3.5], -4],
    ["round", "f64", [-0.25], -0],
    ["round", "f64", [0.49999999999999994], 0],
    ["round", "f64", [2251799813685249.5], 2251799813685250],
    ["shl", "i32", [1, 33], 2],
    ["shl", "u32", [1, 31], 2147483648],
    ["shl", "u8", [255, 4], 240],
    ["shr", "i32", [-8, 1], -4],
    ["shr", "u32", [4294967295, 28], 15],
    ["not", "bool", [1], 0],
    ["not", "u32", [0], 4294967295],
    ["not", "u8", [15], 240],
    ["xor", "i32", [-1, 1], -2],
    ["and", "u32", [4294967295, 2147483648], 2147483648],
    ["eq", "bool", [Number.NaN, Number.NaN], 0, "f32"],
    ["ne", "bool", [Number.NaN, Number.NaN], 1, "f32"],
    ["select", "f32", [1, 2, 3], 2],
    ["cast", "i32", [-1.9], -1, "f32"],
    ["cast", "i32", [3e9], 2147483647, "f64"],
    ["cast", "u8", [-1], 0, "f32"],
    ["cast", "u32", [Number.NaN], 0, "f32"],
    ["cast", "u8", [-1], 255, "i32"],
    ["cast", "u32", [-1], 4294967295, "i32"],
    ["cast", "f32", [16777217], 16777216, "i32"],
    ["cast", "bool", [Number.NaN], 1, "f32"],
    ["bitcast", "i32", [1], 0x3f800000, "f32"],
    ["bitcast", "f32", [0x80000000], -0, "u32"],
    ["bitcast", "u32", [-1], 4294967295, "i32"],
    ["exponent", "f64", [-12], 3],
    ["exponent", "f64", [0.75], -1],
    ["exponent", "f64", [5e-324], -1023],
    ["exponent", "f64", [Infinity], 1024],
    ["powerOfTwo", "f64", [-1022], 2 ** -1022],
    ["powerOfTwo", "f64", [1023], 2 ** 1023],
    ["powerOfTwo", "f64", [0], 1],
    ["powerOfTwo", "f64", [-1023], 0],
    ["powerOfTwo", "f64", [1024], Infinity],
  ];
  test.each(cases)("%s in %s of %j is %d", (op, dtype, operands, expected, from = dtype) => {
    const [x, y = 0, z = 0] = operands;
    expect(scalarFunction(op, dtype, from)(x, y, z)).toBe(expected);
  });

  test("integer maxima start from the type's limits", () => {
    expect(startOf("max", "i32")).toBe(-2147483648);
    expect(startOf("min", "u8")).toBe(255);
    expect(startOf("max", "bool")).toBe(0);
    expect(startOf("min", "bool")).toBe(1);
  });
});

describe("interpretKernel", () => {
  test("runs statements in order, reductions before the stores that read them", () => {
    const x = load(0, linearIndex([i0, i1], [3, 1]));
    const kernel = nest(
      [2],
      [3],
      [buffer("read"), buffer("write"), buffer("write")],
      { kind: "reduce", combine: "max", value: x },
      { kind: "reduce", combine: "sum", value: sub(x, result("f32", 0)) },
      store(1, result("f32", 1)),
      store(2, mul(x, result("f32", 0)), { level: "inner", index: linearIndex([i0, i1], [3, 1]) }),
    );
    const sums = new Float32Array(2);
    const scaled = new Float32Array(6);
    interpretKernel(kernel, [Float32Array.of(1, 3, 2, -1, -5, -3), sums, scaled], new Set());
    expect([...sums]).toEqual([-3, -6]);
    expect([...scaled]).toEqual([3, 9, 6, 1, 5, 3]);
  });

  test("fills guarded loads, skips guarded stores, accumulates scatters in loop order", () => {
    const padded: Expression = {
      kind: "load",
      dtype: "f32",
      buffer: 0,
      index: plus(i0, -1),
      guards: [{ coordinate: plus(i0, -1), extent: 3 }],
      fill: 9,
    };
    const target = dynamicCoordinate(load(1, i0, "i32"));
    const kernel = nest(
      [5],
      [],
      [buffer("read"), buffer("read", "i32"), buffer("update")],
      store(2, padded, { mode: "add", index: target, guards: [{ coordinate: target, extent: 2 }] }),
    );
    const sums = new Float32Array(2);
    const arrays = [Float32Array.of(1, 2, 3), Int32Array.of(0, 1, 0, -1, 1), sums];
    interpretKernel(kernel, arrays, new Set());
    expect([...sums]).toEqual([9 + 2, 1 + 9]);
  });

  test("reduces nothing to the start value and visits no empty space", () => {
    const out = new Int32Array(2).fill(7);
    const value = coordinateValue(i1);
    const kernel = nest([2], [0], [buffer("write", "i32")], { kind: "reduce", combine: "min", value });
    const stored: LoopNest = { ...kernel, statements: [...kernel.statements, store(0, result("i32", 0))] };
    interpretKernel({ ...stored, space: [0] }, [out], new Set());
    expect([...out]).toEqual([7, 7]);
    interpretKernel(stored, [out], new Set());
    expect([...out]).toEqual([2147483647, 2147483647]);
  });

  test("collects the codes of failed checks", () => {
    const errors = new Set<number>();
    const condition = lt(load(0), 0);
    const kernel = nest([2], [], [buffer("read")], { kind: "check", level: "outer", condition, code: 3 });
    interpretKernel(kernel, [Float32Array.of(1, 2)], errors);
    expect([...errors]).toEqual([]);
    interpretKernel(kernel, [Float32Array.of(1, -2)], errors);
    expect([...errors]).toEqual([3]);
  });

  test("refuses to touch memory outside an array", () => {
    const kernel = nest([4], [], [buffer("read"), buffer("write")], store(1, load(0)));
    const run = (): void => interpretKernel(kernel, [new Float32Array(3), new Float32Array(4)], new Set());
    expect(run).toThrow("kernel 'test': got index 3 of b0 at axes [3], expected 0 to 2");
  });

  test("contracts with an epilogue at every row and column", () => {
    const row = axisCoordinate(1);
    const column = axisCoordinate(2);
    const depth = axisCoordinate(3);
    const kernel: Contraction = {
      kind: "contraction",
      name: "batched",
      batch: [2],
      rows: [2],
      columns: [3],
      depth: [2],
      dtype: "f64",
      buffers: [buffer("read", "f64"), buffer("read", "f64"), buffer("write", "f64")],
      left: load(0, linearIndex([i0, row, depth], [4, 2, 1]), "f64"),
      right: load(1, linearIndex([i0, depth, column], [6, 3, 1]), "f64"),
      epilogue: [store(2, add(result("f64", 0), 0.5), { index: linearIndex([i0, row, column], [6, 3, 1]) })],
    };
    const left = Float64Array.from({ length: 8 }, (_, k) => k);
    const right = Float64Array.from({ length: 12 }, (_, k) => k - 3);
    const out = new Float64Array(12);
    interpretKernel(kernel, [left, right, out], new Set());
    const expected = Array.from({ length: 12 }, (_, k) => {
      const [b, i, j] = [Math.floor(k / 6), Math.floor(k / 3) % 2, k % 3];
      let sum = 0.5;
      for (let d = 0; d < 2; d++) sum += left[4 * b + 2 * i + d] * right[6 * b + 3 * d + j];
      return sum;
    });
    expect([...out]).toEqual(expected);
  });
});

describe("interpretPlan", () => {
  const kernel = (k: LoopNest, ...buffers: number[]): Command => {
    return { kind: "kernel", kernel: k, buffers, scope: "" };
  };
  const addOne = nest([1], [], [buffer("update")], store(0, add(load(0), 1)));
  const accumulate = nest([2], [], [buffer("read"), buffer("update")], store(1, add(load(1), load(0))));

  test("steps views through a repeat, forwards and backwards, and writes donated inputs in place", () => {
    const plan: Plan = {
      buffers: [
        { dtype: "f32", length: 6, place: { kind: "input", input: 0 } },
        { dtype: "f32", length: 2, place: { kind: "view", of: 0, byteOffset: 0 } },
        { dtype: "f32", length: 2, place: { kind: "input", input: 1 } },
        { dtype: "f32", length: 6, place: { kind: "output", output: 1 } },
        { dtype: "f32", length: 2, place: { kind: "view", of: 3, byteOffset: 16 } },
      ],
      arenaBytes: 0,
      commands: [
        {
          kind: "repeat",
          count: 3,
          steps: [
            { buffer: 1, strideBytes: 8 },
            { buffer: 4, strideBytes: -8 },
          ],
          body: [kernel(accumulate, 1, 2), { kind: "copy", from: 2, to: 4 }],
        },
      ],
      outputs: [2, 3],
      checks: [],
    };
    const carry = Float32Array.of(100, 200);
    const { outputs, error } = interpretPlan(plan, [Float32Array.of(1, 2, 3, 4, 5, 6), carry]);
    expect(outputs[0]).toBe(carry);
    expect([...carry]).toEqual([109, 212]);
    expect([...outputs[1]]).toEqual([109, 212, 104, 206, 101, 202]);
    expect(error).toBe(0);
  });

  test("loops while a predicate holds, in the arena, and reports the first failed check", () => {
    const below = nest(
      [1],
      [],
      [buffer("read"), buffer("write", "bool")],
      store(1, lt(load(0), 5)),
      { kind: "check", level: "outer", condition: lt(4, load(0)), code: 2 },
      { kind: "check", level: "outer", condition: lt(load(0), 5), code: 1 },
    );
    const plan: Plan = {
      buffers: [
        { dtype: "f32", length: 1, place: { kind: "arena", byteOffset: 64 } },
        { dtype: "bool", length: 1, place: { kind: "arena", byteOffset: 0 } },
        { dtype: "f32", length: 1, place: { kind: "constant", data: Float32Array.of(2) } },
      ],
      arenaBytes: 128,
      commands: [
        { kind: "copy", from: 2, to: 0 },
        { kind: "while", condition: [kernel(below, 0, 1)], predicate: 1, body: [kernel(addOne, 0)] },
      ],
      outputs: [0, 1],
      checks: [],
    };
    const { outputs, error } = interpretPlan(plan, []);
    expect(outputs.map((output) => [...output])).toEqual([[5], [0]]);
    expect(error).toBe(1);
  });

  test("runs the branch that the selector names, clamped", () => {
    const write = (value: number): Command[] => [
      kernel(
        nest([1], [], [buffer("write")], store(0, add(mul(cast(coordinateValue(i0), "f32"), 0), value))),
        1,
      ),
    ];
    const chosen = (selector: TypedArray, dtype: DType): number => {
      const plan: Plan = {
        buffers: [
          { dtype, length: 1, place: { kind: "input", input: 0 } },
          { dtype: "f32", length: 1, place: { kind: "output", output: 0 } },
        ],
        arenaBytes: 0,
        commands: [{ kind: "branch", selector: 0, branches: [write(10), write(20), write(30)] }],
        outputs: [1],
        checks: [],
      };
      return interpretPlan(plan, [selector]).outputs[0][0];
    };
    expect([-5, 0, 1, 2, 99].map((k) => chosen(Int32Array.of(k), "i32"))).toEqual([10, 10, 20, 30, 30]);
    expect(chosen(dtypeFacts.bool.create(1).fill(1), "bool")).toBe(20);
  });

  test("names the input that does not fit", () => {
    const plan: Plan = {
      buffers: [{ dtype: "f32", length: 2, place: { kind: "input", input: 0 } }],
      arenaBytes: 0,
      commands: [],
      outputs: [0],
      checks: [],
    };
    expect(() => interpretPlan(plan, [new Float32Array(3)])).toThrow("got 3 elements");
  });
});
