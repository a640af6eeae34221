import { describe, expect, test } from "vitest";
import { runKernels, testedRuntimes } from "../../../../test/compiled-runtimes.ts";
import { type DType, dtypeFacts, type TypedArray } from "../../../base/dtype.ts";
import { type Coordinate, dynamicCoordinate, type Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression } from "../../../lang/kernel/expression.ts";
import { interpretKernel } from "../../../lang/kernel/interpret.ts";
import type { Check, KernelBuffer, LoopNest, Statement, Store } from "../../../lang/kernel/kernel.ts";
import * as s from "../../../lang/kernel/scalar.ts";
import { verifyKernel } from "../../../lang/kernel/verify.ts";
import { NestGenerator, type Pick, pointsOf, type RandomNest } from "./random-nest.fixture.ts";

const families: readonly (readonly DType[])[] = [
  ["f32"],
  ["f32", "i32", "bool"],
  ["i32", "u32", "u8", "bool", "f32"],
  ["f64"],
  ["f64", "f32", "i32", "u32", "u8", "bool"],
];

function difference(a: TypedArray, b: TypedArray, tolerance: number): string | undefined {
  for (let k = 0; k < a.length; k++) {
    const close = Math.abs(a[k] - b[k]) <= tolerance * Math.max(1, Math.abs(b[k]));
    if (!Object.is(a[k], b[k]) && !close) return `element ${k}: ${a[k]}, expected ${b[k]}`;
  }
  return undefined;
}

const runtimes = testedRuntimes();

// Sums in another order may round to the other side of a comparison: the same nests in every run.
function randomNests(types: readonly DType[], count: number): RandomNest[] {
  let state = 1;
  const pick: Pick = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const nests: RandomNest[] = [];
  while (nests.length < count) {
    const one = new NestGenerator(pick, types).nest();
    if (pointsOf(one.nest) < 20000) nests.push(one);
  }
  return nests;
}

function kernelsOf(nests: readonly RandomNest[]): { kernel: LoopNest; arrays: TypedArray[] }[] {
  return nests.map(({ nest, arrays }) => ({ kernel: nest, arrays }));
}

describe.each(runtimes)("random nests on $name", (tested) => {
  // The system's compiler takes longer.
  const count = tested.name === "wasm" ? 150 : 25;
  test.each(families.map((types) => [types]))(
    "of %s agree with the interpreter",
    (types) => {
      const nests = randomNests(types, count);
      for (const { nest } of nests) verifyKernel(nest);
      const got = runKernels(tested, kernelsOf(nests)).arrays;
      nests.forEach(({ nest, arrays, inexact }, k) => {
        const expected = arrays.map((array) => array.slice());
        interpretKernel(nest, expected, new Set());
        for (const [buffer, array] of got[k].entries()) {
          const problem = difference(array, expected[buffer], inexact ? 1e-4 : 0);
          expect(problem, `nest ${k}, buffer ${buffer}`).toBeUndefined();
        }
      });
    },
    120_000,
  );
});

test("wasm and native give the same bits, and the same again", () => {
  for (const types of families) {
    const nests = kernelsOf(randomNests(types, 25));
    const [first, ...others] = [...runtimes, ...runtimes].map((tested) => runKernels(tested, nests));
    for (const other of others) expect(other).toEqual(first);
  }
}, 120_000);

function affine(...coefficients: number[]): Coordinate {
  return { offset: 0, coefficients, dynamic: [] };
}

function load(buffer: number, index: Coordinate, dtype: DType = "f32"): Expression {
  return { kind: "load", dtype, buffer, index, guards: [], fill: 0 };
}

function store(buffer: number, index: Coordinate, value: Expression, options: Partial<Store> = {}): Store {
  return { kind: "store", level: "outer", mode: "set", buffer, index, guards: [], value, ...options };
}

function nestOf(
  space: readonly number[],
  inner: readonly number[],
  buffers: readonly (readonly [DType, KernelBuffer["access"]])[],
  statements: readonly Statement[],
): LoopNest {
  return {
    kind: "loops",
    name: "test",
    space,
    inner,
    buffers: buffers.map(([dtype, access]) => ({ dtype, access })),
    statements,
  };
}

const floats = (n: number, f: (k: number) => number): Float32Array =>
  Float32Array.from({ length: n }, (_, k) => f(k));

function softmax(rows: number, columns: number): LoopNest {
  const x = load(0, affine(columns, 1));
  const shifted = s.mul(s.sub(x, s.result("f32", 0)), 0.5);
  return nestOf(
    [rows],
    [columns],
    [
      ["f32", "read"],
      ["f32", "write"],
    ],
    [
      { kind: "reduce", combine: "max", value: x },
      { kind: "reduce", combine: "sum", value: shifted },
      store(1, affine(columns, 1), s.div(shifted, s.result("f32", 1)), { level: "inner" }),
    ],
  );
}

describe.each(runtimes)(
  "loop nests on $name",
  (tested) => {
    const run = (nest: LoopNest, arrays: readonly TypedArray[]): { arrays: TypedArray[]; error: number } => {
      const { arrays: results, error } = runKernels(tested, [{ kernel: nest, arrays }]);
      return { arrays: results[0], error };
    };

    function expectLikeInterpreter(nest: LoopNest, arrays: readonly TypedArray[], tolerance = 0): void {
      verifyKernel(nest);
      const expected = arrays.map((array) => array.slice());
      interpretKernel(nest, expected, new Set());
      run(nest, arrays).arrays.forEach((array, k) => {
        expect(difference(array, expected[k], tolerance), `buffer ${k}`).toBeUndefined();
      });
    }

    test("row reductions of every length, with a NaN that spreads over its row only", () => {
      for (const columns of [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 40, 67]) {
        const rows = 3;
        const x = floats(rows * columns, (k) => (k === columns ? Number.NaN : ((k * 7) % 11) - 5));
        expectLikeInterpreter(softmax(rows, columns), [x, new Float32Array(rows * columns)], 1e-6);
      }
    });

    test("many reductions of one row of integers", () => {
      const combines = ["sum", "max", "min", "prod", "sum"] as const;
      for (const [dtype, n] of [
        ["i32", 16],
        ["i32", 33],
        ["u32", 24],
        ["u8", 70],
      ] as const) {
        for (const count of [2, 3, 5]) {
          const at = (reduction: number): Coordinate => ({ ...affine(combines.length), offset: reduction });
          const statements = combines
            .slice(0, count)
            .flatMap((combine, reduction): Statement[] => [
              { kind: "reduce", combine, value: load(0, affine(n, 1), dtype) },
              store(1, at(reduction), s.result(dtype, reduction)),
            ]);
          const order = [...statements].sort(
            (a, b) => Number(a.kind === "store") - Number(b.kind === "store"),
          );
          const nest = nestOf(
            [3],
            [n],
            [
              [dtype, "read"],
              [dtype, "update"],
            ],
            order,
          );
          const x = dtypeFacts[dtype].create(3 * n).map((_, k) => (k * 31) % 7);
          expectLikeInterpreter(nest, [x, dtypeFacts[dtype].create(3 * combines.length)]);
        }
      }
    });

    test("products along rows and along columns", () => {
      const x = floats(60, (k) => [2, -0.5, 1, -2, 0.5][k % 5]);
      for (const index of [affine(6, 1), affine(1, 10)]) {
        const product: Statement = { kind: "reduce", combine: "prod", value: load(0, index) };
        const types = [
          ["f32", "read"],
          ["f32", "write"],
        ] as const;
        const nest = nestOf([10], [6], types, [product, store(1, affine(1), s.result("f32", 0))]);
        expectLikeInterpreter(nest, [x, new Float32Array(10)]);
      }
    });

    test("another batch size needs no new code", () => {
      const arrays = (rows: number): TypedArray[] => [
        floats(rows * 20, (k) => k % 9),
        new Float32Array(rows * 20),
      ];
      run(softmax(32, 20), arrays(32));
      const before = tested.compiledCount();
      for (const rows of [2, 17, 64]) run(softmax(rows, 20), arrays(rows));
      expect(tested.compiledCount()).toBe(before);
    });

    test("the gradient of max pooling goes to the first maximum of each window", () => {
      for (const channels of [1, 3, 4, 6, 16, 21]) {
        const [n, h, w] = [2, 3, 4];
        const at = affine(
          4 * h * w * channels,
          4 * w * channels,
          2 * channels,
          1,
          2 * w * channels,
          channels,
        );
        const out = affine(h * w * channels, w * channels, channels, 1);
        const x = load(0, at);
        const k: Expression = { kind: "coordinate", dtype: "i32", coordinate: affine(0, 0, 0, 0, 2, 1) };
        const gradient = s.select(s.eq(s.result("i32", 1), k), load(1, out), 0);
        const nest = nestOf(
          [n, h, w, channels],
          [2, 2],
          [
            ["f32", "read"],
            ["f32", "read"],
            ["f32", "update"],
          ],
          [
            { kind: "reduce", combine: "max", value: x },
            {
              kind: "reduce",
              combine: "min",
              value: s.select(s.eq(x, s.result("f32", 0)), k, s.literal("i32", 99)),
            },
            store(2, at, gradient, { level: "inner", mode: "add" }),
          ],
        );
        const size = n * h * w * channels;
        const input = floats(4 * size, (i) => (i * 31) % 7);
        const arrays = [input, floats(size, (i) => i + 1), new Float32Array(4 * size)];
        expectLikeInterpreter(nest, arrays);
      }
    });

    test("rows are gathered, and scattered back where their index is inside", () => {
      for (const columns of [1, 3, 8, 13]) {
        const [rows, table] = [6, 4];
        const indices = Int32Array.of(3, -1, 0, 3, 4, 2);
        const index = load(1, affine(1, 0), "i32");
        const row: Coordinate = { ...affine(0, 1), dynamic: [{ stride: columns, value: index }] };
        const inside: Guard = { coordinate: dynamicCoordinate(index), extent: table };
        const types = [
          ["f32", "update"],
          ["i32", "read"],
          ["f32", "update"],
        ] as const;
        const gathered: Expression = {
          kind: "load",
          dtype: "f32",
          buffer: 0,
          index: row,
          guards: [inside],
          fill: -1,
        };
        const gather = nestOf([rows, columns], [], types, [store(2, affine(columns, 1), gathered)]);
        const values = load(2, affine(columns, 1));
        const scatter = nestOf([rows, columns], [], types, [
          store(0, row, values, { mode: "add", guards: [inside] }),
        ]);
        const arrays = [floats(table * columns, (k) => k), indices, floats(rows * columns, (k) => 100 * k)];
        expectLikeInterpreter(gather, arrays);
        expectLikeInterpreter(scatter, arrays);
      }
    });

    test("an output may lie where an input was", () => {
      const value = s.add(s.mul(load(0, affine(1)), 3), load(1, affine(1)));
      for (const n of [1, 3, 5, 10, 18, 35]) {
        const nest = nestOf(
          [n],
          [],
          [
            ["f32", "read"],
            ["f32", "read"],
            ["f32", "write"],
          ],
          [store(2, affine(1), value)],
        );
        const x = floats(n, (k) => k);
        const { arrays } = run(nest, [x, x, x]);
        expect([...arrays[2]]).toEqual([...floats(n, (k) => 4 * k)]);
      }
    });

    test("a check that fails sets the error word, the first one for good", () => {
      const check = (code: number, limit: number): Check => ({
        kind: "check",
        level: "outer",
        condition: s.gt(load(0, affine(1)), limit),
        code,
      });
      for (const n of [3, 4, 11, 40]) {
        const nest = nestOf([n], [], [["f32", "read"]], [check(7, n - 1), check(3, n - 2), check(5, n - 2)]);
        expect(run(nest, [floats(n, (k) => k)]).error).toBe(3);
        expect(run(nest, [new Float32Array(n)]).error).toBe(0);
      }
    });

    test("empty loops store nothing, empty reductions give their starting value", () => {
      const max: Statement = { kind: "reduce", combine: "max", value: load(0, affine(0, 1)) };
      const types = [
        ["f32", "read"],
        ["f32", "write"],
      ] as const;
      const result = store(1, affine(1), s.result("f32", 0));
      expectLikeInterpreter(nestOf([0], [3], types, [max, result]), [
        new Float32Array(3),
        new Float32Array(5),
      ]);
      expectLikeInterpreter(nestOf([5], [0], types, [max, result]), [
        new Float32Array(3),
        new Float32Array(5),
      ]);
    });
  },
  60_000,
);
