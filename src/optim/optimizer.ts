import { NeuriteError } from "../base/error.ts";
import { flatten, isPlainObject, mapTree, type Tree } from "../base/tree.ts";
import { add, square, sum, Tensor } from "../tensor/index.ts";
import type { Schedule } from "./schedule.ts";

/** Parameters, gradients or moments: any tree of tensors. */
export type TensorTree = Tree<Tensor>;

/** What an update needs besides the gradients. */
export interface UpdateContext {
  /** The parameters before the step. */
  readonly params: TensorTree;
  /** The number of this step, a scalar in the dtype of the parameters, 1 at the first. */
  readonly step: Tensor;
  /** The learning rate η as a run-time number, so that changing it compiles nothing. */
  readonly learningRate: number | Tensor;
}

/** What an update returns. */
export interface Updated {
  /** What is added to the parameters. */
  readonly updates: TensorTree;
  /** The state after the step, for the next one. */
  readonly state: TensorTree;
}

/** The options that made an optimizer, as JSON: what `save` writes. */
export interface OptimizerConfig {
  readonly [option: string]:
    | number
    | boolean
    | string
    | undefined
    | readonly number[]
    | OptimizerDescription
    | readonly OptimizerDescription[];
}

/** An optimizer, a stage or a schedule as JSON. */
export interface OptimizerDescription {
  /** The name of the function that makes it, `"adam"`. */
  readonly type: string;
  /** The options that it was made with. */
  readonly config: OptimizerConfig;
}

/** A stage of `chain`: two pure functions over a tree, from gradients to updates. */
export interface Transformation extends OptimizerDescription {
  /** The state before the first step, such as moments of zero. */
  init(params: TensorTree): TensorTree;
  /** The updates of one step, and the state after it. */
  update(gradients: TensorTree, state: TensorTree, context: UpdateContext): Updated;
}

/**
 * An optimizer: two pure functions over a tree. `update` maps gradients to what is *added* to the parameters, so that
 * optimizers combine with `chain`. `type` is the name of the function that makes it, `"adam"`.
 */
export interface Optimizer extends Transformation {
  /** The learning rate η that a model starts with. */
  readonly learningRate: number;
  /** How the rate goes on from there, which `update` applies itself; absent: constant. */
  readonly schedule?: Schedule;
}

/**
 * Combines the tensors that lie in the same place of trees of one structure.
 *
 * @example
 * ```ts
 * import { mapTensors } from "neurite/optim";
 *
 * mapTensors(add, [tensor(1), tensor(2)], [tensor(3), tensor(4)]); // [4, 6]
 * ```
 */
export function mapTensors(f: (...tensors: Tensor[]) => Tensor, ...trees: readonly TensorTree[]): TensorTree {
  return mapTree(isTensor, f, ...trees);
}

/**
 * The parameters after a step: what `update` of an optimizer returned is added to them.
 *
 * @example
 * ```ts
 * import { applyUpdates } from "neurite/optim";
 *
 * applyUpdates({ W: tensor([1, 2]) }, { W: tensor([0.5, -1]) }).W; // [1.5, 1]
 * ```
 */
export function applyUpdates<T extends TensorTree>(params: T, updates: TensorTree): T;
export function applyUpdates(params: TensorTree, updates: TensorTree): unknown {
  return mapTensors(add, params, updates);
}

/** The sum of the squares of all entries of a tree that is not empty. */
export function squaredNorm(tree: TensorTree): Tensor {
  return flatten(tree, isTensor)
    .leaves.map((tensor) => sum(square(tensor)))
    .reduce((total, squares) => add(total, squares));
}

/** The part of an optimizer's state that has a name. */
export function branch(state: TensorTree, name: string): TensorTree {
  if (isTensor(state) || !isPlainObject(state) || !(name in state)) {
    throw new NeuriteError({
      operation: "optimizer state",
      got: `no '${name}'`,
      expected: "a state made by init",
    });
  }
  return state[name];
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}
