import { NeuriteError } from "../base/error.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { add, cast, maximum, mul, relu, sqrt, square, sub, sum, type Tensor } from "../tensor/index.ts";
import { type LossOptions, readLossOptions, reduceLoss, requirePositive } from "./loss.ts";

/** Options of losses that keep things apart. */
export interface MarginOptions extends LossOptions {
  /** How far apart is far enough; positive. */
  readonly margin?: number;
}

/**
 * The mean of max(0, ‖a − p‖² − ‖a − n‖² + margin), which puts an anchor a nearer to a positive p, of its own kind, than to
 * a negative n of another: Schroff, Kalenichenko and Philbin, FaceNet (arXiv:1503.03832), equation (2).
 *
 * All are [batch, …, entries], `margin` is 0.2 by default. With `reduction` `none` the result is one value per example,
 * [batch], with `sum` the sum of these. Throws for shapes that differ, and unless the margin is positive.
 *
 * @example
 * ```ts
 * import { triplet } from "neurite/losses";
 *
 * triplet(tensor([[0, 0]]), tensor([[1, 0]]), tensor([[0, 1]]), { margin: 0.5 }); // 0.5
 * ```
 */
export function triplet(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: MarginOptions = {},
): Tensor {
  const reducing = readLossOptions("triplet", options, ["margin"]);
  const { margin = 0.2 } = options;
  requirePositive("triplet", "margin", margin);
  requireVectors("triplet", anchor, positive, negative);
  const lead = sub(squaredDistance(anchor, negative), squaredDistance(anchor, positive));
  return reduceLoss("triplet", relu(sub(margin, lead)), reducing);
}

/**
 * The objective of semi-supervised embedding (lecture 4, "New types of regularization"), the mean of ‖f − g‖² for neighbours
 * and of max(0, margin − ‖f − g‖)² for others: Weston, Ratle and Collobert, Deep Learning via Semi-Supervised Embedding
 * (2008). Added to the loss of the labelled examples, it uses those without labels.
 *
 * `first` f and `second` g are the outputs of a layer for the two examples of each pair, [batch, …, entries]; `neighbours` is
 * 1 or true where they belong together, [batch, …]; `margin` is 1 by default. Reductions and errors are those of `triplet`.
 *
 * @example
 * ```ts
 * import { semiSupervisedEmbedding } from "neurite/losses";
 *
 * const first = tensor([[0, 0], [0, 0]]);
 * const second = tensor([[1, 2], [0, 0.5]]);
 * semiSupervisedEmbedding(first, second, tensor([true, false]), { reduction: "none" }); // [5, 0.25]
 * ```
 */
export function semiSupervisedEmbedding(
  first: Tensor,
  second: Tensor,
  neighbours: Tensor,
  options: MarginOptions = {},
): Tensor {
  const reducing = readLossOptions("semiSupervisedEmbedding", options, ["margin"]);
  const { margin = 1 } = options;
  requirePositive("semiSupervisedEmbedding", "margin", margin);
  requireVectors("semiSupervisedEmbedding", first, second);
  const squares = squaredDistance(first, second);
  if (!sameShape(neighbours.shape, squares.shape)) {
    throw new NeuriteError({
      operation: "semiSupervisedEmbedding",
      got: `neighbours of shape ${formatShape(neighbours.shape)}`,
      expected: `one for each pair, ${formatShape(squares.shape)}`,
    });
  }
  const together = cast(neighbours, first.dtype);
  // Equal embeddings have no direction to part in: the root's slope is 0 there.
  const apart = square(relu(sub(margin, sqrt(maximum(squares, 1e-24)))));
  const values = add(mul(together, squares), mul(sub(1, together), apart));
  return reduceLoss("semiSupervisedEmbedding", values, reducing);
}

// ‖x − y‖² over the last axis
function squaredDistance(x: Tensor, y: Tensor): Tensor {
  return sum(square(sub(x, y)), { axis: -1 });
}

function requireVectors(operation: string, ...[first, ...others]: readonly Tensor[]): void {
  if (first.shape.length >= 2 && others.every(({ shape }) => sameShape(shape, first.shape))) return;
  throw new NeuriteError({
    operation,
    got: [first, ...others].map(({ shape }) => formatShape(shape)).join(" and "),
    expected: "vectors of one shape [batch, …, entries]",
  });
}
