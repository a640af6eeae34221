import { unknownName } from "../base/error.ts";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  negativeLogLikelihood,
  sparseCategoricalCrossentropy,
} from "./crossentropy.ts";
import { cosineSimilarity, klDivergence, poisson } from "./divergence.ts";
import { halfSquaredError, huber, meanAbsoluteError, meanSquaredError } from "./errors.ts";
import { hinge, oneVsAllHinge, perceptron, squaredHinge } from "./hinge.ts";
import { bernoulliNegativeLogLikelihood, gaussianNegativeLogLikelihood } from "./likelihoods.ts";
import type { Loss } from "./loss.ts";

/** The names of losses. */
export type LossName =
  | "meanSquaredError"
  | "halfSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "negativeLogLikelihood"
  | "hinge"
  | "squaredHinge"
  | "oneVsAllHinge"
  | "perceptron"
  | "klDivergence"
  | "poisson"
  | "cosineSimilarity"
  | "gaussianNegativeLogLikelihood"
  | "bernoulliNegativeLogLikelihood";

/**
 * The losses by name.
 *
 * @example
 * ```ts
 * import { losses } from "neurite/losses";
 *
 * losses.meanAbsoluteError(tensor([1, 2]), tensor([1, 4])); // 1
 * ```
 */
export const losses: Readonly<Record<LossName, Loss>> = {
  meanSquaredError,
  halfSquaredError,
  meanAbsoluteError,
  huber,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  negativeLogLikelihood,
  hinge,
  squaredHinge,
  oneVsAllHinge,
  perceptron,
  klDivergence,
  poisson,
  cosineSimilarity,
  gaussianNegativeLogLikelihood,
  bernoulliNegativeLogLikelihood,
};

/**
 * The loss of a name, or the function given. Throws for an unknown name, suggesting the closest one.
 *
 * @example
 * ```ts
 * import { lossOf } from "neurite/losses";
 *
 * lossOf("meanSquaredError")(tensor([1, 2]), tensor([1, 4])); // 2
 * ```
 */
export function lossOf(loss: LossName | Loss): Loss {
  if (typeof loss === "function") return loss;
  const found = new Map<string, Loss>(Object.entries(losses)).get(loss);
  if (found === undefined) throw unknownName("loss", String(loss), Object.keys(losses));
  return found;
}
