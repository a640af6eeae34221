import type { DType } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { type Structure, unflatten } from "../../base/tree.ts";
import { formatType } from "../../base/type.ts";
import { cast } from "../ops/operand.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { type AnyFunction, flattenTensors, type Leaves } from "../transforms/record.ts";
import type { AnyTensors } from "../transforms/types.ts";
import { requireSame, traceBodies } from "./bodies.ts";
import type { Returned } from "./carry.ts";
import { condPrimitive } from "./cond-primitive.ts";

/**
 * Runs one of two functions on the operands, chosen by a bool scalar when the program runs; only that one is computed.
 *
 * Operands and results are trees; the branches must agree in structure, shapes and dtypes of their results, otherwise
 * it throws. Under `vmap` with a batched predicate both branches run and `select` chooses.
 *
 * @example
 * ```ts
 * const x = tensor(-3);
 * cond(gt(x, 0), (v) => v, (v) => neg(v), x); // 3
 * ```
 */
export function cond<A extends unknown[], R>(
  predicate: Tensor,
  trueBranch: (...operands: AnyTensors<A>) => R,
  falseBranch: (...operands: AnyTensors<A>) => NoInfer<Returned<R>>,
  ...operands: A
): AnyTensors<R>;
export function cond(
  predicate: Tensor,
  trueBranch: AnyFunction,
  falseBranch: AnyFunction,
  ...operands: unknown[]
): unknown {
  if (predicate.dtype !== "bool" || predicate.shape.length > 0) {
    throw new NeuriteError({
      operation: "cond",
      got: `the predicate ${formatType(predicate)}`,
      expected: "bool[]",
      hint: "compare it, as in gt(x, 0); choose elements of tensors with where",
    });
  }
  // Branch 0 is the false one.
  const branches = [falseBranch, trueBranch];
  return chooseBranch("cond", cast(predicate, "i32"), branches, operands, [
    "the false branch",
    "the true branch",
  ]);
}

/**
 * Runs one of several functions on the operands, chosen by an i32 scalar when the program runs; an index out of range
 * takes the nearest branch.
 *
 * Throws when the branches differ in structure, shapes or dtypes of their results.
 *
 * @example
 * ```ts
 * switchCase(tensor(1, { dtype: "i32" }), [(x) => x, (x) => mul(x, x)], tensor(3)); // 9
 * ```
 */
export function switchCase<A extends unknown[], R>(
  index: Tensor,
  branches: readonly ((...operands: AnyTensors<A>) => R)[],
  ...operands: A
): AnyTensors<R>;
export function switchCase(index: Tensor, branches: readonly AnyFunction[], ...operands: unknown[]): unknown {
  if (index.dtype !== "i32" || index.shape.length > 0 || branches.length === 0) {
    throw new NeuriteError({
      operation: "switchCase",
      got: `the index ${formatType(index)} and ${branches.length} branches`,
      expected: "an index of type i32[] and at least one branch",
    });
  }
  const names = branches.map((_, i) => `branch ${i}`);
  return chooseBranch("switchCase", index, branches, operands, names);
}

function chooseBranch(
  operation: string,
  selector: Tensor,
  branches: readonly AnyFunction[],
  operands: readonly unknown[],
  names: readonly string[],
): unknown {
  const given = operands.map((operand) => flattenTensors(operand, `${operation}: operands`));
  const leaves = given.flatMap(({ tensors }) => tensors);
  const results: Leaves[] = [];
  const record = (dtypes: readonly (DType | undefined)[]): ReturnType<typeof traceBodies> =>
    traceBodies(
      branches.map((branch, k) => ({
        name: operation,
        types: leaves,
        weak: leaves.map((leaf) => leaf.weak),
        f: (...tensors) => {
          const rest = [...tensors];
          const args = given.map((each) => unflatten(each.structure, rest.splice(0, each.tensors.length)));
          results[k] = flattenTensors(branch(...args), `${operation}: ${names[k]}`);
          return results[k].tensors.map((leaf, i) =>
            leaf.weak ? cast(leaf, dtypes[i] ?? leaf.dtype) : leaf,
          );
        },
      })),
    );
  let recorded = record([]);
  // A number takes the dtype that another branch returns in its place; f32 where all return numbers.
  if (results.some(({ tensors }) => tensors.some((leaf) => leaf.weak))) {
    const strong = results[0].tensors.map((_, i) => {
      const candidates = results.map(({ tensors }) => tensors[i]);
      return candidates.find((leaf) => leaf !== undefined && !leaf.weak)?.dtype ?? "f32";
    });
    recorded = record(strong);
  }
  const { programs, captured } = recorded;
  const typed = results.map((result, k) => ({
    ...result,
    types: programs[k].outputs.map((output) => output.type),
  }));
  for (const [k, result] of typed.entries()) {
    requireSame(operation, [`${names[k]}:`, names[0]], result, typed[0]);
  }
  const outputs = bind(condPrimitive, [selector, ...captured, ...leaves], { branches: programs });
  return unflatten(resultStructure(results), outputs);
}

function resultStructure([first]: readonly Leaves[]): Structure {
  return first.structure;
}
