import { NeuriteError } from "../base/error.ts";
import {
  categoriesOf,
  columnOf,
  encodeCategories,
  encodeFeatures,
  type Feature,
  featuresOf,
  featureWidth,
  numbersOf,
  type Split,
  Standardizer,
  type Table,
  trainTestSplit,
} from "../data/index.ts";
import { dense } from "../nn/index.ts";
import { adam } from "../optim/index.ts";
import { random, type Tensor, tensor } from "../tensor/index.ts";
import { Sequential } from "../train/index.ts";
import type { Task } from "./task.ts";

const validationShare = 0.2;
/** Whole numbers with more values than this are taken for a quantity. */
const mostNumericClasses = 20;
/** A column with more different texts than this holds names or numbers of things, not categories. */
const mostCategories = 1000;

/** Examples ready to learn from, and the task that they are of. */
export interface Prepared {
  readonly task: Task;
  /** Standardised by the training part. */
  readonly examples: Split;
}

/** Divides a table into training and validation, and standardises both by the first. */
export function prepareTable(table: Table, target: string, seed: number): Prepared {
  const classes = classesOf(table, target);
  const names = table.columns.map(({ name }) => name).filter((name) => name !== target);
  if (names.length === 0) {
    throw new NeuriteError({
      operation: "train",
      got: `no column but '${target}'`,
      expected: "columns to predict from",
    });
  }
  const features = featuresOf(table, names);
  for (const { name, categories = [] } of features) {
    if (categories.length > mostCategories) {
      throw new NeuriteError({
        operation: "train",
        got: `${categories.length} different texts in column '${name}'`,
        expected: `at most ${mostCategories} categories`,
        hint: "leave the column out if it only names the rows",
      });
    }
  }
  const x = encodeFeatures(table, features);
  const key = random.key(seed);
  const options = { key, testSize: validationShare, stratify: classes !== undefined };
  const y = classes === undefined ? numbersOf(table, target) : encodeCategories(table, target, classes);
  const split = trainTestSplit(x, tensor(y), options);
  const inputs = Standardizer.fit(split.xTrain);
  const standardised = {
    ...split,
    xTrain: inputs.transform(split.xTrain),
    xTest: inputs.transform(split.xTest),
  };
  const parts = {
    target,
    features,
    means: [...inputs.means.dataSync()],
    deviations: [...inputs.deviations.dataSync()],
    inputShape: [featureWidth(features)],
  };
  if (classes !== undefined) {
    return { task: { kind: "classification", ...parts, classes }, examples: standardised };
  }
  return regression(parts, standardised);
}

type Parts = Omit<Extract<Task, { kind: "regression" }>, "kind" | "mean" | "deviation">;

// The target is standardised too: the network then starts near the mean, whatever the units are.
function regression(parts: Parts, split: Split): Prepared {
  const targets = Standardizer.fit(split.yTrain);
  const single = (y: Tensor): Tensor =>
    tensor(targets.transform(y).dataSync(), { dtype: "f32", shape: [y.shape[0], 1] });
  return {
    task: { kind: "regression", ...parts, mean: targets.means.item(), deviation: targets.deviations.item() },
    examples: { ...split, yTrain: single(split.yTrain), yTest: single(split.yTest) },
  };
}

/** The classes of a target; undefined where it is a quantity. Throws for a target that has only one value. */
function classesOf(table: Table, target: string): string[] | undefined {
  const column = columnOf(table, target);
  const values =
    column.kind === "text" ? categoriesOf(column) : [...new Set(column.values)].sort((a, b) => a - b);
  if (values.length < 2) {
    throw new NeuriteError({
      operation: "train",
      got: `the same value '${values[0]}' in every row of column '${target}'`,
      expected: "a target with at least two values",
    });
  }
  if (column.kind === "text") return categoriesOf(column);
  const areClasses =
    column.values.every(Number.isInteger) &&
    values.length <= mostNumericClasses &&
    2 * values.length <= column.values.length;
  return areClasses ? values.map(String) : undefined;
}

/** A network with two hidden layers for the features of a table. */
export function tableModel(task: Task, seed: number): Sequential {
  const model = new Sequential({ seed });
  model.add(dense({ units: 32, activation: "relu", inputShape: task.inputShape, name: "hidden" }));
  model.add(dense({ units: 16, activation: "relu", name: "hidden2" }));
  if (task.kind === "classification") {
    model.add(dense({ units: task.classes.length, activation: "softmax", name: "output" }));
    model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  } else {
    model.add(dense({ units: 1, name: "output" }));
    model.compile({ optimizer: adam(), loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
  }
  return model;
}

/** The kinds of the columns that features were read from. */
export function kindsOf(features: readonly Feature[]): Record<string, "number" | "text"> {
  return Object.fromEntries(
    features.map(({ name, categories }) => [name, categories === undefined ? "number" : "text"]),
  );
}
