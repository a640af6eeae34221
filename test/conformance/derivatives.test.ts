import { describe, expect, test } from "vitest";
import { isFloat } from "../../src/base/dtype.ts";
import { mul, sub, sum } from "../../src/lang/ops/index.ts";
import type { Primitive } from "../../src/lang/program/primitive.ts";
import { Program } from "../../src/lang/program/program.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { bind, trace } from "../../src/lang/program/trace.ts";
import { verifyProgram } from "../../src/lang/program/verify.ts";
import { checkGradients, jvp, vjp } from "../../src/lang/transforms/index.ts";
import { type Case, casesOf, draw, drawTensor, generator, primitives } from "./harness.ts";

// stopGradient has a derivative that is not that of its value: see nesting.test.ts.
const cases = casesOf(...primitives)
  .map(([, each]) => inDoublePrecision(each))
  .filter(({ primitive, sample }) => {
    const isDouble = sample.inputs.every(({ dtype }) => dtype !== "f32");
    return (
      isDouble && sample.inputs.some(({ dtype }) => dtype === "f64") && primitive.name !== "stopGradient"
    );
  })
  .map((each): [string, Case] => [each.name, prepared(each)]);

/** What makes the operands fit is differentiated along with the primitive. */
function prepared(each: Case): Case {
  const { prepare, ...sample } = each.sample;
  if (prepare === undefined) return each;
  return { ...each, sample, apply: (...operands) => each.apply(...prepare(operands)) };
}

// A cast to f32 rounds away what finite differences look for.
function inDoublePrecision(each: Case): Case {
  const { parameters } = each.sample;
  if (each.primitive.name !== "cast" || parameters.dtype !== "f32") return each;
  const exact = { ...parameters, dtype: "f64" };
  return { ...each, apply: (...operands) => bind(each.primitive, operands, exact) };
}

/** The cotangents of the float operands, as a function of all operands, for a cotangent that depends on them as well. */
function gradientOf(f: Case["apply"]): Case["apply"] {
  return (...operands) => {
    const [outputs, pullback] = vjp(f, ...operands);
    return pullback(outputs).filter(({ dtype }) => isFloat(dtype));
  };
}

/** The tangents of the float results along a fixed direction. */
function tangentOf(f: Case["apply"], direction: readonly Tensor[]): Case["apply"] {
  return (...operands) => jvp(f, operands, [...direction])[1].filter(({ dtype }) => isFloat(dtype));
}

/** (f(x + ε v) − f(x − ε v)) / 2ε against the tangents, for every float result. */
function checkTangents(f: Case["apply"], operands: readonly Tensor[], direction: readonly Tensor[]): void {
  const epsilon = 1e-5;
  const at = (step: number): Tensor[] =>
    f(...operands.map((x, i) => (isFloat(x.dtype) ? sub(x, mul(direction[i], -step)) : x)));
  const [above, below] = [at(epsilon), at(-epsilon)].map((outputs) =>
    outputs.filter(({ dtype }) => isFloat(dtype)).map((output) => output.dataSync()),
  );
  for (const [k, tangent] of tangentOf(f, direction)(...operands).entries()) {
    for (const [i, derivative] of tangent.dataSync().entries()) {
      const difference = (above[k][i] - below[k][i]) / (2 * epsilon);
      const error = Math.abs(derivative - difference) / Math.max(1, Math.abs(derivative));
      if (!(error <= 1e-6)) expect.fail(`result ${k}, element ${i}: ${derivative}, expected ${difference}`);
    }
  }
}

function directionFor(operands: readonly Tensor[]): Tensor[] {
  const next = generator(99);
  return operands.map((x) => (isFloat(x.dtype) ? drawTensor(x, [-1, 1], next) : x));
}

// The primitives that know one mode only, each with the error that says so.
const reverseOnly = (primitive: Primitive): boolean => primitive.name === "customGradient";
const forwardOnly = (primitive: Primitive): boolean => primitive.name === "whileLoop";

test("control flow is checked in f64 wherever it is in f32", () => {
  const withPrograms = casesOf(...primitives).filter(([, { sample }]) =>
    Object.values(sample.parameters)
      .flat()
      .some((value) => value instanceof Program),
  );
  const count = (dtype: string): number =>
    withPrograms.filter(([, { sample }]) => sample.inputs.some((type) => type.dtype === dtype)).length;
  expect(count("f64")).toBe(count("f32"));
  expect(count("f64")).toBeGreaterThan(4);
});

describe("reverse mode agrees with finite differences to second order:", () => {
  test.each(cases.filter(([, { primitive }]) => !forwardOnly(primitive)))("%s", (_, { apply, sample }) => {
    for (const seed of [1, 2]) {
      const operands = draw(sample, seed);
      verifyProgram(trace(gradientOf(apply), operands, { name: "test" }).program);
      checkGradients(apply, operands);
      checkGradients(gradientOf(apply), operands, { tolerance: 1e-5 });
    }
  });
});

describe("forward mode agrees with finite differences to second order, and with reverse mode:", () => {
  test.each(cases.filter(([, { primitive }]) => !reverseOnly(primitive)))("%s", (_, each) => {
    const operands = draw(each.sample, 1);
    const direction = directionFor(operands);
    checkTangents(each.apply, operands, direction);
    checkTangents(tangentOf(each.apply, direction), operands, direction);
    if (forwardOnly(each.primitive)) return;
    // Forward over reverse.
    checkTangents(gradientOf(each.apply), operands, direction);
  });
});

describe("a primitive of one mode refuses the other:", () => {
  test.each(cases.filter(([, { primitive }]) => reverseOnly(primitive)))("%s", (_, { apply, sample }) => {
    const operands = draw(sample, 1);
    expect(() => jvp(apply, operands, directionFor(operands))).toThrow(/customGradient/);
  });
  test.each(cases.filter(([, { primitive }]) => forwardOnly(primitive)))("%s", (_, { apply, sample }) => {
    expect(() => gradientOf((...xs) => [sum(apply(...xs)[1])])(...draw(sample, 1))).toThrow(/scan/);
  });
});
