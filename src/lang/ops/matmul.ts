import { NeuriteError } from "../../base/error.ts";
import { broadcastShapes, formatShape, normalizeAxis, type Shape } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { dotGeneral } from "./contraction.ts";
import { range } from "./offsets.ts";
import { broadcastTo, reshape } from "./structure.ts";

/**
 * The matrix product with NumPy's rules: [..., m, k] · [..., k, n] → [..., m, n]; leading axes broadcast, and a vector
 * counts as a row on the left and a column on the right. Throws for scalars and for inner dimensions that differ.
 *
 * @example
 * ```ts
 * matmul(tensor([[1, 2]]), tensor([[3], [4]])); // [[11]]
 * ```
 */
export function matmul(x: Tensor, y: Tensor): Tensor {
  if (x.shape.length === 0 || y.shape.length === 0) {
    throw new NeuriteError({
      operation: "matmul",
      got: `${formatShape(x.shape)} · ${formatShape(y.shape)}`,
      expected: "tensors with at least one axis",
      hint: "use mul for scalars",
    });
  }
  const inner = y.shape.length === 1 ? 0 : y.shape.length - 2;
  checkInner(x.shape, y.shape, inner);
  // Without a stack on the right the left's axes are all free; a vector on the left leaves the right's stack in order.
  if (x.shape.length === 1 || y.shape.length <= 2) {
    return dotGeneral(x, y, { contract: [[x.shape.length - 1], [inner]], batch: [[], []] });
  }
  const leading = broadcastShapes("matmul", x.shape.slice(0, -2), y.shape.slice(0, -2));
  const left = broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
  const right = broadcastTo(y, [...leading, ...y.shape.slice(-2)]);
  const batch = range(0, leading.length);
  return dotGeneral(left, right, { contract: [[batch.length + 1], [batch.length]], batch: [batch, batch] });
}

function checkInner(x: Shape, y: Shape, inner: number): void {
  const depth = y[inner];
  if (x[x.length - 1] === depth) return;
  throw new NeuriteError({
    operation: "matmul: inner dimensions differ",
    got: `${formatShape(x)} · ${formatShape(y)}`,
    expected: `${formatShape([...x.slice(0, -1), depth])} · ${formatShape(y)}`,
  });
}

/**
 * The inner product of two vectors of equal length, a scalar. Throws for other shapes; see `matmul` for matrices.
 *
 * @example
 * ```ts
 * dot(tensor([1, 2]), tensor([3, 4])); // 11
 * ```
 */
export function dot(x: Tensor, y: Tensor): Tensor {
  if (x.shape.length !== 1 || y.shape.length !== 1 || x.shape[0] !== y.shape[0]) {
    throw new NeuriteError({
      operation: "dot",
      got: `${formatShape(x.shape)} · ${formatShape(y.shape)}`,
      expected: "two vectors of equal length",
      hint: "use matmul for matrices",
    });
  }
  return dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] });
}

/**
 * The outer product: every element of x times every element of y, shape [size of x, size of y]; both are flattened.
 *
 * @example
 * ```ts
 * outer(tensor([1, 2]), tensor([3, 4])); // [[3, 4], [6, 8]]
 * ```
 */
export function outer(x: Tensor, y: Tensor): Tensor {
  return dotGeneral(reshape(x, [-1]), reshape(y, [-1]), { contract: [[], []], batch: [[], []] });
}

/**
 * Sums the products of x and y over pairs of axes: `axes` lists them, or counts the last axes of x and the first of y
 * (default 2). Keeps the other axes, x's first. Throws for unequal extents.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * tensordot(x, x, 1); // [[7, 10], [15, 22]]
 * tensordot(x, x, [[0], [0]]); // [[10, 14], [14, 20]]
 * ```
 */
export function tensordot(
  x: Tensor,
  y: Tensor,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  const [left, right] =
    typeof axes === "number"
      ? [range(x.shape.length - axes, x.shape.length), range(0, axes)]
      : [axes[0], axes[1]];
  const contract = [
    left.map((axis) => normalizeAxis("tensordot", axis, x.shape.length)),
    right.map((axis) => normalizeAxis("tensordot", axis, y.shape.length)),
  ] as const;
  return dotGeneral(x, y, { contract, batch: [[], []] });
}
