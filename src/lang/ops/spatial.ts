import { NeuriteError } from "../../base/error.ts";
import { formatShape } from "../../base/shape.ts";

/**
 * How much is added around the spatial axes: `valid` nothing, `same` so that an output has ⌈input / stride⌉ positions
 * (the odd one at the end, as Keras), or [low, high] for each axis.
 *
 * @inline
 */
export type Padding = "valid" | "same" | readonly (readonly [low: number, high: number])[];

/** One value per spatial axis from a number for all of them or a list; throws for a wrong count or a value below 1. */
export function perAxis(
  operation: string,
  option: string,
  value: number | readonly number[] | undefined,
  rank: number,
): number[] {
  const values = typeof value === "object" ? [...value] : new Array<number>(rank).fill(value ?? 1);
  if (values.length !== rank || !values.every((v) => Number.isInteger(v) && v >= 1)) {
    throw new NeuriteError({
      operation,
      got: `${option} ${formatShape(values)}`,
      expected: `a positive integer, or one for each of ${rank} spatial axes`,
    });
  }
  return values;
}

/** The zeros before the first position and the number of output positions on every spatial axis. */
export interface Placement {
  readonly low: number[];
  readonly output: number[];
}

/** Where windows of `extents` positions stand on spatial axes of `input` positions. Throws when none fits. */
export function placeWindows(
  operation: string,
  input: readonly number[],
  extents: readonly number[],
  strides: readonly number[],
  padding: Padding,
): Placement {
  const pairs = input.map((extent, d): readonly [number, number] => {
    if (padding === "valid") return [0, 0];
    if (padding !== "same") return padding[d] ?? [Number.NaN, Number.NaN];
    const total = Math.max(0, (Math.ceil(extent / strides[d]) - 1) * strides[d] + extents[d] - extent);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  if (
    (typeof padding === "object" && padding.length !== input.length) ||
    !pairs.flat().every(Number.isInteger)
  ) {
    throw new NeuriteError({
      operation,
      got: `padding ${JSON.stringify(padding)}`,
      expected: `'same', 'valid' or a pair [low, high] for each of ${input.length} spatial axes`,
    });
  }
  const output = input.map((extent, d) =>
    Math.floor((extent + pairs[d][0] + pairs[d][1] - extents[d]) / strides[d] + 1),
  );
  if (output.some((extent) => extent < 1)) {
    throw new NeuriteError({
      operation,
      got: `windows of ${formatShape(extents)} on an input of ${formatShape(input)}`,
      expected: "an input at least as large as the window",
      hint: "use padding 'same'",
    });
  }
  return { low: pairs.map(([low]) => low), output };
}
