import type { Operand } from "../program/primitive.ts";
import { Tensor } from "../program/tensor.ts";
import { add } from "./arithmetic.ts";

/** An operand of a primitive that takes no literals, as the tensor it is. */
export function tensorOf(operand: Operand | undefined): Tensor {
  if (operand instanceof Tensor) return operand;
  throw new Error("a literal stands where a primitive takes tensors only");
}

/** The sum of tangents of which some are absent (zero). */
export function addTangents(...tangents: readonly (Tensor | undefined)[]): Tensor | undefined {
  return tangents.reduce((sum, tangent) => {
    if (sum === undefined || tangent === undefined) return sum ?? tangent;
    return add(sum, tangent);
  }, undefined);
}
