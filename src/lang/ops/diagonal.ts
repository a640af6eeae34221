import type { Shape } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { eq } from "./comparison.ts";
import { iota } from "./iota.ts";

/** True on the diagonal of the last two axes. */
export function diagonalMask(shape: Shape): Tensor {
  return eq(iota(shape, shape.length - 2), iota(shape, shape.length - 1));
}
