import { expect } from "vitest";
import { Tensor } from "../src/index.ts";
import type { TensorTree } from "../src/nn/index.ts";
import { expectStored, type stored } from "./oracle.ts";

/** A tensor of a fixture. */
export type Stored = Parameters<typeof stored>[0];

/** Tensors of a fixture by path. */
export type StoredTensors = Readonly<Record<string, Stored>>;

/** Tensors by path as a tree: "depthwise.weights" is tree.depthwise.weights. */
export function treeOf(tensors: Readonly<Record<string, Tensor>>): TensorTree {
  const tree: Record<string, TensorTree | Tensor> = {};
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
export function pathsOf(tree: TensorTree, prefix = ""): Record<string, Tensor> {
  const parts = Object.entries(tree).map(([name, value]) =>
    value instanceof Tensor ? { [`${prefix}${name}`]: value } : pathsOf(value, `${prefix}${name}.`),
  );
  return Object.assign({}, ...parts);
}

/** Expects the same paths, and the tensors as `expectStored` does. */
export function expectAll(got: Record<string, Tensor>, wanted: StoredTensors, tolerance: number): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
  for (const [path, value] of Object.entries(got)) expectStored(value, wanted[path], tolerance);
}
