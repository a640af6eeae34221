import { NeuriteError } from "./error.ts";

/** Nested arrays and plain objects with leaves of type T; `undefined` and `null` hold no leaves. */
export type Tree<T> = T | undefined | null | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** The shape of a tree without its leaves, as a printable structure. */
export type Structure =
  | { readonly kind: "leaf" }
  | { readonly kind: "none"; readonly value: undefined | null }
  | { readonly kind: "array"; readonly children: readonly Structure[] }
  | { readonly kind: "object"; readonly keys: readonly string[]; readonly children: readonly Structure[] };

/** Leaves in order, each with its path, and the structure that puts them back. */
export interface Flat<T> {
  readonly leaves: T[];
  readonly paths: string[];
  readonly structure: Structure;
}

const leaf: Structure = { kind: "leaf" };

/** Flattens a tree; object keys keep their order. Throws for a leaf that `isLeaf` refuses. */
export function flatten<T>(
  tree: unknown,
  isLeaf: (value: unknown) => value is T,
  operation = "flatten",
): Flat<T> {
  const leaves: T[] = [];
  const paths: string[] = [];
  const visit = (node: unknown, path: string): Structure => {
    if (isLeaf(node)) {
      leaves.push(node);
      paths.push(path);
      return leaf;
    }
    if (node === undefined || node === null) return { kind: "none", value: node };
    if (Array.isArray(node)) {
      return { kind: "array", children: node.map((child, i) => visit(child, join(path, String(i)))) };
    }
    if (isPlainObject(node)) {
      const keys = Object.keys(node);
      return { kind: "object", keys, children: keys.map((key) => visit(node[key], join(path, key))) };
    }
    throw new NeuriteError({
      operation,
      got: `${describe(node)}${path === "" ? "" : ` at '${path}'`}`,
      expected: "tensors and numbers in nested arrays and plain objects",
    });
  };
  const structure = visit(tree, "");
  return { leaves, paths, structure };
}

/** Puts leaves back into a structure. */
export function unflatten(structure: Structure, leaves: readonly unknown[]): unknown {
  let next = 0;
  const build = (node: Structure): unknown => {
    switch (node.kind) {
      case "leaf":
        return leaves[next++];
      case "none":
        return node.value;
      case "array":
        return node.children.map(build);
      case "object": {
        const entries = node.keys.map((key, i) => [key, build(node.children[i])] as const);
        return Object.fromEntries(entries);
      }
    }
  };
  return build(structure);
}

/** Trees of one structure as one tree: `f` of the leaves that lie in the same place. Throws where the structures differ. */
export function mapTree<T, R>(
  isLeaf: (value: unknown) => value is T,
  f: (...leaves: T[]) => R,
  ...trees: readonly Tree<T>[]
): Tree<R> {
  const visit = (nodes: readonly unknown[], path: string): Tree<R> => {
    const [first] = nodes;
    if (nodes.every(isLeaf)) return f(...nodes);
    if (first === undefined || first === null) return first;
    const below = (key: string, children: readonly unknown[]): Tree<R> => visit(children, join(path, key));
    if (nodes.every(Array.isArray)) {
      const [{ length }] = nodes;
      if (nodes.every((node) => node.length === length)) {
        return Array.from({ length }, (_, i) =>
          below(
            String(i),
            nodes.map((node) => node[i]),
          ),
        );
      }
    } else if (nodes.every(isPlainObject)) {
      const keys = Object.keys(nodes[0]);
      if (nodes.every((node) => Object.keys(node).length === keys.length)) {
        return Object.fromEntries(
          keys.map((key) => [
            key,
            below(
              key,
              nodes.map((node) => node[key]),
            ),
          ]),
        );
      }
    }
    throw new NeuriteError({
      operation: "mapTree",
      got: `trees that differ${path === "" ? "" : ` at '${path}'`}`,
      expected: "trees of one structure",
    });
  };
  return visit(trees, "");
}

/** A structure as text, `{weights: *, biases: *}`: the key of caches and the words of errors. */
export function formatStructure(structure: Structure): string {
  switch (structure.kind) {
    case "leaf":
      return "*";
    case "none":
      return String(structure.value);
    case "array":
      return `[${structure.children.map(formatStructure).join(", ")}]`;
    case "object":
      return `{${structure.keys.map((key, i) => `${key}: ${formatStructure(structure.children[i])}`).join(", ")}}`;
  }
}

/** True for an object literal, or an object without a prototype. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "object"}`;
  return `${typeof value} ${String(value)}`;
}
