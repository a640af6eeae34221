import { checkOptions, NeuriteError } from "../base/error.ts";
import { type Loss, type LossName, losses, lossOf } from "../losses/index.ts";
import { type Metric, type MetricName, metricOf } from "../metrics/index.ts";
import { type Optimizer, type OptimizerName, optimizerOf } from "../optim/index.ts";
import type { Shape } from "../tensor/index.ts";

/** A metric with its name in logs and histories. */
export interface NamedMetric {
  readonly name: string;
  readonly measure: Metric;
}

/** Options of `compile`. */
export interface CompileOptions {
  /** An optimizer, or the name of one with its defaults. */
  readonly optimizer: OptimizerName | Optimizer;
  /** A loss, by name or a function of (prediction, target). */
  readonly loss: LossName | Loss;
  /** What else is measured, by name or functions. Default nothing. */
  readonly metrics?: readonly (MetricName | Metric)[];
}

/** What one output of a network is trained for. */
export interface Goal {
  readonly loss: Loss;
  /** What its loss is multiplied by. */
  readonly weight: number;
  readonly metrics: readonly NamedMetric[];
}

/** What a network is trained for. */
export interface Objective {
  readonly optimizer: Optimizer;
  /** One for each output. */
  readonly goals: readonly Goal[];
}

/** The functions behind the names. */
export function readObjective(options: CompileOptions): Objective {
  checkOptions("compile", options, ["optimizer", "loss", "metrics"]);
  const { optimizer, loss, metrics = [] } = options;
  const goal = { loss: lossOf(loss), weight: 1, metrics: nameMetrics(metrics) };
  return { optimizer: optimizerOf(optimizer), goals: [goal] };
}

/** How many classes the integers of a target may name: those of the outputs, or yes and no; undefined: any integer. */
export function classesOf(loss: Loss, outputShape: Shape): number | undefined {
  if (loss.takesLabels) return outputShape[outputShape.length - 1];
  return loss === losses.binaryCrossentropy ? 2 : undefined;
}

function nameMetrics(metrics: readonly (MetricName | Metric)[]): NamedMetric[] {
  const named = metrics.map((metric) => {
    const measure = metricOf(metric);
    return { name: typeof metric === "string" ? metric : measure.name, measure };
  });
  for (const [i, { name }] of named.entries()) {
    if (name !== "" && name !== "loss" && named.findIndex((other) => other.name === name) === i) continue;
    throw new NeuriteError({
      operation: "compile",
      got: name === "" ? "a metric without a name" : `two figures with the name '${name}'`,
      expected: "a function with a name of its own for each metric",
    });
  }
  return named;
}
