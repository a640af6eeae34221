import type { Tensor } from "../tensor/index.ts";

/**
 * How a metric that is no mean over examples is put together from batches: precision, R² and the like. Every batch gives
 * figures that add up, so that neither the order nor the sizes of the batches matter.
 */
export interface Accumulation {
  /** The figures of a batch; their shape does not depend on how many examples it has. */
  sums(prediction: Tensor, target: Tensor): Tensor;
  /** The metric of all examples whose figures were added up. */
  result(sums: Tensor): Tensor;
}

/**
 * A metric: one value per example, [batch], of a prediction and a target, so that models average over batches exactly. One
 * with an `accumulation` gives a single value for all examples instead, and models add up its figures.
 */
export interface Metric {
  (prediction: Tensor, target: Tensor): Tensor;
  readonly accumulation?: Accumulation;
}

/** A metric with an accumulation, which is also the metric of the examples it is called with. */
export function wholeMetric(
  name: string,
  sums: Accumulation["sums"],
  result: Accumulation["result"],
): Metric {
  const metric = (prediction: Tensor, target: Tensor): Tensor => result(sums(prediction, target));
  // Histories call a metric by the name of its function.
  Object.defineProperty(metric, "name", { value: name });
  return Object.assign(metric, { accumulation: { sums, result } });
}
