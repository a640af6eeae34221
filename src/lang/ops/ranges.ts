import { type DType, isFloat, isInteger } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { checkShape } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Tensor } from "../program/tensor.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { eq } from "./comparison.ts";
import { iota } from "./iota.ts";
import { cast, full } from "./operand.ts";
import { reshape } from "./structure.ts";

/**
 * `count` numbers in equal steps from `start` to `stop`, both included; dtype f32 unless given, floats only.
 *
 * @example
 * ```ts
 * linspace(0, 1, 5); // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function linspace(start: number, stop: number, count: number, dtype: DType = "f32"): Tensor {
  checkShape("linspace", [count]);
  if (!isFloat(dtype)) {
    throw new NeuriteError({ operation: "linspace", got: `dtype ${dtype}`, expected: "f32 or f64" });
  }
  if (count < 2) return full([count], start, dtype);
  // start (1 − t) + stop t meets both ends exactly.
  const t = mul(iota(count, 0, dtype), 1 / (count - 1));
  return add(mul(sub(1, t), start), mul(t, stop));
}

/**
 * start, start + step, … before `stop`; `arange(stop)` starts at 0. The dtype is i32 when all three are integers, else
 * f32, unless given. Throws for a step of 0.
 *
 * @example
 * ```ts
 * arange(3); // [0, 1, 2]
 * arange(1, 2, 0.25); // [1, 1.25, 1.5, 1.75]
 * ```
 */
export function arange(start: number, stop?: number, step = 1, dtype?: DType): Tensor {
  const [first, end] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((end - first) / step));
  if (!Number.isFinite(count)) {
    throw new NeuriteError({
      operation: "arange",
      got: `start ${first}, stop ${end}, step ${step}`,
      expected: "finite numbers and a step other than 0",
    });
  }
  const chosen = dtype ?? ([first, end, step].every(Number.isInteger) ? "i32" : "f32");
  return add(mul(iota(count, 0, chosen), step), first);
}

/**
 * The identity matrix: ones on the diagonal of [rows, columns] (default square); dtype f32 unless given.
 *
 * @example
 * ```ts
 * eye(2); // [[1, 0], [0, 1]]
 * ```
 */
export function eye(rows: number, columns: number = rows, dtype: DType = "f32"): Tensor {
  const shape = [rows, columns];
  return cast(eq(iota(shape, 0), iota(shape, 1)), dtype);
}

/**
 * Integer labels as rows of zeros with a one at the label, on a new last axis; labels outside give zeros; dtype f32
 * unless given.
 *
 * @example
 * ```ts
 * oneHot(tensor([2, 0], { dtype: "i32" }), 3); // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export function oneHot(labels: Tensor, classes: number, dtype: DType = "f32"): Tensor {
  if (!isInteger(labels.dtype)) {
    throw new NeuriteError({
      operation: "oneHot",
      got: `labels ${formatType(labels)}`,
      expected: "integers",
      hint: `cast them: cast(labels, "i32")`,
    });
  }
  return cast(eq(reshape(cast(labels, "i32"), [...labels.shape, 1]), iota(classes)), dtype);
}
