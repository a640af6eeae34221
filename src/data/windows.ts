import { checkOptions, NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { type Tensor, take, tensor } from "../tensor/index.ts";

/** Options of `windows`. */
export interface WindowOptions {
  /** Steps in a window. */
  readonly length: number;
  /** Steps from the beginning of a window to that of the next. Default 1. */
  readonly stride?: number;
}

/**
 * The windows of a sequence: for x [steps, ...features] the tensor [windows, length, ...features] of all that fit, in order.
 * To predict the step after each window, cut the targets alike: those of the windows of x without its last step are the
 * rows of x from `length` on.
 *
 * Throws a NeuriteError for a length or stride that is no whole number ≥ 1, and for a sequence shorter than one window.
 *
 * @example
 * ```ts
 * import { windows } from "neurite/data";
 *
 * windows(tensor([1, 2, 3, 4, 5]), { length: 3 }); // [[1, 2, 3], [2, 3, 4], [3, 4, 5]]
 * windows(tensor([1, 2, 3, 4, 5]), { length: 2, stride: 2 }); // [[1, 2], [3, 4]]
 * ```
 */
export function windows(sequence: Tensor, options: WindowOptions): Tensor {
  checkOptions("windows", options, ["length", "stride"]);
  const { length, stride = 1 } = options;
  for (const [name, value] of Object.entries({ length, stride })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new NeuriteError({
      operation: "windows",
      got: `${name}: ${value}`,
      expected: "a whole number ≥ 1",
    });
  }
  const [steps = 0] = sequence.shape;
  if (steps < length) {
    throw new NeuriteError({
      operation: "windows",
      got: formatType(sequence),
      expected: `[steps, ...features] with at least ${length} steps, the length of a window`,
    });
  }
  const count = Math.floor((steps - length) / stride) + 1;
  const rows = Int32Array.from(
    { length: count * length },
    (_, i) => Math.floor(i / length) * stride + (i % length),
  );
  return take(sequence, tensor(rows, { shape: [count, length] }));
}
