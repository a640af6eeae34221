import { expect } from "vitest";
import { isFloat } from "../src/base/dtype.ts";
import { cast, type DType, Tensor } from "../src/index.ts";
import type { NamedTensorTree } from "../src/nn/index.ts";
import { expectStored, stored } from "./oracle.ts";

/** A tensor of a fixture. */
export type Stored = Parameters<typeof stored>[0];

/** Tensors of a fixture by path. */
export type StoredTensors = Readonly<Record<string, Stored>>;

/** Tensors by path as a tree: "depthwise.weights" is tree.depthwise.weights. */
export function treeOf(tensors: Readonly<Record<string, Tensor>>): NamedTensorTree {
  const tree: Record<string, NamedTensorTree | Tensor> = {};
  const within: Record<string, Record<string, Tensor>> = {};
  for (const [path, value] of Object.entries(tensors)) {
    const [first, ...rest] = path.split(".");
    if (rest.length === 0) tree[first] = value;
    else within[first] = { ...within[first], [rest.join(".")]: value };
  }
  for (const [name, inner] of Object.entries(within)) tree[name] = treeOf(inner);
  return tree;
}

/** The tensors of a tree by path. */
export function pathsOf(tree: NamedTensorTree, prefix = ""): Record<string, Tensor> {
  const parts = Object.entries(tree).map(([name, value]) =>
    value instanceof Tensor ? { [`${prefix}${name}`]: value } : pathsOf(value, `${prefix}${name}.`),
  );
  return Object.assign({}, ...parts);
}

/** The dtypes in which fixtures are compared, and how exactly. */
export const precisions: readonly (readonly [dtype: "f32" | "f64", tolerance: number])[] = [
  ["f64", 1e-12],
  ["f32", 1e-5],
];

/** The tensor of a fixture; floats in a dtype. */
export function load(value: Stored, dtype: DType): Tensor {
  const loaded = stored(value);
  return isFloat(loaded.dtype) ? cast(loaded, dtype) : loaded;
}

/** Tensors of a fixture as a tree; floats in a dtype. */
export function loadAll(tensors: StoredTensors, dtype: DType): NamedTensorTree {
  return treeOf(
    Object.fromEntries(Object.entries(tensors).map(([path, value]) => [path, load(value, dtype)])),
  );
}

/** What a fixture says that should come out where floats are of a dtype. */
export function inDtype(value: Stored, dtype: DType): Stored {
  return isFloat(value.dtype) ? { ...value, dtype } : value;
}

/** As `inDtype`, by path. */
export function allInDtype(values: StoredTensors, dtype: DType): StoredTensors {
  return Object.fromEntries(Object.entries(values).map(([path, value]) => [path, inDtype(value, dtype)]));
}

/** Expects the same paths, and the tensors as `expectStored` does. */
export function expectAll(got: Record<string, Tensor>, wanted: StoredTensors, tolerance: number): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
  for (const [path, value] of Object.entries(got)) expectStored(value, wanted[path], tolerance);
}
