import type { Tensor } from "../program/tensor.ts";
import { add } from "./arithmetic.ts";

/** The sum of tangents of which some are absent (zero). */
export function addTangents(...tangents: readonly (Tensor | undefined)[]): Tensor | undefined {
  return tangents.reduce((sum, tangent) => {
    if (sum === undefined || tangent === undefined) return sum ?? tangent;
    return add(sum, tangent);
  }, undefined);
}
