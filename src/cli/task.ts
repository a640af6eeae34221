import { NeuriteError } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { encodeFeatures, type Feature, Standardizer, type Table } from "../data/index.ts";
import { decodeSafetensors, readBytes } from "../io/index.ts";
import { reshape, type Tensor, tensor } from "../tensor/index.ts";
import { Sequential } from "../train/index.ts";

interface TaskParts {
  /** The column that is predicted. */
  readonly target: string;
  readonly features: readonly Feature[];
  /** Mean and standard deviation of every number of the encoded features. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** The shape of one input of the model: the encoded features in another arrangement. */
  readonly inputShape: readonly number[];
  /** Where the examples came with this package: their name, and the seed by which they were divided. */
  readonly shipped?: { readonly name: string; readonly seed: number };
}

/** Finding the class of an example. */
export interface Classification extends TaskParts {
  readonly kind: "classification";
  readonly classes: readonly string[];
}

/** Finding a number; the model learns it standardised. */
export interface Regression extends TaskParts {
  readonly kind: "regression";
  readonly mean: number;
  readonly deviation: number;
}

/** What a model was trained for, and how tables become its inputs: saved beside the weights. */
export type Task = Classification | Regression;

const metadataName = "neurite.task";

/** How the encoded features become the inputs of the model. */
export function standardizerOf({ means, deviations }: Task): Standardizer {
  return new Standardizer(tensor([...means]), tensor([...deviations]));
}

/** The inputs of the model for every row of a table. */
export function inputsOf(task: Task, table: Table): Tensor {
  const inputs = standardizerOf(task).transform(encodeFeatures(table, task.features));
  return reshape(inputs, [table.lines.length, ...task.inputShape]);
}

/** Standardised targets, or predictions of them, in the units of the target. */
export function inUnits({ mean, deviation }: Regression, standardised: Tensor): number[] {
  return Array.from(standardised.dataSync(), (value) => value * deviation + mean);
}

/** Saves a model and its task as one safetensors file. */
export async function saveModel(path: string, model: Sequential, task: Task): Promise<void> {
  await model.save(path, { metadata: { [metadataName]: JSON.stringify(task) } });
}

/** Reads what `saveModel` wrote. Throws a NeuriteError for other files. */
export async function loadModel(path: string): Promise<{ model: Sequential; task: Task }> {
  const bytes = await readBytes(path);
  const text = decodeSafetensors(bytes).metadata[metadataName];
  const task: unknown = text === undefined ? undefined : parse(text);
  if (!isTask(task)) {
    throw new NeuriteError({
      operation: "predict",
      got: `'${path}', which does not say what its model predicts`,
      expected: "a file that 'neurite train' saved",
    });
  }
  return { model: await Sequential.fromBytes(bytes), task };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTask(value: unknown): value is Task {
  if (!isPlainObject(value)) return false;
  const { kind, target, features, means, deviations, inputShape, classes, mean, deviation } = value;
  const isWhole =
    typeof target === "string" &&
    Array.isArray(features) &&
    features.every(isFeature) &&
    isNumbers(inputShape);
  if (!isWhole || !isNumbers(means) || !isNumbers(deviations)) return false;
  if (kind === "classification") return isTexts(classes);
  return kind === "regression" && isNumbers([mean, deviation]);
}

function isFeature(value: unknown): value is Feature {
  if (!isPlainObject(value)) return false;
  return typeof value.name === "string" && (value.categories === undefined || isTexts(value.categories));
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
