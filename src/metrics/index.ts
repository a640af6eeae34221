/**
 * What is measured of predictions and not minimised.
 *
 * @module neurite/metrics
 */

export {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  type TopKOptions,
  topKAccuracy,
} from "./accuracy.ts";
export { confusionMatrix, f1Score, precision, recall } from "./confusion.ts";
export { meanAbsoluteError, meanSquaredError, r2Score, rootMeanSquaredError } from "./errors.ts";
export type { Accumulation, Metric } from "./metric.ts";
export { rocAuc } from "./roc.ts";
export { type MetricName, metricOf, metrics } from "./table.ts";
