import { checkOptions } from "../base/error.ts";
import { type Point, searchLine } from "./line-search.ts";
import { requireCount } from "./options.ts";
import { dot, plusScaled } from "./vectors.ts";

/** A function of a vector to be minimised. */
export interface Problem {
  /** Where to begin. */
  readonly start: Float64Array;
  /** Value and gradient at a place; undefined when no evaluations are left. */
  evaluate(x: Float64Array): Point | undefined;
  /** Called with each new point; true when it is good enough. */
  arrive(point: Point): boolean;
}

/** A way to minimise that chooses by itself where to evaluate the function, for `minimize`. */
export interface BatchMethod {
  readonly type: string;
  readonly config: Readonly<Record<string, number>>;
  /** Goes on until a point is good enough, or no progress can be made. */
  solve(problem: Problem): void;
}

/** A step that was made and the change of the gradient on it. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / (changeᵀ step) */
  readonly scale: number;
}

/**
 * L-BFGS with a strong-Wolfe line search, the default for small data (lecture 4, "Optimization"): Liu and Nocedal, On the
 * Limited Memory BFGS Method for Large Scale Optimization (1989).
 *
 * The inverse of the Hessian is estimated from the last `memory` steps, 10 by default. Throws unless that is a whole
 * number of at least 1.
 *
 * @example
 * ```ts
 * import { lbfgs, minimize } from "neurite/optim";
 *
 * const rosenbrock = ([x, y]: Tensor[]) => add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
 * const start = [tensor(-1.2, { dtype: "f64" }), tensor(1, { dtype: "f64" })];
 * const { x } = minimize(rosenbrock, start, { method: lbfgs({ memory: 5 }) });
 * console.log(x[0].item(), x[1].item()); // 1.0000, 1.0000
 * ```
 */
export function lbfgs(options: { readonly memory?: number } = {}): BatchMethod {
  checkOptions("lbfgs", options, ["memory"]);
  const { memory = 10 } = options;
  requireCount("lbfgs", "memory", memory);
  return { type: "lbfgs", config: { memory }, solve: (problem) => solve(problem, memory) };
}

function solve(problem: Problem, memory: number): void {
  let point = problem.evaluate(problem.start);
  let pairs: Pair[] = [];
  while (point !== undefined && !problem.arrive(point)) {
    const direction = directionAt(point.gradient, pairs);
    // Without a known curvature the first step is one of length 1 at most.
    const distance = pairs.length > 0 ? 1 : 1 / Math.max(1, Math.sqrt(dot(point.gradient, point.gradient)));
    const next = searchLine(point, direction, distance, (x) => problem.evaluate(x));
    if (next !== undefined) {
      pairs = [...pairs, ...pairOf(point, next)].slice(-memory);
      point = next;
    } else if (pairs.length > 0) {
      pairs = [];
    } else {
      return;
    }
  }
}

/** −H g, with H from the pairs by the two loops of Nocedal and Wright's algorithm 7.4. */
function directionAt(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  let direction = plusScaled(new Float64Array(gradient.length), gradient, -1);
  const shares: number[] = [];
  for (const { step, change, scale } of [...pairs].reverse()) {
    const share = scale * dot(step, direction);
    shares.push(share);
    direction = plusScaled(direction, change, -share);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    // H₀ = (sᵀy / yᵀy) I
    const size = 1 / (last.scale * dot(last.change, last.change));
    direction = direction.map((value) => value * size);
  }
  for (const { step, change, scale } of pairs) {
    const share = shares.pop() ?? 0;
    direction = plusScaled(direction, step, share - scale * dot(change, direction));
  }
  return direction;
}

/** The pair of a step, unless rounding has made its curvature useless. */
function pairOf(from: Point, to: Point): Pair[] {
  const step = plusScaled(to.x, from.x, -1);
  const change = plusScaled(to.gradient, from.gradient, -1);
  const curvature = dot(step, change);
  return curvature > Number.EPSILON * dot(change, change) ? [{ step, change, scale: 1 / curvature }] : [];
}
