import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { type Tensor, tensor } from "../tensor/index.ts";

/** Which end of a sequence is filled up or cut off. */
export type SequenceEnd = "pre" | "post";

/** Options of `padSequences`. */
export interface PadSequencesOptions {
  /** The length of all sequences; default: that of the longest. */
  readonly maxLength?: number;
  /** Where short sequences are filled up; default `pre`, as in Keras. */
  readonly padding?: SequenceEnd;
  /** Where long sequences are cut off; default `pre`. */
  readonly truncating?: SequenceEnd;
  /** What they are filled up with; default 0, which `masking()` and `embedding({ maskZero: true })` leave out. */
  readonly value?: number;
}

/** A sequence: a number for each step, such as the id of a word, or a list of features. */
export type Sequence = readonly number[] | readonly (readonly number[])[];

/**
 * Sequences of unequal length as one tensor, [sequences, steps] or [sequences, steps, features], filled up or cut off to one
 * length; i32 where every step is a whole number, such as an id, and f32 otherwise.
 *
 * Throws for no sequence at all, for sequences that are all empty, and for steps with unequal numbers of features.
 *
 * @example
 * ```ts
 * import { padSequences } from "neurite/data";
 *
 * padSequences([[3, 1], [2, 7, 4]]); // [[0, 3, 1], [2, 7, 4]]
 * padSequences([[3, 1], [2, 7, 4]], { maxLength: 2, padding: "post" }); // [[3, 1], [7, 4]]
 * ```
 */
export function padSequences(sequences: readonly Sequence[], options: PadSequencesOptions = {}): Tensor {
  checkOptions("padSequences", options, ["maxLength", "padding", "truncating", "value"]);
  const { padding = "pre", truncating = "pre", value = 0 } = options;
  for (const [option, end] of Object.entries({ padding, truncating })) {
    if (end !== "pre" && end !== "post") throw unknownName(`padSequences: ${option}`, end, ["pre", "post"]);
  }
  const length = options.maxLength ?? Math.max(0, ...sequences.map((sequence) => sequence.length));
  if (!Number.isInteger(length) || length < 1) {
    throw new NeuriteError({
      operation: "padSequences",
      got: options.maxLength === undefined ? "no sequence with a step" : `maxLength: ${length}`,
      expected: "at least one step",
    });
  }
  const features = featuresOf(sequences);
  const width = features ?? 1;
  const elements = new Float64Array(sequences.length * length * width).fill(value);
  for (const [i, sequence] of sequences.entries()) {
    const kept = truncating === "pre" ? sequence.slice(-length) : sequence.slice(0, length);
    const first = i * length + (padding === "pre" ? length - kept.length : 0);
    for (const [step, values] of kept.entries()) {
      elements.set(typeof values === "number" ? [values] : values, (first + step) * width);
    }
  }
  const areWhole = features === undefined && elements.every(Number.isInteger);
  const shape = [sequences.length, length, ...(features === undefined ? [] : [features])];
  return tensor(elements, { shape, dtype: areWhole ? "i32" : "f32" });
}

/** How many features each step has; undefined: steps are numbers. */
function featuresOf(sequences: readonly Sequence[]): number | undefined {
  let wanted: number | "a number" | undefined;
  for (const [i, sequence] of sequences.entries()) {
    for (const [step, values] of sequence.entries()) {
      const found = typeof values === "number" ? "a number" : values.length;
      wanted ??= found;
      if (found === wanted) continue;
      throw new NeuriteError({
        operation: "padSequences",
        got: `${describe(found)} at step ${step} of sequence ${i}`,
        expected: `${describe(wanted)}, as at the first step`,
      });
    }
  }
  return wanted === "a number" ? undefined : wanted;
}

function describe(found: number | "a number"): string {
  return found === "a number" ? found : `${found} features`;
}
