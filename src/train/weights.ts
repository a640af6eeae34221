import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { formatType } from "../base/type.ts";
import { classWeights } from "../losses/index.ts";
import { cast, type DType, mul, ones, type Tensor } from "../tensor/index.ts";
import { type Data, type NamedData, readTargets } from "./data.ts";
import type { PerOutput } from "./objective.ts";

/** How much each example counts in the loss; for all outputs, or for each by name. */
export interface Weighting {
  /** One number for each example, at least 0: its loss is multiplied by it. Default 1. */
  readonly sampleWeight?: Data | NamedData;
  /** One number for each class, at least 0: as `sampleWeight`, for all examples of the class. Default 1. */
  readonly classWeight?: PerOutput<readonly number[]>;
}

/** The weights of examples with these targets, [examples] for each output; none where all count the same. */
export function weightsOf(
  operation: string,
  targets: readonly Tensor[],
  { sampleWeight, classWeight }: Weighting,
  outputs: readonly string[],
  dtype: DType,
): readonly Tensor[] {
  const ofSamples = byOutput(`${operation}: sampleWeight`, sampleWeight, outputs);
  const ofClasses = byOutput(`${operation}: classWeight`, classWeight, outputs);
  const weights = targets.map((y, i) => {
    const classes = ofClasses[i] && cast(classWeights(y, ofClasses[i]), dtype);
    if (ofSamples[i] === undefined) return classes;
    const given = readTargets(ofSamples[i], [], dtype, false);
    const samples = cast(readSampleWeight(`${operation}: sampleWeight`, given, y), dtype);
    return classes ? mul(samples, classes) : samples;
  });
  if (weights.every((of) => of === undefined)) return [];
  return weights.map((of, i) => of ?? ones([targets[i].shape[0]], dtype));
}

/** What is given for each output. Throws for names that no output has. */
function byOutput<T>(
  operation: string,
  given: T | Readonly<Record<string, T>> | undefined,
  outputs: readonly string[],
): readonly (T | undefined)[] {
  if (!isByName(given)) return outputs.map(() => given);
  const unknown = Object.keys(given).find((name) => !outputs.includes(name));
  if (unknown !== undefined) throw unknownName(operation, unknown, outputs);
  return outputs.map((name) => given[name]);
}

function isByName<T>(
  given: T | Readonly<Record<string, T>> | undefined,
): given is Readonly<Record<string, T>> {
  return isPlainObject(given);
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
