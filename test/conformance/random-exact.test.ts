import fc from "fast-check";
import { describe, test } from "vitest";
import { jit } from "../../src/tensor/jit.ts";
import { compared, expectClose, patience, runOn, type Tolerance } from "./harness.ts";
import { changed, checkProgram, functionOf, inputsOf, recipes } from "./random-program.ts";
import { exactSteps } from "./random-steps.ts";

// Not "bits": in which order zeros are added decides about the sign of 0.
const equal: Tolerance = () => 0;

describe.each(compared)("random programs of integers on %s equal the reference", (device) => {
  test("compiled, at once and again with other inputs, also in place", () => {
    fc.assert(
      fc.property(recipes(["f32", "f64", "i32", "u32"], 24), (recipe) => {
        const f = functionOf(recipe, exactSteps);
        const inputs = inputsOf(recipe, true);
        const others = changed(inputs);
        checkProgram(f, inputs, () => {
          const wanted = runOn("reference", () => f(...inputs));
          const wantedOfOthers = runOn("reference", () => f(...others));
          const compiled = jit(f);
          expectClose(
            runOn(device, () => compiled(...inputs)),
            wanted,
            equal,
          );
          expectClose(
            runOn(device, () => compiled(...others)),
            wantedOfOthers,
            equal,
          );
          const inPlace = jit(f, { donate: inputs.map((_, i) => i) });
          expectClose(
            runOn(device, () => inPlace(...changed(others))),
            wanted,
            equal,
          );
        });
      }),
      { numRuns: 400, seed: 1, interruptAfterTimeLimit: patience },
    );
  });
});
