// What users see as "neurite/metrics".
export { accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy } from "./accuracy.ts";
export { meanAbsoluteError, meanSquaredError } from "./errors.ts";
export { type Metric, type MetricName, metricOf, metrics } from "./table.ts";
