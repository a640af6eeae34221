import { beforeAll, describe, expect, test } from "vitest";
import { trace } from "../../src/lang/program/trace.ts";
import { verifyProgram } from "../../src/lang/program/verify.ts";
import { jit } from "../../src/tensor/jit.ts";
import {
  casesOf,
  compared,
  compileTogether,
  draw,
  expectClose,
  primitives,
  runOn,
  toleranceOf,
} from "./harness.ts";

const cases = casesOf(...primitives);

test("names are unique", () => {
  const names = primitives.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test("there is a device to compare", () => {
  expect(compared.length).toBeGreaterThan(0);
});

test.each(primitives.map((primitive) => [primitive.name, primitive] as const))(
  "%s has samples",
  (_, primitive) => {
    expect(casesOf(primitive).length).toBeGreaterThan(0);
  },
);

describe("an operation is one well-formed equation:", () => {
  test.each(cases)("%s", (_, { primitive, apply, sample }) => {
    const { program } = trace(apply, draw(sample, 1), { name: "test" });
    verifyProgram(program);
    expect(program.equations.map((equation) => equation.primitive)).toEqual([primitive]);
  });
});

describe.each(compared)("%s equals the reference, eager and compiled:", (device) => {
  beforeAll(() => {
    compileTogether(
      device,
      cases.map(
        ([, { apply, sample }]) =>
          () =>
            apply(...draw(sample, 1)),
      ),
    );
  }, 120_000);

  test.each(cases)("%s", (_, each) => {
    for (const seed of [1, 2]) {
      const operands = draw(each.sample, seed);
      const eager = runOn(device, () => each.apply(...operands));
      expectClose(
        eager,
        runOn("reference", () => each.apply(...operands)),
        toleranceOf(each, operands),
      );
      expectClose(
        runOn(device, () => jit(each.apply)(...operands)),
        eager,
        "bits",
      );
    }
  });
});
