/**
 * Functions of predictions and targets that training makes small.
 *
 * @module neurite/losses
 */

export {
  binaryCrossentropy,
  categoricalCrossentropy,
  negativeLogLikelihood,
  sparseCategoricalCrossentropy,
} from "./crossentropy.ts";
export { cosineSimilarity, klDivergence, poisson } from "./divergence.ts";
export { type MarginOptions, semiSupervisedEmbedding, triplet } from "./embedding.ts";
export { type HuberOptions, halfSquaredError, huber, meanAbsoluteError, meanSquaredError } from "./errors.ts";
export { hinge, oneVsAllHinge, perceptron, squaredHinge } from "./hinge.ts";
export {
  bernoulliNegativeLogLikelihood,
  type GaussianOptions,
  gaussianNegativeLogLikelihood,
  negativeLogPrior,
} from "./likelihoods.ts";
export type { CrossentropyOptions, Loss, LossOptions, Reduction } from "./loss.ts";
export { type LossFunction, lossWith } from "./options.ts";
export { type LossName, losses, lossOf } from "./table.ts";
export { classWeights } from "./weights.ts";
