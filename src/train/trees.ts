import type { TypedArray } from "../base/dtype.ts";
import { isPlainObject, type Tree } from "../base/tree.ts";
import type { TensorTree } from "../nn/index.ts";
import { mapTensors } from "../optim/index.ts";
import { Tensor, type TensorType, tensor } from "../tensor/index.ts";

/** As `mapTensors`, for the trees of layers, which are named throughout. */
export function mapNamed(f: (...tensors: Tensor[]) => Tensor, ...trees: readonly Tree<Tensor>[]): TensorTree {
  const tree = mapTensors(f, ...trees);
  if (isNamed(tree)) return tree;
  throw new TypeError("the tensors of a layer lie in plain objects");
}

/** The tensors of a tree by path, `hidden.weights`. */
export function pathsOf(tree: TensorTree): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const visit = (node: TensorTree, prefix: string): void => {
    for (const [name, child] of Object.entries(node)) {
      if (child instanceof Tensor) found.set(prefix + name, child);
      else visit(child, `${prefix}${name}.`);
    }
  };
  visit(tree, "");
  return found;
}

/** A tensor of its own with these elements. */
export function copyOf(elements: TypedArray, { dtype, shape }: TensorType): Tensor {
  return tensor(elements, { dtype, shape });
}

function isNamed(value: unknown): value is TensorTree {
  return (
    isPlainObject(value) && Object.values(value).every((child) => child instanceof Tensor || isNamed(child))
  );
}
