import fc from "fast-check";
import { describe, test } from "vitest";
import { dtypeFacts } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { jit } from "../../src/tensor/jit.ts";
import { compared, expectClose, generator, patience, runOn } from "./harness.ts";
import { checkProgram, functionOf, inputsOf, type Recipe, recipes } from "./random-program.ts";
import { roundedSteps } from "./random-steps.ts";

const special: Readonly<Record<"f32" | "f64", readonly number[]>> = {
  f32: [0, -0, 1, -1, 0.1, 2.5, -7.5, 1e30, -3e38, 1e-40, -(2 ** -149), Infinity, -Infinity, Number.NaN],
  f64: [0, -0, 1, -1, 0.1, 2.5, -7.5, 1e200, -1e308, 1e-310, -(2 ** -1074), Infinity, -Infinity, Number.NaN],
};

function specialInputs(recipe: Recipe): ReturnType<typeof inputsOf> {
  const next = generator(recipe.seed);
  return inputsOf(recipe, false).map(({ dtype, shape }) => {
    const values = special[dtype === "f64" ? "f64" : "f32"];
    const data = dtypeFacts[dtype].create(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = values[Math.floor(next() * values.length)];
    return fromHost(dtype, shape, data);
  });
}

// What a compiler may not do: x + 0 → x, x · 0 → 0, x − x → 0, fused multiply-add, flushing of denormals.
describe.each(compared)("random programs of operations that round once, on %s", (device) => {
  test("keep −0, NaN, infinities, denormals and every last bit", () => {
    fc.assert(
      fc.property(recipes(["f32", "f64"], 16), (recipe) => {
        const f = functionOf(recipe, roundedSteps);
        const inputs = specialInputs(recipe);
        checkProgram(f, inputs, () => {
          const wanted = runOn("reference", () => f(...inputs));
          expectClose(
            runOn(device, () => jit(f)(...inputs)),
            wanted,
            "bits",
          );
        });
      }),
      { numRuns: 300, seed: 1, interruptAfterTimeLimit: patience },
    );
  });
});
