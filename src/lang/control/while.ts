import { NeuriteError } from "../../base/error.ts";
import { unflatten } from "../../base/tree.ts";
import { formatType } from "../../base/type.ts";
import { cast, tensorOf } from "../ops/operand.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { flattenTensors } from "../transforms/record.ts";
import type { AnyTensors } from "../transforms/types.ts";
import { requireSame, traceBodies } from "./bodies.ts";
import { chooseCarryTypes, type Returned } from "./carry.ts";
import { whilePrimitive } from "./while-primitive.ts";

/**
 * Repeats `body(carry)` while `condition(carry)`, a bool scalar, holds; returns the last carry, a tree.
 *
 * Has a forward-mode derivative only, because the number of steps is known only when it runs: `grad` through it throws
 * and says to use `scan`. Throws when the next carry differs from the carry in structure, shape or dtype.
 *
 * @example
 * ```ts
 * const power = whileLoop((x) => lt(x, 100), (x) => mul(x, 2), tensor(1)); // 128
 * ```
 */
export function whileLoop<C>(
  condition: (carry: AnyTensors<C>) => Tensor,
  body: (carry: AnyTensors<C>) => Returned<C>,
  initial: C,
): AnyTensors<C>;
export function whileLoop(
  condition: (carry: unknown) => Tensor,
  body: (carry: unknown) => unknown,
  initial: unknown,
): unknown {
  const start = flattenTensors(initial, "whileLoop: initial carry");
  const restore = (leaves: readonly Tensor[]): unknown => unflatten(start.structure, leaves);
  const types = chooseCarryTypes({
    name: "whileLoop",
    start,
    others: [],
    step: (tensors) => flattenTensors(body(restore(tensors)), "whileLoop: next carry"),
  });
  const { programs, captured } = traceBodies([
    { name: "whileLoop's condition", types, f: (...tensors) => [condition(restore(tensors))] },
    {
      name: "whileLoop",
      types,
      f: (...tensors) => {
        const next = flattenTensors(body(restore(tensors)), "whileLoop: next carry");
        const carry = next.tensors.map((leaf, i) =>
          leaf.weak ? cast(leaf, types[i]?.dtype ?? "f32") : leaf,
        );
        requireSame(
          "whileLoop",
          ["the next carry", "the initial one"],
          { ...next, types: carry },
          { structure: start.structure, types },
        );
        return carry;
      },
    },
  ]);
  const [conditionProgram, bodyProgram] = programs;
  const found = formatType(conditionProgram.outputs[0].type);
  if (found !== "bool[]") {
    throw new NeuriteError({
      operation: "whileLoop",
      got: `the condition ${found}`,
      expected: "bool[]",
      hint: "compare it, as in lt(x, 10)",
    });
  }
  const carry = start.tensors.map((tensor, i) => cast(tensor, types[i].dtype));
  return restore(
    bind(whilePrimitive, [...captured, ...carry].map(tensorOf), {
      constants: captured.length,
      condition: conditionProgram,
      body: bodyProgram,
    }),
  );
}
