import { NeuriteError } from "../base/error.ts";
import { flatten, type Tree } from "../base/tree.ts";
import { add, div, log, mul, square, sub, sum, Tensor } from "../tensor/index.ts";
import { binaryCrossentropies } from "./crossentropy.ts";
import {
  type CrossentropyOptions,
  type Loss,
  type LossOptions,
  readCrossentropyOptions,
  readLossOptions,
  reduceLoss,
  requirePositive,
  totalOfExample,
} from "./loss.ts";
import { targetLike } from "./target.ts";

/** Options of `gaussianNegativeLogLikelihood`. */
export interface GaussianOptions extends LossOptions {
  /** σ², a positive number, or a tensor that fits the prediction, as a network may give it too. Default 1. */
  readonly variance?: number | Tensor;
}

/**
 * −log N(y | ŷ, σ²) of each example (lecture 5, "Recap Discriminative models"): Σ ½ log(2πσ²) + (y − ŷ)²/(2σ²) over its
 * outputs; the mean over examples. Its minimum is the maximum likelihood; with `negativeLogPrior` added to the sum it is MAP.
 *
 * Shapes as in `meanSquaredError`. With `reduction` `none` the result is one value per example, [batch], with `sum` the sum
 * of these. Throws for shapes that differ, and for a `variance` that is no positive number.
 *
 * @example
 * ```ts
 * import { gaussianNegativeLogLikelihood } from "neurite/losses";
 *
 * gaussianNegativeLogLikelihood(tensor([[1], [2]]), tensor([[1], [4]])); // 1.9189
 * ```
 */
export function gaussianNegativeLogLikelihood(
  prediction: Tensor,
  target: Tensor,
  options: GaussianOptions = {},
): Tensor {
  const reducing = readLossOptions("gaussianNegativeLogLikelihood", options, ["variance"]);
  const { variance = 1 } = options;
  if (typeof variance === "number") requirePositive("gaussianNegativeLogLikelihood", "variance", variance);
  const error = sub(prediction, targetLike("gaussianNegativeLogLikelihood", prediction, target));
  const values = gaussian(error, variance);
  return reduceLoss("gaussianNegativeLogLikelihood", totalOfExample(values), reducing);
}

/**
 * −log Be(y | ŷ) of each example (lecture 5, "Recap Discriminative models"): Σ −y log ŷ − (1 − y) log(1 − ŷ) over its
 * outputs; the mean over examples. It is `binaryCrossentropy`, with the sum over outputs in place of their mean, and takes
 * the same options.
 *
 * @example
 * ```ts
 * import { bernoulliNegativeLogLikelihood } from "neurite/losses";
 *
 * bernoulliNegativeLogLikelihood(tensor([[0.9, 0.2]]), tensor([[1, 0]])); // 0.3285
 * ```
 */
export const bernoulliNegativeLogLikelihood: Loss = /*#__PURE__*/ Object.assign(
  function bernoulliNegativeLogLikelihood(
    prediction: Tensor,
    target: Tensor,
    options: CrossentropyOptions = {},
  ): Tensor {
    const reducing = readCrossentropyOptions("bernoulliNegativeLogLikelihood", options);
    const values = binaryCrossentropies("bernoulliNegativeLogLikelihood", prediction, target, reducing);
    return reduceLoss("bernoulliNegativeLogLikelihood", totalOfExample(values), reducing);
  },
  { logitsOf: "sigmoid" } as const,
);

/**
 * −log p(θ) of a tree of parameters that are drawn from N(0, σ²), Σ ½ log(2πσ²) + θ²/(2σ²): what turns maximum likelihood
 * into MAP (lecture 5, "Recap Discriminative models"), and for σ² = 1 the lecture's weight decay ½‖θ‖². `variance` σ² is 1
 * by default. Throws unless that is positive, and where there are no parameters.
 *
 * @example
 * ```ts
 * import { negativeLogPrior } from "neurite/losses";
 *
 * negativeLogPrior({ weights: tensor([1, 2]), biases: tensor([0]) }); // 5.2568
 * ```
 */
export function negativeLogPrior(
  params: Tree<Tensor>,
  { variance = 1 }: { readonly variance?: number } = {},
): Tensor {
  requirePositive("negativeLogPrior", "variance", variance);
  const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
  const { leaves } = flatten(params, isTensor, "negativeLogPrior");
  if (leaves.length === 0) {
    throw new NeuriteError({ operation: "negativeLogPrior", got: "no tensors", expected: "parameters" });
  }
  return leaves.map((leaf) => sum(gaussian(leaf, variance))).reduce((total, term) => add(total, term));
}

// ½ log(2πσ²) + e²/(2σ²)
function gaussian(error: Tensor, variance: number | Tensor): Tensor {
  if (typeof variance === "number") {
    return add(mul(square(error), 0.5 / variance), Math.log(2 * Math.PI * variance) / 2);
  }
  return add(div(square(error), mul(variance, 2)), mul(log(mul(variance, 2 * Math.PI)), 0.5));
}
