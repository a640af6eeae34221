import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { type Loss, type LossName, type LossOptions, losses, lossOf } from "../losses/index.ts";
import { type Metric, type MetricName, metricOf } from "../metrics/index.ts";
import { type Optimizer, type OptimizerName, optimizerOf } from "../optim/index.ts";
import { jit, type Shape } from "../tensor/index.ts";
import type { Figure } from "./figures.ts";

/** A metric with its name in logs and histories. */
export interface NamedMetric {
  readonly name: string;
  readonly measure: Metric;
}

/** One for the only output, or one for each output by name. */
export type PerOutput<T> = T | Readonly<Record<string, T>>;

/** Options of `compile`. */
export interface CompileOptions {
  /** An optimizer, or the name of one with its defaults. */
  readonly optimizer: OptimizerName | Optimizer;
  /** A loss, by name or a function of (prediction, target); by output where there are several. */
  readonly loss: PerOutput<LossName | Loss>;
  /** What the loss of each output is multiplied by before all are added. Default 1. */
  readonly lossWeights?: Readonly<Record<string, number>>;
  /** What else is measured, by name or functions; by output where there are several. Default nothing. */
  readonly metrics?: PerOutput<readonly (MetricName | Metric)[]>;
}

/** What one output of a network is trained for. */
export interface Goal {
  readonly output: string;
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

/** The functions behind the names, for a network with these outputs. */
export function readObjective(options: CompileOptions, outputs: readonly string[]): Objective {
  checkOptions("compile", options, ["optimizer", "loss", "lossWeights", "metrics"]);
  const { optimizer, loss, lossWeights = {}, metrics = {} } = options;
  const lossOfOutput = byOutput("loss", loss, outputs);
  const metricsOfOutput = isNamed(metrics) ? metrics : byOutput("metrics", metrics, outputs);
  for (const given of [lossWeights, metricsOfOutput]) {
    const unknown = Object.keys(given).find((name) => !outputs.includes(name));
    if (unknown !== undefined) throw unknownName("compile: output", unknown, outputs);
  }
  const goals = outputs.map((output): Goal => {
    const weight = lossWeights[output] ?? 1;
    if (!Number.isFinite(weight)) {
      throw new NeuriteError({
        operation: "compile: lossWeights",
        got: `${output}: ${weight}`,
        expected: "a finite number",
      });
    }
    const measured = nameMetrics(metricsOfOutput[output] ?? []);
    return { output, loss: meanLoss(lossOf(lossOfOutput[output])), weight, metrics: measured };
  });
  return { optimizer: optimizerOf(optimizer), goals };
}

// Training takes the mean over the examples, which a loss with another reduction of its own would not be.
function meanLoss(loss: Loss): Loss {
  const { reduction = "mean" }: LossOptions = loss.madeFrom?.options ?? {};
  if (reduction === "mean") return loss;
  throw new NeuriteError({
    operation: "compile",
    got: `a loss with the reduction '${reduction}'`,
    expected: "the mean over the examples",
    hint: "leave the reduction out, and multiply the learning rate or lossWeights instead",
  });
}

/** The figures of a step: the whole loss; with several outputs the loss of each, and its metrics under its name. */
export function figuresOf(goals: readonly Goal[]): Figure[] {
  const isOnly = goals.length === 1;
  const ofGoals = goals.flatMap(({ output, metrics: measured }): Figure[] => {
    const figures = measured.map(figureOf);
    if (isOnly) return figures;
    return [{ name: "loss" }, ...figures].map((figure) => ({
      ...figure,
      name: `${output}${figure.name[0].toUpperCase()}${figure.name.slice(1)}`,
    }));
  });
  return [{ name: "loss" }, ...ofGoals];
}

function figureOf({ name, measure: { accumulation } }: NamedMetric): Figure {
  return accumulation === undefined ? { name } : { name, result: jit(accumulation.result, { name }) };
}

function byOutput<T>(
  option: string,
  given: PerOutput<T>,
  outputs: readonly string[],
): Readonly<Record<string, T>> {
  if (!isNamed(given)) {
    if (outputs.length === 1) return { [outputs[0]]: given };
    throw new NeuriteError({
      operation: "compile",
      got: `one ${option} for several outputs`,
      expected: `{ ${outputs.join(", ")} }: one for each`,
    });
  }
  const unknown = Object.keys(given).find((name) => !outputs.includes(name));
  if (unknown !== undefined) throw unknownName("compile: output", unknown, outputs);
  const missing = outputs.find((output) => given[output] === undefined);
  if (missing === undefined) return given;
  throw new NeuriteError({
    operation: "compile",
    got: `no ${option} for the output '${missing}'`,
    expected: "one",
  });
}

function isNamed<T>(given: PerOutput<T>): given is Readonly<Record<string, T>> {
  return isPlainObject(given);
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
