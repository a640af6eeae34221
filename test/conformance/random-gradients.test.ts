import fc from "fast-check";
import { describe, test } from "vitest";
import { isFloat } from "../../src/base/dtype.ts";
import { add, cast, mul, neg, stack, sub, sum, zeros } from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { grad, jvp, valueAndGrad, vmap } from "../../src/lang/transforms/index.ts";
import { jit } from "../../src/tensor/jit.ts";
import { compared, expectClose, patience, runOn, type Tolerance, type Values } from "./harness.ts";
import { changed, checkProgram, functionOf, inputsOf, type Recipe, recipes } from "./random-program.ts";
import { smoothSteps } from "./random-steps.ts";

type Many = (...inputs: Tensor[]) => Tensor[];

/** Σ results of a random program. */
function lossOf(recipe: Recipe): (...inputs: Tensor[]) => Tensor {
  const f = functionOf(recipe, smoothSteps);
  return (...inputs) =>
    f(...inputs)
      .filter(({ dtype }) => isFloat(dtype))
      .map((output) => cast(sum(output), recipe.dtype))
      .reduce((total, term) => add(total, term), zeros([], recipe.dtype));
}

function gradientsOf(recipe: Recipe): Many {
  const loss = lossOf(recipe);
  return (...inputs) => {
    const [value, gradients] = valueAndGrad((xs: Tensor[]) => loss(...xs))(inputs);
    return [value, ...gradients];
  };
}

function descentOf(recipe: Recipe): Many {
  const gradients = gradientsOf(recipe);
  return (...inputs) => {
    const [value, ...slopes] = gradients(...inputs);
    return [value, ...inputs.map((x, i) => sub(x, mul(slopes[i], 0.1)))];
  };
}

/** Second derivatives along a direction: forward over reverse. */
function curvatureOf(recipe: Recipe): Many {
  const loss = lossOf(recipe);
  return (...inputs) => {
    const gradient = grad((xs: Tensor[]) => loss(...xs));
    return jvp(gradient, [inputs], [inputs.map((x) => mul(x, 0.5))])[1];
  };
}

// Errors are relative to the largest number there is, since differences of large ones may be small.
function relative(wanted: readonly Values[]): Tolerance {
  const digits = { f32: 1e-4, f64: 1e-12 };
  let size = 1;
  for (const { data } of wanted) for (const value of data) size = Math.max(size, Math.abs(value));
  return ({ dtype }) => (isFloat(dtype) ? digits[dtype] * size : 0);
}

const families: readonly [name: string, make: (recipe: Recipe) => Many, numRuns: number][] = [
  ["values", (recipe) => functionOf(recipe, smoothSteps), 150],
  ["gradients", gradientsOf, 150],
  ["steps of gradient descent", descentOf, 100],
  ["curvatures", curvatureOf, 60],
  ["gradients of each example", exampleGradientsOf, 60],
];

function exampleGradientsOf(recipe: Recipe): Many {
  return (...inputs) => vmap(gradientsOf(recipe))(...inputs.map((x) => stack([x, mul(x, 0.5), neg(x)])));
}

describe.each(compared)("random smooth programs on %s equal the reference:", (device) => {
  test.each(families)("%s", (_, make, numRuns) => {
    fc.assert(
      fc.property(recipes(["f32", "f64"], 16), (recipe) => {
        const f = make(recipe);
        const inputs = inputsOf(recipe, false);
        checkProgram(f, inputs, () => {
          const operands = changed(inputs);
          const wanted = [inputs, operands].map((xs) => runOn("reference", () => f(...xs)));
          const got = runOn(device, () => jit(f)(...inputs));
          expectClose(got, wanted[0], relative(wanted[0]));
          const inPlace = jit(f, { donate: inputs.map((_, i) => i) });
          const gotInPlace = runOn(device, () => inPlace(...operands));
          expectClose(gotInPlace, wanted[1], relative(wanted[1]));
        });
      }),
      { numRuns, seed: 1, interruptAfterTimeLimit: patience },
    );
  });
});
