import { checkOptions, unknownName } from "../base/error.ts";
import { mean, sum, type Tensor } from "../tensor/index.ts";

/** What becomes of the losses of the examples: their mean, their sum, or none: one value per example. */
export type Reduction = "mean" | "sum" | "none";

/** Options of a loss. */
export interface LossOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

/** Options of a cross-entropy. */
export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits, before the sigmoid or softmax; default false: probabilities. */
  readonly fromLogits?: boolean;
}

/**
 * A loss: a pure function of a prediction and a target, [batch, …] each. One of a user's own may be a plain function that
 * returns a scalar, or a value per example of which models take the mean.
 */
export interface Loss {
  (prediction: Tensor, target: Tensor, options?: CrossentropyOptions): Tensor;
  /** The activation whose logits the loss takes with `fromLogits`; absent: none. */
  readonly logitsOf?: "sigmoid" | "softmax";
}

const reductions: readonly Reduction[] = ["mean", "sum", "none"];

/** The mean of all values [batch, …], or the mean of each example, or the sum of these. */
export function reduceLoss(values: Tensor, reduction: Reduction): Tensor {
  switch (reduction) {
    case "mean":
      return mean(values);
    case "sum":
      return sum(perExample(values));
    case "none":
      return perExample(values);
  }
}

/** Values [batch, …] as one value per example: the mean over the other axes. */
export function perExample(values: Tensor): Tensor {
  const others = values.shape.map((_, axis) => axis).slice(1);
  return others.length === 0 ? values : mean(values, { axis: others });
}

/** The options of a loss with their defaults; throws for unknown ones. */
export function readLossOptions(operation: string, options: LossOptions): Required<LossOptions> {
  checkOptions(operation, options, ["reduction"]);
  return { reduction: reductionOf(operation, options) };
}

/** The options of a cross-entropy with their defaults; throws for unknown ones. */
export function readCrossentropyOptions(
  operation: string,
  options: CrossentropyOptions,
): Required<CrossentropyOptions> {
  checkOptions(operation, options, ["reduction", "fromLogits"]);
  return { reduction: reductionOf(operation, options), fromLogits: options.fromLogits ?? false };
}

function reductionOf(operation: string, { reduction = "mean" }: LossOptions): Reduction {
  if (!reductions.includes(reduction)) throw unknownName(`${operation}: reduction`, reduction, reductions);
  return reduction;
}
