import type { Tensor, Tree } from "../tensor/index.ts";

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

/**
 * An optimizer: two pure functions over a tree. `update` maps gradients to what is *added* to the parameters, so that
 * optimizers combine with `chain`.
 */
export interface Optimizer {
  /** The name of the function that makes it, `"adam"`. */
  readonly type: string;
  /** The options that made it, as JSON: what `save` writes. */
  readonly config: { readonly [key: string]: number | boolean | string | undefined };
  /** The learning rate η that a model starts with. */
  readonly learningRate: number;
  init(params: TensorTree): TensorTree;
  update(
    gradients: TensorTree,
    state: TensorTree,
    context: UpdateContext,
  ): { readonly updates: TensorTree; readonly state: TensorTree };
}
