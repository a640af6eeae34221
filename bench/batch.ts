import { NeuriteError } from "../src/base/error.ts";
import { circle, gaussian, moons, type Points, spiral, xor } from "../src/data/index.ts";
import {
  add,
  cast,
  matmul,
  mean,
  mul,
  random,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "../src/index.ts";
import { gradientDescent, type Minimum, minimize, rprop } from "../src/optim/index.ts";
import { readNames, readOptions } from "./options.ts";

const sets = { circle, xor, gaussian, spiral, moons };
export const setNames = ["circle", "xor", "gaussian", "spiral", "moons"] as const;
const rates = Array.from({ length: 11 }, (_, i) => 0.02 * 2 ** i);
const penalty = 1e-3;
/** So that classes overlap: what is told apart with ease needs few evaluations by any method. */
const noise = 0.2;
const widths = [2, 8, 1];
/** Gradient descent is compared at this many evaluations where it has not arrived by then. */
const maxEvaluations = 20_000;
const advantage = 20;

export interface LayerWeights {
  readonly weights: Tensor;
  readonly biases: Tensor;
}

/** The mean cross-entropy of a 2-8-1 network of tanh on 500 points, with the L2 penalty λW² of every weight, in f64. */
export function objectiveOf({ x, y }: Points): (layers: readonly LayerWeights[]) => Tensor {
  const inputs = cast(x, "f64");
  const target = cast(y, "f64");
  return (layers) => {
    let h = inputs;
    let squares: Tensor = tensor(0, { dtype: "f64" });
    for (const [i, { weights, biases }] of layers.entries()) {
      const z = add(matmul(h, weights), biases);
      h = i < layers.length - 1 ? tanh(z) : z;
      squares = add(squares, sum(square(weights)));
    }
    const logits = sum(h, { axis: 1 });
    return add(mean(sub(softplus(logits), mul(target, logits))), mul(squares, penalty));
  };
}

/** A set of 500 points. */
export function pointsOf(name: (typeof setNames)[number]): Points {
  return sets[name](random.key(0), { examples: 500, noise });
}

/** Weights of standard deviation 1/√h (lecture 4, "Initialization"), biases 0. */
export function startOf(key: Tensor): LayerWeights[] {
  return widths.slice(1).map((units, i) => ({
    weights: mul(
      random.normal(random.foldIn(key, i), [widths[i], units], { dtype: "f64" }),
      widths[i] ** -0.5,
    ),
    biases: tensor(new Float64Array(units)),
  }));
}

/** Gradient descent at the fixed rate that arrives first, or else comes closest. */
function bestDescent(
  objective: (layers: readonly LayerWeights[]) => Tensor,
  start: readonly LayerWeights[],
): { found: Minimum<readonly LayerWeights[]>; rate: number } {
  const runs = rates.flatMap((rate) => {
    try {
      const method = gradientDescent({ learningRate: rate });
      return [{ found: minimize(objective, start, { method, maxEvaluations }), rate }];
    } catch (error) {
      // At this rate it diverges.
      if (error instanceof NeuriteError) return [];
      throw error;
    }
  });
  return runs.reduce((best, run) => {
    const [a, b] = [best.found, run.found];
    if (a.converged && b.converged) return b.evaluations < a.evaluations ? run : best;
    if (a.converged !== b.converged) return b.converged ? run : best;
    return b.gradientNorm < a.gradientNorm ? run : best;
  });
}

/**
 * Batch learning on the 2-D sets (lecture 4, "Optimization"): how often L-BFGS, Rprop and gradient descent evaluate loss and
 * gradient until the gradient's norm is below 1e-6. False unless L-BFGS arrives with a twentieth of the evaluations that
 * gradient descent needs at its best fixed rate, or is given.
 */
export async function batch(args: readonly string[]): Promise<boolean> {
  const { only } = readOptions("bench batch", args, { only: "string" });
  let held = true;
  console.log("set       method            evaluations         loss   gradient norm");
  for (const name of readNames("bench batch --only", only, setNames)) {
    const objective = objectiveOf(pointsOf(name));
    const start = startOf(random.key(1));
    const print = (
      method: string,
      { converged, evaluations, value, gradientNorm }: Minimum<unknown>,
    ): void => {
      const count = `${converged ? "" : "> "}${evaluations}`.padStart(11);
      console.log(
        `${name.padEnd(10)}${method.padEnd(18)}${count}   ${value.toFixed(8)}   ${gradientNorm.toExponential(1)}`,
      );
    };
    const quick = minimize(objective, start, { maxEvaluations });
    const { found, rate } = bestDescent(objective, start);
    print("L-BFGS", quick);
    print("Rprop", minimize(objective, start, { method: rprop({ minimumStep: 1e-12 }), maxEvaluations }));
    print(`descent, η = ${rate}`, found);
    held &&= quick.converged && quick.evaluations * advantage <= found.evaluations;
  }
  return held;
}
