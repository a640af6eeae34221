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
  /** The rows held out, as they were read. */
  readonly heldOut: Table;
}

/** Which rows are learned from and which are held out, and the classes of the target, if it has some. */
interface Division {
  readonly learned: readonly number[];
  readonly heldOut: readonly number[];
  readonly classes: readonly string[] | undefined;
}

/** Holds out a fifth of the rows by seed, of each class its share. */
export function divideTable(table: Table, target: string, seed: number): Division {
  const classes = classesOf(table, target);
  const y = classes === undefined ? numbersOf(table, target) : encodeCategories(table, target, classes);
  const rows = Int32Array.from(table.lines, (_, row) => row);
  const options = { key: random.key(seed), testSize: validationShare, stratify: classes !== undefined };
  const { xTrain, xTest } = trainTestSplit(tensor(rows), tensor(y), options);
  return { learned: [...xTrain.dataSync()], heldOut: [...xTest.dataSync()], classes };
}

/** Some rows of a table. */
export function selectRows({ columns, lines }: Table, rows: readonly number[]): Table {
  return {
    columns: columns.map((column) =>
      column.kind === "number"
        ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]) }
        : { ...column, values: rows.map((row) => column.values[row]) },
    ),
    lines: rows.map((row) => lines[row]),
  };
}

/** Divides a table into training and validation, and standardises both by the first. */
export function prepareTable(table: Table, target: string, seed: number): Prepared {
  const { learned, heldOut, classes } = divideTable(table, target, seed);
  const features = readFeatures(table, target);
  const encode = (rows: readonly number[]): readonly [x: Tensor, y: Tensor] => {
    const part = selectRows(table, rows);
    const y = classes === undefined ? numbersOf(part, target) : encodeCategories(part, target, classes);
    return [encodeFeatures(part, features), tensor(y)];
  };
  const [[xTrain, yTrain], [xTest, yTest]] = [encode(learned), encode(heldOut)];
  const inputs = Standardizer.fit(xTrain);
  const examples = { xTrain: inputs.transform(xTrain), yTrain, xTest: inputs.transform(xTest), yTest };
  const parts = {
    target,
    features,
    means: [...inputs.means.dataSync()],
    deviations: [...inputs.deviations.dataSync()],
    inputShape: [featureWidth(features)],
  };
  const rest = selectRows(table, heldOut);
  if (classes !== undefined) {
    return { task: { kind: "classification", ...parts, classes }, examples, heldOut: rest };
  }
  return { ...regression(parts, examples), heldOut: rest };
}

/** What is predicted from: all columns but the target. */
function readFeatures(table: Table, target: string): Feature[] {
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
  return features;
}

type Parts = Omit<Extract<Task, { kind: "regression" }>, "kind" | "mean" | "deviation">;

// The target is standardised too: the network then starts near the mean, whatever the units are.
function regression(parts: Parts, split: Split): Pick<Prepared, "task" | "examples"> {
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
  const doRepeat = 2 * values.length <= column.values.length;
  if (column.kind === "text") {
    if (doRepeat) return categoriesOf(column);
    throw new NeuriteError({
      operation: "train",
      got: `${values.length} different texts in the ${column.values.length} rows of column '${target}'`,
      expected: "classes, of which there are at least two examples each on average",
    });
  }
  const areClasses = column.values.every(Number.isInteger) && values.length <= mostNumericClasses && doRepeat;
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
