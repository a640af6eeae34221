import { isFloat } from "../../base/dtype.ts";
import { checkOptions, NeuriteError } from "../../base/error.ts";
import { formatShape, type Shape, sizeOf } from "../../base/shape.ts";
import { unflatten } from "../../base/tree.ts";
import { add, mul, rem } from "../ops/arithmetic.ts";
import { eq } from "../ops/comparison.ts";
import { zeros } from "../ops/create.ts";
import { iota } from "../ops/iota.ts";
import { cast } from "../ops/operand.ts";
import { reshape, sum } from "../ops/structure.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "./gradient.ts";
import { type AnyFunction, flattenTensors } from "./record.ts";

/** Options of `checkGradients`. */
export interface CheckOptions {
  /** The step of the finite differences; default 1e-5. */
  readonly epsilon?: number;
  /** The largest difference allowed, relative to the larger of 1 and the derivative; default 1e-6. */
  readonly tolerance?: number;
}

/**
 * Compares the gradients of a function with central finite differences, (f(x + ε) − f(x − ε)) / 2ε, entry by entry, in
 * f64: float arguments are cast to it.
 *
 * A result that is no scalar is reduced by a weighted sum. Throws a NeuriteError that names the worst entry when the
 * difference is larger than the tolerance.
 *
 * @example
 * ```ts
 * checkGradients((x: Tensor) => sum(tanh(x)), [tensor([0.1, -2])]);
 * ```
 */
export function checkGradients<A extends unknown[]>(
  f: (...args: A) => unknown,
  inputs: readonly [...A],
  options?: CheckOptions,
): void;
export function checkGradients(f: AnyFunction, inputs: readonly unknown[], options: CheckOptions = {}): void {
  checkOptions("checkGradients", options, ["epsilon", "tolerance"]);
  const { epsilon = 1e-5, tolerance = 1e-6 } = options;
  const { tensors, paths, structure } = flattenTensors(inputs, "checkGradients");
  const leaves = tensors.map((tensor) => (isFloat(tensor.dtype) ? cast(tensor, "f64") : tensor));
  const floats = leaves.flatMap((leaf, i) => (isFloat(leaf.dtype) ? [i] : []));
  const withFloats = (values: readonly Tensor[]): Tensor[] =>
    leaves.map((leaf, i) => values[floats.indexOf(i)] ?? leaf);
  const objective = (values: readonly Tensor[]): Tensor => {
    const args = unflatten(structure, withFloats(values));
    return weightedSum(f(...(Array.isArray(args) ? args : [])));
  };
  const point = floats.map((i) => leaves[i]);
  const gradients = grad(objective)(point);
  let worst = { excess: 0, message: { got: "", expected: "" } };
  for (const [k, leaf] of point.entries()) {
    const derivatives = gradients[k].dataSync();
    for (let entry = 0; entry < derivatives.length; entry++) {
      const shiftedBy = (step: number): number =>
        objective(point.map((other, i) => (i === k ? shift(leaf, entry, step) : other))).item();
      const difference = (shiftedBy(epsilon) - shiftedBy(-epsilon)) / (2 * epsilon);
      const derivative = derivatives[entry];
      const scale = Math.max(1, Math.abs(derivative), Math.abs(difference));
      const error = Math.abs(derivative - difference) / scale;
      const excess = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
      if (excess <= worst.excess) continue;
      const place = `argument ${paths[floats[k]]}, entry ${formatShape(indexOf(entry, leaf.shape))}`;
      worst = {
        excess,
        message: { got: `${derivative} for ${place}`, expected: `${difference} by finite differences` },
      };
    }
  }
  if (worst.excess > tolerance) {
    throw new NeuriteError({
      operation: "checkGradients",
      ...worst.message,
      hint: "the derivative is wrong, or the function has a kink here: move the point, or change epsilon",
    });
  }
}

/** Σ weight · value over all entries of a tree, with unlike weights between 0.5 and 1.5. */
function weightedSum(result: unknown): Tensor {
  const { tensors } = flattenTensors(result, "checkGradients: the function's result");
  return tensors
    .filter((tensor) => isFloat(tensor.dtype))
    .map((tensor) => {
      if (tensor.shape.length === 0) return cast(tensor, "f64");
      // The multiples of the golden ratio's fraction are spread evenly over [0, 1).
      const steps = reshape(iota(sizeOf(tensor.shape), 0, "f64"), tensor.shape);
      return sum(mul(cast(tensor, "f64"), add(rem(mul(steps, 0.6180339887498949), 1), 0.5)));
    })
    .reduce((total, term) => add(total, term), zeros([], "f64"));
}

function shift(x: Tensor, entry: number, step: number): Tensor {
  const unit = cast(eq(iota(sizeOf(x.shape)), entry), "f64");
  return add(x, reshape(mul(unit, step), x.shape));
}

function indexOf(position: number, shape: Shape): number[] {
  const index: number[] = [];
  for (const extent of [...shape].reverse()) {
    index.unshift(position % extent);
    position = Math.floor(position / extent);
  }
  return index;
}
