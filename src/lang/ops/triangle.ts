import type { Shape } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { eq, ge, gt, le } from "./comparison.ts";
import { iota } from "./iota.ts";
import { select } from "./select.ts";

// Row and column number at every place of the last two axes.
function places(shape: Shape): readonly [rows: Tensor, columns: Tensor] {
  return [iota(shape, shape.length - 2), iota(shape, shape.length - 1)];
}

/** True on the diagonal of the last two axes. */
export function diagonalMask(shape: Shape): Tensor {
  return eq(...places(shape));
}

/** Zeros above the diagonal of the last two axes. */
export function lowerTriangle(x: Tensor): Tensor {
  return select(ge(...places(x.shape)), x, 0);
}

/** Zeros on and above the diagonal of the last two axes. */
export function strictLowerTriangle(x: Tensor): Tensor {
  return select(gt(...places(x.shape)), x, 0);
}

/** Zeros below the diagonal of the last two axes. */
export function upperTriangle(x: Tensor): Tensor {
  return select(le(...places(x.shape)), x, 0);
}
