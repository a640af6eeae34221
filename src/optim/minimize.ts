import { checkOptions, NeuriteError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import { flatten, formatStructure, unflatten } from "../base/tree.ts";
import { add, cast, jit, sqrt, Tensor, tensor, valueAndGrad } from "../tensor/index.ts";
import { type BatchMethod, lbfgs, type Problem } from "./lbfgs.ts";
import type { Point } from "./line-search.ts";
import { type OptimizerName, optimizerOf } from "./names.ts";
import { mapTensors, type Optimizer, squaredNorm, type TensorTree } from "./optimizer.ts";
import { requireCount, requirePositive } from "./options.ts";
import { dot } from "./vectors.ts";

/** Options of `minimize`. */
export interface MinimizeOptions {
  /** `lbfgs()`, or an optimizer, whose gradients are then exact. Default "lbfgs". */
  readonly method?: "lbfgs" | OptimizerName | BatchMethod | Optimizer;
  /** The norm of the gradient below which a point is good enough. Default 1e-6. */
  readonly gradientTolerance?: number;
  /** How often value and gradient are computed at most. Default 20,000. */
  readonly maxEvaluations?: number;
}

/** A point that was reached on the way. */
export interface Progress {
  /** How often value and gradient had been computed. */
  readonly evaluations: number;
  readonly value: number;
  /** The Euclidean norm of the gradient. */
  readonly gradientNorm: number;
}

/** What `minimize` found: the last point it reached. */
export interface Minimum<T> extends Progress {
  readonly x: T;
  /** Whether the norm of the gradient is below the tolerance. */
  readonly converged: boolean;
  /** The points on the way, the last one included. */
  readonly history: readonly Progress[];
}

/**
 * Minimises a function of a tree of tensors whose gradient is that of all data: batch learning (lecture 4, "Optimization").
 * `f` returns a scalar; it is compiled once, and differentiated.
 *
 * A tolerance of 1e-6 needs f64: in f32 it is often below what rounding leaves. Throws for unknown options, and where the
 * value is not finite: at the start, or when the learning rate of an optimizer is too large.
 *
 * @example
 * ```ts
 * import { minimize } from "neurite/optim";
 *
 * const f = ({ a, b }: { a: Tensor; b: Tensor }) => add(square(sub(a, 3)), square(mul(b, a)));
 * const start = { a: tensor(1, { dtype: "f64" }), b: tensor(1, { dtype: "f64" }) };
 * const { x, converged } = minimize(f, start);
 * console.log(x.a.item(), converged); // 3.0000, true
 * ```
 */
export function minimize<T>(f: (x: T) => Tensor, x0: T, options: MinimizeOptions = {}): Minimum<T> {
  checkOptions("minimize", options, ["method", "gradientTolerance", "maxEvaluations"]);
  const { method = "lbfgs", gradientTolerance = 1e-6, maxEvaluations = 20_000 } = options;
  requirePositive("minimize", "gradientTolerance", gradientTolerance);
  requireCount("minimize", "maxEvaluations", maxEvaluations);
  const { leaves, structure } = flatten(x0, isTensor, "minimize");
  if (leaves.length === 0) {
    throw new NeuriteError({ operation: "minimize", got: "no tensors", expected: "where to begin" });
  }
  const treeOf = (leaves: readonly Tensor[]): T => {
    const tree = unflatten(structure, leaves);
    if (isLike(tree, x0)) return tree;
    throw new TypeError("a structure gives the trees it was made from");
  };
  const history: Progress[] = [];
  const course: Course = {
    objective: (leaves) => f(treeOf(leaves)),
    maxEvaluations,
    arrive(progress) {
      history.push(progress);
      return progress.gradientNorm < gradientTolerance;
    },
  };
  const chosen = method === "lbfgs" ? lbfgs() : typeof method === "string" ? optimizerOf(method) : method;
  const found = "solve" in chosen ? solve(chosen, course, leaves) : descend(chosen, course, leaves);
  const last = history[history.length - 1];
  return { ...last, x: treeOf(found), converged: last.gradientNorm < gradientTolerance, history };
}

/** What both ways to minimise need. */
interface Course {
  objective(leaves: readonly Tensor[]): Tensor;
  readonly maxEvaluations: number;
  /** Keeps a point in mind; true when it is good enough. */
  arrive(progress: Progress): boolean;
}

/** One step of the optimizer after each evaluation. */
function descend(optimizer: Optimizer, course: Course, start: readonly Tensor[]): readonly Tensor[] {
  const step = jit(
    (params: readonly Tensor[], state: TensorTree, count: number, learningRate: number) => {
      const [value, gradients] = valueAndGrad(course.objective)(params);
      const context = { params, step: cast(count, params[0].dtype), learningRate };
      const updated = optimizer.update(gradients, state, context);
      const next = flatten(mapTensors(add, params, updated.updates), isTensor).leaves;
      return { value, gradientNorm: sqrt(squaredNorm(gradients)), next, state: updated.state };
    },
    { name: "minimize" },
  );
  let params = start;
  let state = optimizer.init(params);
  for (let evaluations = 1; ; evaluations++) {
    const stepped = step(params, state, evaluations, optimizer.learningRate);
    const value = stepped.value.item();
    requireFinite(value, evaluations, "take a smaller learningRate");
    const progress = { evaluations, value, gradientNorm: stepped.gradientNorm.item() };
    if (course.arrive(progress) || evaluations >= course.maxEvaluations) return params;
    params = stepped.next;
    state = stepped.state;
  }
}

/** A method that chooses its points, on vectors of all entries. */
function solve(method: BatchMethod, course: Course, start: readonly Tensor[]): readonly Tensor[] {
  const evaluate = jit((leaves: readonly Tensor[]) => valueAndGrad(course.objective)(leaves), {
    name: "minimize",
  });
  let evaluations = 0;
  let found = joined(start);
  const problem: Problem = {
    start: found,
    evaluate(x) {
      if (evaluations >= course.maxEvaluations) return undefined;
      evaluations++;
      const leaves = parted(x, start);
      const [value, gradients] = evaluate(leaves);
      // Entries of f32 are rounded: the method is told where the function was evaluated.
      return { x: joined(leaves), value: value.item(), gradient: joined(gradients) };
    },
    arrive({ x, value, gradient }: Point) {
      requireFinite(value, evaluations, "start where the function is finite");
      found = x;
      return course.arrive({ evaluations, value, gradientNorm: Math.sqrt(dot(gradient, gradient)) });
    },
  };
  method.solve(problem);
  return parted(found, start);
}

/** All entries as one vector. */
function joined(leaves: readonly Tensor[]): Float64Array {
  return Float64Array.from(leaves.flatMap((leaf) => [...leaf.dataSync()]));
}

/** Tensors like the leaves, with the entries of a vector. */
function parted(x: Float64Array, leaves: readonly Tensor[]): Tensor[] {
  let end = 0;
  return leaves.map((leaf) => {
    const begin = end;
    end += sizeOf(leaf.shape);
    return tensor(x.slice(begin, end), { shape: leaf.shape, dtype: leaf.dtype });
  });
}

function requireFinite(value: number, evaluation: number, hint: string): void {
  if (Number.isFinite(value)) return;
  throw new NeuriteError({
    operation: "minimize",
    got: `the value ${value} at evaluation ${evaluation}`,
    expected: "finite values",
    hint,
  });
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** Whether a tree has the structure of another one. */
function isLike<T>(tree: unknown, like: T): tree is T {
  return structureOf(tree) === structureOf(like);
}

function structureOf(tree: unknown): string {
  return formatStructure(flatten(tree, isTensor).structure);
}
