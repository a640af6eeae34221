import * as scalar from "../kernel/scalar.ts";
import type { Operand, Primitive } from "../program/primitive.ts";
import { Literal } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { elementwisePrimitive } from "./elementwise.ts";
import { asTensor, lift, type TensorLike } from "./operand.ts";
import { broadcastOperands } from "./structure.ts";

/** condition ? x : y elementwise; linear in x and y together. */
export const selectPrimitive: Primitive = {
  .../*#__PURE__*/ elementwisePrimitive("select", {
    arity: 3,
    chooses: true,
    dtypes: "any",
    lower: ([condition, x, y]) => scalar.select(condition, x, y),
    reference: ([condition, x, y]) => (condition !== 0 ? x : y),
  }),
  derivative: ({ inputs: [condition], tangents: [, dx, dy] }) => [choose(condition, dx ?? 0, dy ?? 0)],
  transpose: ({ cotangents: [cotangent], inputs: [condition, x, y] }) => {
    if (cotangent === undefined || condition === undefined) return [undefined, undefined, undefined];
    return [
      undefined,
      x === undefined ? choose(condition, cotangent, 0) : undefined,
      y === undefined ? choose(condition, 0, cotangent) : undefined,
    ];
  },
};

function choose(condition: Operand, x: TensorLike, y: TensorLike): Tensor {
  if (condition instanceof Literal) return asTensor(condition.value !== 0 ? x : y);
  return select(condition, x, y);
}

/**
 * Takes x where the condition (bool) holds and y elsewhere, broadcast to one shape; a value that is not taken leaves no
 * trace, not even as NaN.
 *
 * @example
 * ```ts
 * const x = tensor([-1, 2]);
 * select(gt(x, 0), x, 0); // [0, 2]
 * ```
 */
export function select(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  const values = lift("select", [x, y]);
  return bind(selectPrimitive, broadcastOperands("select", [condition, ...values.operands]), {})[0];
}
