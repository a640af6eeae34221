// L-BFGS against gradient descent on the points of the plane; `npm run bench -- batch` gives the whole table.
import { describe, expect, test } from "vitest";
import { objectiveOf, pointsOf, setNames, startOf } from "../bench/batch.ts";
import { random } from "../src/index.ts";
import { gradientDescent, minimize } from "../src/optim/index.ts";

describe.each(setNames)("%s", (name) => {
  const objective = objectiveOf(pointsOf(name));
  const start = startOf(random.key(1));

  test("L-BFGS arrives with a twentieth of the evaluations of gradient descent at fixed rates around its best", () => {
    const quick = minimize(objective, start);
    expect([quick.converged, quick.x[0].weights.dtype]).toEqual([true, "f64"]);
    const allowed = Math.min(20 * quick.evaluations - 1, 20_000);
    expect(20 * quick.evaluations).toBeLessThanOrEqual(20_000);
    for (const learningRate of [0.64, 1.28, 2.56, 5.12, 10.24]) {
      const descent = minimize(objective, start, {
        method: gradientDescent({ learningRate }),
        maxEvaluations: allowed,
      });
      expect([learningRate, descent.converged]).toEqual([learningRate, false]);
    }
  });
});
