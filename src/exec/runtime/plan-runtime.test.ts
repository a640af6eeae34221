import { describe, expect, test } from "vitest";
import { testedRuntimes } from "../../../test/compiled-runtimes.ts";
import { type DType, dtypeFacts, type TypedArray } from "../../base/dtype.ts";
import { axisCoordinate, type Coordinate, constant } from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import { interpretPlan } from "../../lang/kernel/interpret.ts";
import type { Command, Contraction, LoopNest, Place, Plan, PlanBuffer } from "../../lang/kernel/kernel.ts";
import * as s from "../../lang/kernel/scalar.ts";
import { WasmHeap } from "./wasm-heap.ts";

const load = (buffer: number, dtype: DType, index: Coordinate = axisCoordinate(0)): Expression => ({
  kind: "load",
  dtype,
  buffer,
  index,
  guards: [],
  fill: 0,
});

/** out[i] = value over n elements, reading the other buffers of the same length. */
function map(n: number, types: readonly DType[], value: Expression): LoopNest {
  const buffers = types.map((dtype, k) => ({ dtype, access: k === 0 ? "write" : "read" }) as const);
  return {
    kind: "loops",
    name: "map",
    space: [n],
    inner: [],
    buffers,
    statements: [
      { kind: "store", level: "outer", mode: "set", buffer: 0, index: axisCoordinate(0), guards: [], value },
    ],
  };
}

const kernel = (nest: LoopNest | Contraction, ...buffers: number[]): Command => ({
  kind: "kernel",
  kernel: nest,
  buffers,
  scope: "",
});

function buffersOf(
  ...list: readonly (readonly [length: number, place: Place, dtype?: DType])[]
): PlanBuffer[] {
  return list.map(([length, place, dtype = "f32"]) => ({ dtype, length, place }));
}

const input = (k: number): Place => ({ kind: "input", input: k });
const output = (k: number): Place => ({ kind: "output", output: k });
const arena = (byteOffset: number): Place => ({ kind: "arena", byteOffset });
const view = (of: number, byteOffset = 0): Place => ({ kind: "view", of, byteOffset });
const floats = (n: number, f: (k: number) => number = (k) => k): Float32Array =>
  Float32Array.from({ length: n }, (_, k) => f(k));

const addTwo = (n: number): LoopNest => map(n, ["f32", "f32", "f32"], s.add(load(1, "f32"), load(2, "f32")));
const double = (n: number): LoopNest => map(n, ["f32", "f32"], s.mul(load(1, "f32"), 2));

describe.each(testedRuntimes())("programs on $name", ({ runtime }) => {
  /** Runs a plan on arrays in the runtime's memory and returns its outputs. */
  function run(
    plan: Plan,
    inputs: readonly TypedArray[],
    repeats = 1,
  ): { outputs: TypedArray[]; error: number } {
    const executable = runtime.load(plan);
    let result: { outputs: TypedArray[]; error: number } = { outputs: [], error: 0 };
    for (let k = 0; k < repeats; k++) {
      const upload = (array: TypedArray): number => {
        const address = runtime.allocate(array.byteLength);
        const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
        new Uint8Array(runtime.buffer).set(bytes, address);
        return address;
      };
      const inputAddresses = inputs.map(upload);
      const facts = plan.outputs.map((buffer) => plan.buffers[buffer]);
      const outputAddresses = facts.map(({ dtype, length, place }) =>
        place.kind === "input"
          ? inputAddresses[place.input]
          : runtime.allocate(length * dtypeFacts[dtype].bytes),
      );
      const error = executable.run(inputAddresses, outputAddresses);
      const outputs = facts.map(({ dtype, length }, output) =>
        dtypeFacts[dtype].view(runtime.buffer, outputAddresses[output], length).slice(),
      );
      result = { outputs, error };
      // Not given back: the next run has other addresses.
    }
    executable.release();
    return result;
  }

  function expectLikeInterpreter(plan: Plan, inputs: readonly TypedArray[], repeats = 1): TypedArray[] {
    const expected = interpretPlan(
      plan,
      inputs.map((array) => array.slice()),
    );
    const got = run(plan, inputs, repeats);
    expect(got).toEqual(expected);
    return got.outputs;
  }

  test("kernels, arena values, constants and copies", () => {
    const plan: Plan = {
      buffers: buffersOf(
        [10, input(0)],
        [10, { kind: "constant", data: floats(10, (k) => k / 4) }],
        [10, arena(64)],
        [10, output(0)],
        [5, view(2, 8)],
        [3, { kind: "constant", data: floats(3) }],
      ),
      arenaBytes: 128,
      commands: [kernel(addTwo(10), 2, 0, 1), kernel(double(10), 3, 2)],
      // Outputs 1 to 3 are copied: part of an arena value, a constant, and another output.
      outputs: [3, 4, 5, 3],
      checks: [],
    };
    expectLikeInterpreter(plan, [floats(10)], 3);
  });

  test("nested repeats step through views of views", () => {
    // out[t, j, :] = state := state + x[t, j, :]
    const [steps, inner, n] = [3, 4, 5];
    const plan: Plan = {
      buffers: buffersOf(
        [steps * inner * n, input(0)],
        [n, input(1)],
        [steps * inner * n, output(0)],
        [inner * n, view(0)],
        [n, view(3)],
        [inner * n, view(2)],
        [n, view(5)],
        [2, view(6, 8)],
        [2, output(1)],
      ),
      arenaBytes: 0,
      commands: [
        {
          kind: "repeat",
          count: steps,
          steps: [
            { buffer: 3, strideBytes: 4 * inner * n },
            { buffer: 5, strideBytes: 4 * inner * n },
          ],
          body: [
            {
              kind: "repeat",
              count: inner,
              steps: [
                { buffer: 4, strideBytes: 4 * n },
                { buffer: 6, strideBytes: 4 * n },
              ],
              body: [
                kernel(addTwo(n), 6, 1, 4),
                { kind: "copy", from: 6, to: 1 },
                { kind: "copy", from: 7, to: 8 },
              ],
            },
          ],
        },
        // Behind the loops a stepped view stands at its start again.
        kernel(addTwo(n), 1, 1, 4),
      ],
      outputs: [2, 8, 1],
      checks: [],
    };
    expectLikeInterpreter(plan, [floats(steps * inner * n), floats(n, (k) => 100 * k)], 2);
  });

  test("branches clamp their selector, while loops end", () => {
    for (const selector of [-3, 0, 1, 7]) {
      const plan: Plan = {
        buffers: buffersOf([1, input(0), "i32"], [4, input(1)], [4, output(0)], [1, arena(0), "bool"]),
        arenaBytes: 64,
        commands: [
          {
            kind: "branch",
            selector: 0,
            branches: [[kernel(double(4), 2, 1)], [kernel(double(4), 2, 1), kernel(addTwo(4), 2, 2, 1)]],
          },
          {
            kind: "while",
            condition: [kernel(map(1, ["bool", "f32"], s.lt(load(1, "f32", constant(0)), 100)), 3, 2)],
            predicate: 3,
            body: [kernel(addTwo(4), 2, 2, 2)],
          },
        ],
        outputs: [2],
        checks: [],
      };
      expectLikeInterpreter(plan, [Int32Array.of(selector), floats(4, (k) => k + 1)]);
    }
  });

  test("routines see arrays, checks set the error word", () => {
    const sorted = {
      kind: "routine",
      name: "sort",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      types: [
        { dtype: "f32", shape: [6] },
        { dtype: "f32", shape: [6] },
      ],
      run: (arrays: readonly TypedArray[]): void => {
        arrays[1].set(arrays[0]);
        arrays[1].sort();
      },
    } as const;
    const check: LoopNest = {
      ...map(6, ["f32", "f32"], load(1, "f32")),
      statements: [1, 2].map((code) => ({
        kind: "check",
        level: "outer",
        condition: s.gt(load(1, "f32"), 10 * code),
        code,
      })),
    };
    const plan: Plan = {
      buffers: buffersOf([6, input(0)], [6, output(0)]),
      arenaBytes: 0,
      commands: [{ kind: "kernel", kernel: sorted, buffers: [0, 1], scope: "" }, kernel(check, 1, 1)],
      outputs: [1],
      checks: [1, 2].map((code) => ({ operation: "check", scope: "", message: `above ${10 * code}` })),
    };
    expectLikeInterpreter(plan, [floats(6, (k) => 5 - k)]);
    expectLikeInterpreter(plan, [floats(6, (k) => 15 - k)]);
  });

  test("the arena moves when a larger program comes, contractions use the scratch area behind it", () => {
    const n = 12;
    const at = (buffer: number, row: number, column: number): Expression => ({
      kind: "load",
      dtype: "f32",
      buffer,
      index: {
        offset: 0,
        coefficients: [0, 1, 2].map((axis) => (axis === row ? n : axis === column ? 1 : 0)),
        dynamic: [],
      },
      guards: [],
      fill: 0,
    });
    const product: Contraction = {
      kind: "contraction",
      name: "product",
      batch: [],
      rows: [n],
      columns: [n],
      depth: [n],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      left: at(0, 0, 2),
      right: at(1, 2, 1),
      epilogue: [
        {
          kind: "store",
          level: "outer",
          mode: "set",
          buffer: 2,
          index: { offset: 0, coefficients: [n, 1], dynamic: [] },
          guards: [],
          value: s.result("f32", 0),
        },
      ],
    };
    const planOf = (extra: number): Plan => ({
      buffers: buffersOf([n * n, input(0)], [n * n, arena(extra)], [n * n, output(0)]),
      arenaBytes: extra + 4 * n * n,
      commands: [kernel(product, 0, 0, 1), kernel(product, 1, 0, 2)],
      outputs: [2],
      checks: [],
    });
    const matrix = floats(n * n, (k) => (k % 5) - 2);
    const [small, large] = [planOf(0), planOf(1 << 20)];
    const first = runtime.load(small);
    const [address, out] = [runtime.allocate(4 * n * n), runtime.allocate(4 * n * n)];
    const expected = interpretPlan(small, [matrix]).outputs[0];
    for (let k = 0; k < 2; k++) {
      new Float32Array(runtime.buffer).set(matrix, address / 4);
      expect(first.run([address], [out])).toBe(0);
      expect(new Float32Array(runtime.buffer, out, n * n)).toEqual(expected);
      expectLikeInterpreter(large, [matrix]);
    }
    expect(() => runtime.load(planOf(2 ** 32))).toThrow("GiB");
    expect(first.run([address], [out])).toBe(0);
    expect(new Float32Array(runtime.buffer, out, n * n)).toEqual(expected);
    first.release();
    expect(() => first.run([address], [out])).toThrow("released");
  });
});

test("the heap reuses blocks, joins neighbours and refuses more than 4 GiB", () => {
  const heap = new WasmHeap();
  const first = heap.allocate(1000);
  expect(first % 64).toBe(0);
  expect(first).toBeGreaterThanOrEqual(64);
  heap.free(first);
  expect(heap.allocate(1000)).toBe(first);
  expect(() => heap.free(first + 64)).toThrow(RangeError);
  const blocks = [1, 2, 3, 4].map(() => heap.allocate(1 << 20));
  expect(new Set(blocks).size).toBe(4);
  for (const block of blocks) heap.free(block);
  expect(heap.allocate(4 << 20)).toBe(Math.min(...blocks));
  const size = heap.buffer.byteLength;
  for (let k = 0; k < 1000; k++) {
    const pair = [heap.allocate(300000 + 64 * (k % 7)), heap.allocate(200 * (k % 11))];
    for (const block of pair) heap.free(block);
  }
  expect(heap.buffer.byteLength).toBeLessThan(size + (4 << 20));
  expect(() => heap.allocate(2 ** 32)).toThrow("4.00 GiB");
});
