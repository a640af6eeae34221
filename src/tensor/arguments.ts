import type { DType } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { type Shape, sameShape } from "../base/shape.ts";
import { isPlainObject } from "../base/tree.ts";
import { formatType } from "../base/type.ts";
import { Tensor } from "../lang/program/tensor.ts";
import { storageOf } from "./device.ts";
import { Storage } from "./storage.ts";

/** Which arguments one compiled program serves: tree structure, types, and the values of all that is no tensor or number. */
export type Pattern =
  | LeafPattern
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "array"; readonly children: readonly Pattern[] }
  | { readonly kind: "object"; readonly keys: readonly string[]; readonly children: readonly Pattern[] };

/** An input of the program; a number becomes a run-time scalar. */
export type LeafPattern =
  | {
      readonly kind: "tensor";
      readonly path: string;
      readonly dtype: DType;
      readonly shape: Shape;
      readonly weak: boolean;
    }
  | { readonly kind: "number"; readonly path: string };

/** What a call hands to its program: the storage of each tensor and the value of each number, in order. */
export class Leaves {
  readonly values: (Storage | number)[] = [];
  count = 0;

  push(value: Storage | number): void {
    this.values[this.count++] = value;
  }
}

/** The pattern of an argument; of a static one all leaves are constants. Throws for what can be neither input nor constant. */
export function patternOf(value: unknown, path: string, isStatic: boolean, operation: string): Pattern {
  if (value instanceof Tensor) {
    if (isStatic) throw refused(operation, path, formatType(value), "do not list tensors in 'static'");
    storageOf(value, operation);
    return { kind: "tensor", path, dtype: value.dtype, shape: value.shape, weak: value.weak };
  }
  if (typeof value === "number" && !isStatic) return { kind: "number", path };
  if (Array.isArray(value)) {
    const children = value.map((child, i) => patternOf(child, `${path}[${i}]`, isStatic, operation));
    return { kind: "array", children };
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    const children = keys.map((key) => patternOf(value[key], `${path}.${key}`, isStatic, operation));
    return { kind: "object", keys, children };
  }
  if (isStatic || isConstant(value)) return { kind: "constant", value };
  throw refused(operation, path, kindOf(value), "list the argument in 'static' if it is a setting, not data");
}

/** True when a pattern serves a value; the inputs found on the way are added to `leaves`. */
export function matches(pattern: Pattern, value: unknown, leaves: Leaves): boolean {
  switch (pattern.kind) {
    case "tensor": {
      if (!(value instanceof Tensor)) return false;
      const { source } = value;
      if (!(source instanceof Storage) || value.dtype !== pattern.dtype || value.weak !== pattern.weak) {
        return false;
      }
      if (value.shape !== pattern.shape && !sameShape(value.shape, pattern.shape)) return false;
      leaves.push(source);
      return true;
    }
    case "number":
      if (typeof value !== "number") return false;
      leaves.push(value);
      return true;
    case "constant":
      return Object.is(value, pattern.value);
    case "array": {
      const { children } = pattern;
      if (!Array.isArray(value) || value.length !== children.length) return false;
      for (let i = 0; i < children.length; i++) if (!matches(children[i], value[i], leaves)) return false;
      return true;
    }
    case "object": {
      if (!isPlainObject(value)) return false;
      const { keys, children } = pattern;
      let i = 0;
      for (const key in value) {
        if (i >= keys.length || key !== keys[i] || !matches(children[i], value[key], leaves)) return false;
        i++;
      }
      return i === keys.length;
    }
  }
}

/** The inputs of a pattern, in order. */
export function leavesOf(pattern: Pattern): LeafPattern[] {
  switch (pattern.kind) {
    case "tensor":
    case "number":
      return [pattern];
    case "constant":
      return [];
    case "array":
    case "object":
      return pattern.children.flatMap(leavesOf);
  }
}

/** A value of the pattern with the given tensors as its inputs. */
export function fill(pattern: Pattern, next: () => Tensor): unknown {
  switch (pattern.kind) {
    case "tensor":
    case "number":
      return next();
    case "constant":
      return pattern.value;
    case "array":
      return pattern.children.map((child) => fill(child, next));
    case "object":
      return Object.fromEntries(pattern.keys.map((key, i) => [key, fill(pattern.children[i], next)]));
  }
}

/** True for what may stand in a tree beside tensors and numbers and makes a program of its own. */
function isConstant(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string" || typeof value === "boolean";
}

function kindOf(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "object"}`;
  return `${typeof value} ${String(value)}`;
}

function refused(operation: string, path: string, got: string, hint: string): NeuriteError {
  return new NeuriteError({
    operation,
    got: `${got} as ${path}`,
    expected: "tensors, numbers, strings and truth values in nested arrays and plain objects",
    hint,
  });
}
