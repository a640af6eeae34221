import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import { tensorOf } from "../ops/operand.ts";
import "../../../test/on-reference.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { mark } from "../ops/identity.ts";
import { matmul } from "../ops/matmul.ts";
import { key, uniform } from "../ops/random.ts";
import { sum } from "../ops/structure.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Program } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, trace, withScope } from "../program/trace.ts";
import { verifyProgram } from "../program/verify.ts";
import { grad } from "./gradient.ts";
import { linearizeProgram } from "./linearize.ts";
import { transposeProgram } from "./transpose.ts";

const names = (program: Program): string[] => program.equations.map(({ primitive }) => primitive.name);
const square = { dtype: "f32", shape: [2, 2] } as const;

const record = (f: (...inputs: Tensor[]) => Tensor, count: number): Program =>
  trace((...inputs) => [f(...inputs)], new Array(count).fill(square), { name: "test" }).program;

describe("linearizeProgram", () => {
  it("keeps contractions and inputs, and computes elementwise chains again", () => {
    const program = record((x, w) => {
      const z = mark("z", matmul(x, w));
      const a = mul(mul(z, z), z);
      return matmul(a, w);
    }, 2);
    const { primal, linear, residualCount, present } = linearizeProgram(program, [true, true]);
    for (const part of [primal, linear]) verifyProgram(part);
    // x, w and z; the chain a = z³ is cheap.
    expect([residualCount, present]).toEqual([3, [true]]);
    expect(names(primal)).not.toContain("sum");
    expect(names(primal)).toContain("mark");
    expect(names(linear)).not.toContain("mark");
    const { program: transposed } = transposeProgram(
      linear,
      linear.inputs.map((_, i) => i >= residualCount),
    );
    verifyProgram(transposed);
  });

  it("costs nothing for what has no tangent", () => {
    const program = record((x, w) => add(matmul(w, mul(w, w)), x), 2);
    const { linear, residualCount } = linearizeProgram(program, [true, false]);
    expect([names(linear), residualCount]).toEqual([[], 0]);
  });

  it("keeps random bits", () => {
    const program = trace((k, x) => [mul(x, uniform(k, [2, 2]))], [key(0), square], { name: "test" }).program;
    const drawing = program.equations.filter(({ primitive }) => primitive.costly === true);
    const { linear } = linearizeProgram(program, [false, true]);
    expect(drawing.length).toBeGreaterThan(0);
    expect(linear.equations.some(({ primitive }) => primitive.costly === true)).toBe(false);
  });

  it("keeps scopes", () => {
    const program = record((x, w) => withScope("hidden", () => matmul(x, w)), 2);
    const { linear } = linearizeProgram(program, [true, true]);
    expect(new Set(linear.equations.map(({ scope }) => scope))).toEqual(new Set(["hidden"]));
  });
});

describe("transposition", () => {
  it("names the operation that has no transpose rule", () => {
    const oneWay: Primitive = {
      name: "oneWay",
      infer: ([x]) => [x],
      derivative: ({ tangents: [dx] }) => bind(oneWay, [tensorOf(dx)], {}),
      batch: ({ inputs }) => bind(oneWay, inputs, {}),
      reference: ({ inputs: [x] }) => [x.data.slice()],
      lowering: { kind: "alias" },
    };
    const f = (x: Tensor): Tensor => sum(withScope("hidden", () => bind(oneWay, [x], {})[0]));
    expect(() => grad(f)(tensor([1, 2]))).toThrow(/'oneWay' in 'hidden', which has no transpose rule.*jvp/);
  });

  it("handles deep programs", () => {
    const deep = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 3000; i++) y = mul(y, 1);
      return y;
    };
    expect(grad(deep)(tensor(2)).item()).toBe(1);
  });
});
