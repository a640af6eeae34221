import { NeuriteError } from "../../base/error.ts";
import { formatShape, normalizeAxes, normalizeAxis, sameShape } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Tensor } from "../program/tensor.ts";
import { add } from "./arithmetic.ts";
import { ge, le } from "./comparison.ts";
import { concatenate, tensorsOfOneDType } from "./concatenate.ts";
import { iota } from "./iota.ts";
import { slice } from "./movement.ts";
import { asTensor, type TensorLike } from "./operand.ts";
import { select } from "./select.ts";
import { reshape, transpose } from "./structure.ts";

/**
 * Joins tensors of one type along a new axis (default the first).
 *
 * @example
 * ```ts
 * stack([tensor([1, 2]), tensor([3, 4])]); // [[1, 2], [3, 4]]
 * ```
 */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  if (tensors.length === 0) {
    throw new NeuriteError({ operation: "stack", got: "no tensors", expected: "at least one" });
  }
  const operands = tensorsOfOneDType("stack", tensors);
  const [{ shape }] = operands;
  const other = operands.find((operand) => !sameShape(operand.shape, shape));
  if (other !== undefined) {
    throw new NeuriteError({
      operation: "stack",
      got: `${formatType(operands[0])} and ${formatType(other)}`,
      expected: "tensors of one shape",
    });
  }
  const place = normalizeAxis("stack", axis, shape.length + 1);
  return concatenate(
    operands.map((operand) => expandDims(operand, place)),
    place,
  );
}

/**
 * Cuts a tensor along an axis (default the first): into a number of equal parts, or before the given positions.
 *
 * @example
 * ```ts
 * split(tensor([1, 2, 3, 4]), 2); // [1, 2] and [3, 4]
 * split(tensor([1, 2, 3, 4]), [1, 3]); // [1], [2, 3] and [4]
 * ```
 */
export function split(x: TensorLike, parts: number | readonly number[], axis = 0): Tensor[] {
  const operand = asTensor(x);
  const place = normalizeAxis("split", axis, operand.shape.length);
  const extent = operand.shape[place];
  const bounds = typeof parts === "number" ? equalBounds(operand, place, parts) : [0, ...parts, extent];
  if (bounds.some((bound, i) => !Number.isInteger(bound) || bound < (bounds[i - 1] ?? 0))) {
    throw new NeuriteError({
      operation: "split",
      got: `positions ${formatShape(bounds.slice(1, -1))} on an axis of extent ${extent}`,
      expected: `ascending integers from 0 to ${extent}`,
    });
  }
  const whole = operand.shape.slice(0, place).map(() => undefined);
  return bounds.slice(1).map((stop, i) => slice(operand, [...whole, bounds[i]], [...whole, stop]));
}

function equalBounds(x: Tensor, axis: number, parts: number): number[] {
  const extent = x.shape[axis];
  if (!Number.isInteger(parts) || parts < 1 || extent % parts !== 0) {
    throw new NeuriteError({
      operation: "split",
      got: `${parts} equal parts of ${formatType(x)} along axis ${axis}`,
      expected: `a divisor of ${extent}`,
      hint: "give the positions to cut before: split(x, [3, 6])",
    });
  }
  return Array.from({ length: parts + 1 }, (_, i) => (i * extent) / parts);
}

/**
 * Drops axes of extent 1, all of them unless given. Throws for an axis of another extent.
 *
 * @example
 * ```ts
 * squeeze(tensor([[1, 2]])); // [1, 2]
 * ```
 */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const operand = asTensor(x);
  const { shape } = operand;
  if (axis === undefined) {
    return reshape(
      operand,
      shape.filter((extent) => extent !== 1),
    );
  }
  const axes = normalizeAxes("squeeze", axis, shape.length);
  if (axes.some((dropped) => shape[dropped] !== 1)) {
    throw new NeuriteError({
      operation: "squeeze",
      got: `axes ${formatShape(axes)} of ${formatType(operand)}`,
      expected: "axes of extent 1",
    });
  }
  return reshape(
    operand,
    shape.filter((_, place) => !axes.includes(place)),
  );
}

/**
 * Adds an axis of extent 1 before axis `axis` of the tensor; −1 adds it at the end.
 *
 * @example
 * ```ts
 * expandDims(tensor([1, 2]), -1); // [[1], [2]]
 * ```
 */
export function expandDims(x: TensorLike, axis: number): Tensor {
  const operand = asTensor(x);
  const place = normalizeAxis("expandDims", axis, operand.shape.length + 1);
  return reshape(operand, operand.shape.toSpliced(place, 0, 1));
}

/**
 * Exchanges two axes.
 *
 * @example
 * ```ts
 * swapAxes(zeros([2, 3, 4]), 0, -1); // shape [4, 3, 2]
 * ```
 */
export function swapAxes(x: TensorLike, first: number, second: number): Tensor {
  const operand = asTensor(x);
  const rank = operand.shape.length;
  const a = normalizeAxis("swapAxes", first, rank);
  const b = normalizeAxis("swapAxes", second, rank);
  const order = operand.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
  return transpose(operand, order);
}

/**
 * Moves an axis to another place; the others keep their order.
 *
 * @example
 * ```ts
 * moveAxis(zeros([2, 3, 4]), 0, -1); // shape [3, 4, 2]
 * ```
 */
export function moveAxis(x: TensorLike, from: number, to: number): Tensor {
  const operand = asTensor(x);
  const rank = operand.shape.length;
  const source = normalizeAxis("moveAxis", from, rank);
  const others = operand.shape.map((_, axis) => axis).filter((axis) => axis !== source);
  return transpose(operand, others.toSpliced(normalizeAxis("moveAxis", to, rank), 0, source));
}

/**
 * Zeros above diagonal `diagonal` (default 0, the main one; positive is above it) of the last two axes.
 *
 * @example
 * ```ts
 * tril(ones([2, 2])); // [[1, 0], [1, 1]]
 * ```
 */
export function tril(x: TensorLike, diagonal = 0): Tensor {
  const [operand, rows, columns] = matrixPlaces("tril", x);
  return select(ge(add(rows, diagonal), columns), operand, 0);
}

/**
 * Zeros below diagonal `diagonal` (default 0, the main one; positive is above it) of the last two axes.
 *
 * @example
 * ```ts
 * triu(ones([2, 2])); // [[1, 1], [0, 1]]
 * ```
 */
export function triu(x: TensorLike, diagonal = 0): Tensor {
  const [operand, rows, columns] = matrixPlaces("triu", x);
  return select(le(add(rows, diagonal), columns), operand, 0);
}

function matrixPlaces(operation: string, x: TensorLike): [x: Tensor, rows: Tensor, columns: Tensor] {
  const operand = asTensor(x);
  const matrix = operand.shape.slice(-2);
  if (matrix.length < 2) {
    throw new NeuriteError({ operation, got: formatType(operand), expected: "at least 2 axes" });
  }
  return [operand, iota(matrix, 0), iota(matrix, 1)];
}
