import { isInteger } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { cast, type DType, type Tensor, tensor } from "../tensor/index.ts";
import type { Data } from "./data.ts";

/** How much the examples of each class count, by label; those that are not named count 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** How much each example counts in the loss. */
export interface Weighting {
  /** One number for each example, at least 0: its loss is multiplied by it. Default 1. */
  readonly sampleWeight?: Data;
  /** One number for each class, by label, at least 0: as `sampleWeight`, for all examples of the class. Default 1. */
  readonly classWeight?: ClassWeight;
}

/** The weights of examples with these targets, [examples]; undefined where all count the same. */
export function weightsOf(
  operation: string,
  y: Tensor,
  { sampleWeight, classWeight }: Weighting,
  read: (data: Data) => Tensor,
  dtype: DType,
): Tensor | undefined {
  const [count] = y.shape;
  const ofSamples =
    sampleWeight === undefined ? undefined : readSampleWeight(operation, read(sampleWeight), count);
  const ofClasses = classWeight === undefined ? undefined : weighClasses(operation, y, classWeight);
  if (ofSamples === undefined) return ofClasses && cast(tensor(ofClasses), dtype);
  if (ofClasses === undefined) return cast(ofSamples, dtype);
  const samples = ofSamples.dataSync();
  return cast(tensor(ofClasses.map((weight, i) => weight * samples[i])), dtype);
}

function readSampleWeight(operation: string, weights: Tensor, count: number): Tensor {
  if (weights.shape.length !== 1 || weights.shape[0] !== count) {
    throw new NeuriteError({
      operation: `${operation}: sampleWeight`,
      got: formatType(weights),
      expected: `one number for each of ${count} examples`,
    });
  }
  const elements = weights.dataSync();
  const index = elements.findIndex((weight) => !isWeight(weight));
  if (index < 0) return weights;
  throw new NeuriteError({
    operation: `${operation}: sampleWeight`,
    got: `${elements[index]} for example ${index}`,
    expected: "numbers, at least 0",
  });
}

function weighClasses(operation: string, y: Tensor, classWeight: ClassWeight): Float64Array {
  const weights = new Map<number, number>();
  for (const [label, weight] of Object.entries(classWeight)) {
    if (!/^\d+$/.test(label) || !isWeight(weight)) {
      throw new NeuriteError({
        operation: `${operation}: classWeight`,
        got: `${label}: ${weight}`,
        expected: "labels from 0 with numbers, at least 0",
      });
    }
    weights.set(Number(label), weight);
  }
  return Float64Array.from(labelsOf(operation, y), (label) => weights.get(label) ?? 1);
}

/** The class of each example: its label, or the place of the largest of its targets. */
function labelsOf(operation: string, y: Tensor): ArrayLike<number> {
  const elements = y.dataSync();
  const [count] = y.shape;
  const width = elements.length / count;
  if (y.shape.length <= 2 && width === 1) {
    if (isInteger(y.dtype) || elements.every(Number.isInteger)) return elements;
  } else if (y.shape.length === 2) {
    return Int32Array.from({ length: count }, (_, i) => {
      const row = elements.subarray(i * width, (i + 1) * width);
      return row.indexOf(Math.max(...row));
    });
  }
  throw new NeuriteError({
    operation: `${operation}: classWeight`,
    got: `targets ${formatType(y)}${width === 1 ? " that are no whole numbers" : ""}`,
    expected: "a label, or a probability of each class, for each example",
    hint: "give each example its own sampleWeight",
  });
}

function isWeight(weight: number): boolean {
  return weight >= 0 && weight < Number.POSITIVE_INFINITY;
}
