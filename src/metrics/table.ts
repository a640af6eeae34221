import { unknownName } from "../base/error.ts";
import type { Tensor } from "../tensor/index.ts";
import { accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy } from "./accuracy.ts";
import { meanAbsoluteError, meanSquaredError } from "./errors.ts";

/** A metric: one value per example, [batch], of a prediction and a target, so that models average over batches exactly. */
export type Metric = (prediction: Tensor, target: Tensor) => Tensor;

/** The names of metrics. */
export type MetricName =
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "meanSquaredError"
  | "meanAbsoluteError";

/**
 * The metrics by name.
 *
 * @example
 * ```ts
 * import { metrics } from "neurite/metrics";
 *
 * metrics.meanAbsoluteError(tensor([1, 2]), tensor([1, 4])); // [0, 2]
 * ```
 */
export const metrics: Readonly<Record<MetricName, Metric>> = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  meanSquaredError,
  meanAbsoluteError,
};

/**
 * The metric of a name, or the function given. Throws for an unknown name, suggesting the closest one.
 *
 * @example
 * ```ts
 * import { metricOf } from "neurite/metrics";
 *
 * metricOf("accuracy")(tensor([[0.1, 0.9]]), tensor([1], { dtype: "i32" })); // [1]
 * ```
 */
export function metricOf(metric: MetricName | Metric): Metric {
  if (typeof metric === "function") return metric;
  const found = new Map<string, Metric>(Object.entries(metrics)).get(metric);
  if (found === undefined) throw unknownName("metric", String(metric), Object.keys(metrics));
  return found;
}
