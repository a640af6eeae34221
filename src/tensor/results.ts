import { NeuriteError } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { full } from "../lang/ops/operand.ts";
import { Tensor } from "../lang/program/tensor.ts";
import type { Storage } from "./storage.ts";

/** Builds what a function returned from the outputs of its program. */
export type Rebuild = (outputs: readonly Storage[]) => unknown;

/** What a traced function returned: its tensors, and how to build the same tree from their data. */
export interface Result {
  readonly tensors: readonly Tensor[];
  readonly rebuild: Rebuild;
}

/** Takes the result of a traced function apart; a number becomes a scalar, strings, truth values and nothing stay what they are. */
export function takeApart(value: unknown, operation: string): Result {
  const tensors: Tensor[] = [];
  const visit = (node: unknown, path: string): Rebuild => {
    if (typeof node === "number") {
      const { dtype, shape, source } = full([], node, "f64");
      return visit(new Tensor(dtype, shape, source, true), path);
    }
    if (node instanceof Tensor) {
      const position = tensors.push(node) - 1;
      const { dtype, shape, weak } = node;
      return (outputs) => new Tensor(dtype, shape, outputs[position], weak);
    }
    if (Array.isArray(node)) {
      const children = node.map((child, i) => visit(child, `${path}[${i}]`));
      return (outputs) => children.map((child) => child(outputs));
    }
    if (isPlainObject(node)) {
      const keys = Object.keys(node);
      return objectOf(
        keys,
        keys.map((key) => visit(node[key], `${path}.${key}`)),
      );
    }
    if (typeof node === "function" || typeof node === "object") {
      if (node === null) return () => null;
      throw new NeuriteError({
        operation,
        got: `a ${node.constructor?.name ?? "object"} in ${path}`,
        expected: "tensors and numbers in nested arrays and plain objects",
      });
    }
    return () => node;
  };
  const rebuild = visit(value, "the result");
  return { tensors, rebuild };
}

function objectOf(keys: readonly string[], children: readonly Rebuild[]): Rebuild {
  return (outputs) => {
    const result: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) result[keys[i]] = children[i](outputs);
    return result;
  };
}
