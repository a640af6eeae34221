import { NeuriteError } from "../base/error.ts";
import { formatShape } from "../base/shape.ts";
import { add, log, maximum, mul, neg, rsqrt, square, sub, sum, type Tensor } from "../tensor/index.ts";
import { type LossOptions, readLossOptions, reduceLoss } from "./loss.ts";
import { requireClasses, targetLike } from "./target.ts";

// Keeps logarithms finite, as in Keras.
const least = 1e-7;

/**
 * The Kullback–Leibler divergence Σ y log(y/ŷ) over classes, of targets y from predictions ŷ, both probabilities of every
 * class, [batch, …, classes]; the mean over examples. Both are kept at 10⁻⁷ and above inside the logarithm.
 *
 * With `reduction` `none` the result is one value per example, [batch], with `sum` the sum of these. Throws for shapes that
 * differ and for less than two classes.
 *
 * @example
 * ```ts
 * import { klDivergence } from "neurite/losses";
 *
 * klDivergence(tensor([[0.5, 0.5]]), tensor([[1, 0]])); // 0.6931
 * ```
 */
export function klDivergence(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("klDivergence", options);
  const y = targetLike("klDivergence", prediction, target);
  requireClasses("klDivergence", prediction);
  const ratio = sub(log(maximum(y, least)), log(maximum(prediction, least)));
  return reduceLoss("klDivergence", sum(mul(y, ratio), { axis: -1 }), reducing);
}

/**
 * The mean of ŷ − y log(ŷ + 10⁻⁷), for counts y whose expectation ŷ is predicted: the negative logarithm of a Poisson
 * probability without log y!, which no ŷ changes. Shapes and reductions as in `meanSquaredError`.
 *
 * @example
 * ```ts
 * import { poisson } from "neurite/losses";
 *
 * poisson(tensor([1, 2]), tensor([1, 0])); // 1.5
 * ```
 */
export function poisson(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("poisson", options);
  const y = targetLike("poisson", prediction, target);
  return reduceLoss("poisson", sub(prediction, mul(y, log(add(prediction, least)))), reducing);
}

/**
 * The mean of −cos(ŷ, y), the cosine of the angle between vectors on the last axis, [batch, …, entries]: −1 where they point
 * the same way, as in Keras. A vector of zeros has the cosine 0.
 *
 * With `reduction` `none` the result is one value per example, [batch], with `sum` the sum of these. Throws for shapes that
 * differ and for predictions without an axis of entries.
 *
 * @example
 * ```ts
 * import { cosineSimilarity } from "neurite/losses";
 *
 * cosineSimilarity(tensor([[1, 0], [1, 1]]), tensor([[2, 0], [1, -1]])); // -0.5
 * ```
 */
export function cosineSimilarity(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reducing = readLossOptions("cosineSimilarity", options);
  const y = targetLike("cosineSimilarity", prediction, target);
  if (prediction.shape.length < 2) {
    throw new NeuriteError({
      operation: "cosineSimilarity",
      got: `a prediction of shape ${formatShape(prediction.shape)}`,
      expected: "a vector for each example, [batch, entries]",
    });
  }
  const cosine = sum(mul(unit(prediction), unit(y)), { axis: -1 });
  return reduceLoss("cosineSimilarity", neg(cosine), reducing);
}

// x / ‖x‖
function unit(x: Tensor): Tensor {
  return mul(x, rsqrt(maximum(sum(square(x), { axis: -1, keepDims: true }), 1e-12)));
}
