import type { TypedArray } from "../base/dtype.ts";
import { NeuriteError, unknownName } from "../base/error.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { flatten, isPlainObject, type Tree } from "../base/tree.ts";
import type { NamedTensorTree } from "../nn/index.ts";
import { mapTensors } from "../optim/index.ts";
import { Tensor, type TensorData, type TensorType, tensor } from "../tensor/index.ts";

/** Tensors, or what makes them, by path. */
export type TensorsByPath = Readonly<Record<string, Tensor | TensorData>>;

/** As `mapTensors`, for the trees of layers, which are named throughout. */
export function mapNamed(
  f: (...tensors: Tensor[]) => Tensor,
  ...trees: readonly Tree<Tensor>[]
): NamedTensorTree {
  const tree = mapTensors(f, ...trees);
  if (isNamed(tree)) return tree;
  throw new TypeError("the tensors of a layer lie in plain objects");
}

/** The tensors of a tree by path, `hidden.weights`. */
export function pathsOf(tree: Tree<Tensor>): Map<string, Tensor> {
  const { paths, leaves } = flatten(tree, isTensor);
  return new Map(paths.map((path, i) => [path, leaves[i]]));
}

/** The part of a tree that lies at paths which are wanted. */
export function select(
  tree: NamedTensorTree,
  isWanted: (path: string) => boolean,
  prefix = "",
): NamedTensorTree {
  const entries = Object.entries(tree).flatMap(([name, value]): [string, Tensor | NamedTensorTree][] => {
    const path = prefix + name;
    if (isTensor(value)) return isWanted(path) ? [[name, value]] : [];
    const part = select(value, isWanted, `${path}.`);
    return Object.keys(part).length === 0 ? [] : [[name, part]];
  });
  return Object.fromEntries(entries);
}

/** A tree with the tensors of a part of it in the place of its own. */
export function overlay(tree: NamedTensorTree, part: NamedTensorTree): NamedTensorTree {
  const entries = Object.entries(tree).map(([name, value]): [string, Tensor | NamedTensorTree] => {
    const fresh = part[name];
    if (fresh === undefined || isTensor(fresh)) return [name, fresh ?? value];
    return [name, isTensor(value) ? value : overlay(value, fresh)];
  });
  return Object.fromEntries(entries);
}

/** Whether a path is another or lies in it: `body.dense.weights` in `body`. */
export function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`);
}

/** A tensor of its own with these elements. */
export function copyOf(elements: TypedArray, { dtype, shape }: TensorType): Tensor {
  return tensor(elements, { dtype, shape });
}

/** Which tensor takes the place of which. Throws for paths that are not known and for other shapes. */
export function replacements(
  operation: string,
  known: ReadonlyMap<string, Tensor>,
  given: TensorsByPath,
): Map<Tensor, Tensor> {
  const fresh = new Map<Tensor, Tensor>();
  for (const [path, data] of Object.entries(given)) {
    const old = known.get(path);
    if (old === undefined) throw unknownName(operation, path, [...known.keys()]);
    const replacement = data instanceof Tensor ? data : tensor(data, { dtype: old.dtype });
    if (!sameShape(replacement.shape, old.shape)) {
      throw new NeuriteError({
        operation,
        got: `'${path}' of shape ${formatShape(replacement.shape)}`,
        expected: `shape ${formatShape(old.shape)}`,
      });
    }
    fresh.set(old, copyOf(replacement.dataSync(), old));
  }
  return fresh;
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function isNamed(value: unknown): value is NamedTensorTree {
  return isPlainObject(value) && Object.values(value).every((child) => isTensor(child) || isNamed(child));
}
