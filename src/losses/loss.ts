import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { cast, mean, mul, reshape, sum, type Tensor } from "../tensor/index.ts";

/** What becomes of the losses of the examples: their mean, their sum, or none: one value per example. */
export type Reduction = "mean" | "sum" | "none";

/** Options of a loss. */
export interface LossOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
  /**
   * How much each example counts, [batch], or [batch, time] and so on for each part of it; default 1 each. A mean divides
   * by the number of examples all the same, as in Keras.
   */
  readonly weights?: Tensor;
}

/** Options of a cross-entropy. */
export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits, before the sigmoid or softmax; default false: probabilities. */
  readonly fromLogits?: boolean;
  /**
   * The part of each target, from 0 to 1, that is shared out evenly among the classes (Szegedy et al., arXiv:1512.00567);
   * default 0.
   */
  readonly labelSmoothing?: number;
}

/**
 * A loss: a pure function of a prediction and a target, [batch, …] each. One of a user's own may be a plain function that
 * returns a scalar, or a value per example of which models take the mean.
 */
export interface Loss {
  (prediction: Tensor, target: Tensor, options?: CrossentropyOptions): Tensor;
  /** The activation whose logits the loss takes with `fromLogits`; absent: none. */
  readonly logitsOf?: "sigmoid" | "softmax";
  /** Whether targets are the numbers of classes, integers without the axis of the classes; absent: no. */
  readonly takesLabels?: boolean;
  /** The loss and the options that `lossWith` made it from; absent: it is no such loss. */
  readonly madeFrom?: { readonly loss: unknown; readonly options: object };
}

/** What becomes of the losses of the examples, and how much each counts. */
export interface Reducing {
  readonly reduction: Reduction;
  readonly weights: Tensor | undefined;
}

const reductions: readonly Reduction[] = ["mean", "sum", "none"];

/** The mean of all values [batch, …], or the mean of each example, or the sum of these; after they are weighed. */
export function reduceLoss(operation: string, values: Tensor, { reduction, weights }: Reducing): Tensor {
  const weighed = weights === undefined ? values : weigh(operation, values, weights);
  switch (reduction) {
    case "mean":
      return mean(weighed);
    case "sum":
      return sum(perExample(weighed));
    case "none":
      return perExample(weighed);
  }
}

/** Values [batch, …] as one value per example: the mean over the other axes. */
export function perExample(values: Tensor): Tensor {
  const others = otherAxes(values);
  return others.length === 0 ? values : mean(values, { axis: others });
}

/** Values [batch, …] as one value per example: the sum over the other axes. */
export function totalOfExample(values: Tensor): Tensor {
  const others = otherAxes(values);
  return others.length === 0 ? values : sum(values, { axis: others });
}

/** How to reduce, with the defaults; throws for options other than these and a loss's own. */
export function readLossOptions(
  operation: string,
  options: LossOptions,
  own: readonly string[] = [],
): Reducing {
  checkOptions(operation, options, ["reduction", "weights", ...own]);
  const { reduction = "mean", weights } = options;
  if (!reductions.includes(reduction)) throw unknownName(`${operation}: reduction`, reduction, reductions);
  return { reduction, weights };
}

/** The options of a cross-entropy with their defaults; throws for unknown ones. */
export function readCrossentropyOptions(
  operation: string,
  options: CrossentropyOptions,
): Reducing & Required<Pick<CrossentropyOptions, "fromLogits" | "labelSmoothing">> {
  const reducing = readLossOptions(operation, options, ["fromLogits", "labelSmoothing"]);
  const { fromLogits = false, labelSmoothing = 0 } = options;
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return { ...reducing, fromLogits, labelSmoothing };
  throw new NeuriteError({
    operation,
    got: `labelSmoothing: ${labelSmoothing}`,
    expected: "a share from 0 to 1",
  });
}

/** Throws unless an option is a positive number. */
export function requirePositive(operation: string, option: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new NeuriteError({ operation, got: `${option}: ${value}`, expected: "a positive number" });
}

function weigh(operation: string, values: Tensor, weights: Tensor): Tensor {
  const rank = weights.shape.length;
  if (rank === 0 || !sameShape(weights.shape, values.shape.slice(0, rank))) {
    throw new NeuriteError({
      operation,
      got: `weights of shape ${formatShape(weights.shape)} for losses of shape ${formatShape(values.shape)}`,
      expected: `one for each example, ${formatShape(values.shape.slice(0, 1))}`,
    });
  }
  const alongside = [...weights.shape, ...values.shape.slice(rank).map(() => 1)];
  return mul(values, reshape(cast(weights, values.dtype), alongside));
}

function otherAxes({ shape }: Tensor): number[] {
  return shape.map((_, axis) => axis).slice(1);
}
