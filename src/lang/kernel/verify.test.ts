import { describe, expect, test } from "vitest";
import type { DType } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { axisCoordinate, type Coordinate, dynamicCoordinate, plus } from "./coordinate.ts";
import type { Expression, ScalarOp } from "./expression.ts";
import type { Contraction, LoopNest, Statement, Store } from "./kernel.ts";
import { add, cast, literal, lt, result, select } from "./scalar.ts";
import { verifyKernel } from "./verify.ts";

function load(buffer: number, index: Coordinate = axisCoordinate(0), dtype: DType = "f32"): Expression {
  return { kind: "load", dtype, buffer, index, guards: [], fill: 0 };
}

function store(value: Expression, parts: Partial<Store> = {}): Store {
  return {
    kind: "store",
    level: "outer",
    mode: "set",
    buffer: 1,
    index: axisCoordinate(0),
    guards: [],
    value,
    ...parts,
  };
}

function nest(...statements: Statement[]): LoopNest {
  return {
    kind: "loops",
    name: "test",
    space: [2],
    inner: [3],
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
      { dtype: "i32", access: "update" },
    ],
    statements,
  };
}

const x = load(0);
const index = load(2, axisCoordinate(0), "i32");

function scalar(op: ScalarOp, dtype: DType, ...operands: Expression[]): Expression {
  return { kind: "scalar", op, dtype, operands };
}

describe("verifyKernel accepts", () => {
  test("a nest that reduces, gathers and stores at both levels", () => {
    const kernel = nest(
      { kind: "reduce", combine: "sum", value: load(0, plus(axisCoordinate(0), axisCoordinate(1))) },
      store(add(result("f32", 0), load(0, dynamicCoordinate(index)))),
      store(select(lt(x, 0), x, 1), { level: "inner", index: axisCoordinate(1) }),
      store(cast(x, "i32"), { buffer: 2, mode: "add" }),
    );
    expect(() => verifyKernel(kernel)).not.toThrow();
  });
});

describe("verifyKernel refuses", () => {
  const cases: [what: string, kernel: LoopNest, message: string][] = [
    ["mixed element types", nest(store(add(x, literal("f64", 1)))), "add(f32, f64) → f32"],
    ["a result of the wrong type", nest(store(scalar("lt", "f32", x, x))), "lt(f32, f32) → f32"],
    ["a missing operand", nest(store(scalar("add", "f32", x))), "add of 1 operands"],
    ["a number as a condition", nest(store(scalar("select", "f32", x, x, x))), "select(f32, f32, f32)"],
    [
      "bits of 64-bit numbers",
      nest(store(scalar("bitcast", "f32", literal("f64", 1)))),
      "bitcast(f64) → f32",
    ],
    ["an f64 instruction on f32", nest(store(scalar("exponent", "f32", x))), "exponent(f32) → f32"],
    ["a fraction as an integer", nest(store(literal("i32", 0.5), { buffer: 2 })), "the literal 0.5"],
    [
      "inner axes in an outer statement",
      nest(store(load(0, axisCoordinate(1)))),
      "axis i1 in an outer statement",
    ],
    ["an axis that does not exist", nest(store(x, { level: "inner", index: axisCoordinate(2) })), "axis i2"],
    ["a buffer that does not exist", nest(store(load(3))), "buffer b3"],
    ["a load of another type", nest(store(load(0, axisCoordinate(0), "f64"))), "a load of f64 from b0"],
    ["a load from a written buffer", nest(store(load(1))), "a load from b1"],
    ["a store to a read buffer", nest(store(x, { buffer: 0 })), "a store to b0"],
    ["a stored value of another type", nest(store(x, { buffer: 2 })), "f32 b0[i0] as the value stored to b2"],
    [
      "accumulation into a buffer not read",
      nest(store(x, { mode: "add" })),
      "an add to b1 with access 'write'",
    ],
    [
      "a later result",
      nest(store(result("f32", 0)), { kind: "reduce", combine: "sum", value: x }),
      "result 0",
    ],
    ["a float index", nest(store(load(0, dynamicCoordinate(x)))), "f32 b0[i0] as an index"],
    ["a number as a check", nest({ kind: "check", level: "outer", condition: x, code: 1 }), "the condition"],
    ["check code 0", nest({ kind: "check", level: "outer", condition: lt(x, 0), code: 0 }), "check code 0"],
    ["a negative extent", { ...nest(store(x)), space: [-1] }, "extent -1"],
    [
      "the sum of truth values",
      nest({ kind: "reduce", combine: "sum", value: lt(x, 0) }),
      "the sum of a bool",
    ],
  ];
  test.each(cases)("%s", (_, kernel, message) => {
    expect(() => verifyKernel(kernel)).toThrow(NeuriteError);
    expect(() => verifyKernel(kernel)).toThrow(message);
  });

  const contraction: Contraction = {
    kind: "contraction",
    name: "product",
    batch: [],
    rows: [2],
    columns: [3],
    depth: [4],
    dtype: "f32",
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    left: load(0, plus(axisCoordinate(0), axisCoordinate(2))),
    right: load(0, plus(axisCoordinate(1), axisCoordinate(2))),
    epilogue: [store(result("f32", 0), { index: plus(axisCoordinate(0), axisCoordinate(1)) })],
  };
  test("contraction operands and epilogues that mention the wrong axes", () => {
    expect(() => verifyKernel(contraction)).not.toThrow();
    expect(() => verifyKernel({ ...contraction, left: contraction.right })).toThrow(
      "axis i1 in the left operand",
    );
    expect(() => verifyKernel({ ...contraction, right: contraction.left })).toThrow(
      "axis i0 in the right operand",
    );
    const deep = store(result("f32", 0), { index: axisCoordinate(2) });
    expect(() => verifyKernel({ ...contraction, epilogue: [deep] })).toThrow("axis i2 in the epilogue");
    expect(() => verifyKernel({ ...contraction, dtype: "f64" })).toThrow("expected f64");
  });
});
