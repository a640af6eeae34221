import { NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { classWeights } from "../losses/index.ts";
import { cast, type DType, mul, type Tensor } from "../tensor/index.ts";
import { type Data, readTargets } from "./data.ts";

/** How much each example counts in the loss. */
export interface Weighting {
  /** One number for each example, at least 0: its loss is multiplied by it. Default 1. */
  readonly sampleWeight?: Data;
  /** One number for each class, at least 0: as `sampleWeight`, for all examples of the class. Default 1. */
  readonly classWeight?: readonly number[];
}

/** The weights of examples with these targets, [examples]; undefined where all count the same. */
export function weightsOf(
  operation: string,
  y: Tensor,
  { sampleWeight, classWeight }: Weighting,
  dtype: DType,
): Tensor | undefined {
  const ofClasses = classWeight && cast(classWeights(y, classWeight), dtype);
  if (sampleWeight === undefined) return ofClasses;
  const given = readTargets(sampleWeight, [], dtype, false);
  const ofSamples = cast(readSampleWeight(`${operation}: sampleWeight`, given, y), dtype);
  return ofClasses ? mul(ofSamples, ofClasses) : ofSamples;
}

function readSampleWeight(operation: string, weights: Tensor, { shape: [count] }: Tensor): Tensor {
  if (weights.shape.length !== 1 || weights.shape[0] !== count) {
    throw new NeuriteError({
      operation,
      got: formatType(weights),
      expected: `one number for each of ${count} examples`,
    });
  }
  const elements = weights.dataSync();
  const index = elements.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (index < 0) return weights;
  throw new NeuriteError({
    operation,
    got: `${elements[index]} for example ${index}`,
    expected: "numbers, at least 0",
  });
}
