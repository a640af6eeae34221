import { unknownName } from "../base/error.ts";
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKAccuracy,
} from "./accuracy.ts";
import { f1Score, precision, recall } from "./confusion.ts";
import { meanAbsoluteError, meanSquaredError, r2Score, rootMeanSquaredError } from "./errors.ts";
import type { Metric } from "./metric.ts";
import { rocAuc } from "./roc.ts";

/** The names of metrics. */
export type MetricName =
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "topKAccuracy"
  | "precision"
  | "recall"
  | "f1Score"
  | "rocAuc"
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "rootMeanSquaredError"
  | "r2Score";

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
  topKAccuracy,
  precision,
  recall,
  f1Score,
  rocAuc,
  meanSquaredError,
  meanAbsoluteError,
  rootMeanSquaredError,
  r2Score,
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
