// What a step of a random program is, and the families of those on one value and on two.
import { isFloat } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { abs, cast, rem } from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";

/** A tensor whose elements are at most `bound` in size. */
export interface Value {
  readonly tensor: Tensor;
  readonly bound: number;
}

/** Gives the operands of one step: the values so far, latest first, and numbers that choose among possibilities. */
export interface Chooser {
  /** A value that fits; undefined when there is none. */
  value(fits?: (tensor: Tensor) => boolean): Value | undefined;
  /** A number from 0 to count − 1. */
  below(count: number): number;
}

/** A step of a random program. */
export type Step = (choose: Chooser) => Value | undefined;

/** A step on one value of the program's numbers that fits. */
export function onOne(
  f: (x: Tensor, choose: Chooser) => Tensor,
  bound: (bound: number, x: Tensor) => number = (size) => size,
  fits: (x: Tensor) => boolean = () => true,
): Step {
  return (choose) => {
    const x = choose.value((candidate) => isNumber(candidate) && fits(candidate));
    return x && { tensor: f(x.tensor, choose), bound: bound(x.bound, x.tensor) };
  };
}

/** A step on two values whose shapes broadcast. */
export function onTwo(f: (x: Tensor, y: Tensor) => Tensor, bound: (a: number, b: number) => number): Step {
  return (choose) => {
    const x = choose.value(isNumber);
    const y =
      x && choose.value((candidate) => candidate.dtype === x.tensor.dtype && broadcasts(candidate, x.tensor));
    return x && y && { tensor: f(x.tensor, y.tensor), bound: bound(x.bound, y.bound) };
  };
}

export const isNumber = (x: Tensor): boolean => x.dtype !== "bool";
export const hasAxis = (x: Tensor): boolean => x.shape.length > 0;
export const isFull = (x: Tensor): boolean => hasAxis(x) && sizeOf(x.shape) > 0;
export const isImage = (x: Tensor): boolean => x.shape.length === 3 && sizeOf(x.shape) > 0;
export const isSigned = (x: Tensor): boolean => x.dtype !== "u32";
export const isReal = (x: Tensor): boolean => isFloat(x.dtype);

export function broadcasts(x: Tensor, y: Tensor): boolean {
  const extents = (t: Tensor): number[] => [...t.shape].reverse();
  return extents(x).every((extent, k) => {
    const other = extents(y)[k] ?? 1;
    return extent === other || extent === 1 || other === 1;
  });
}

export function axisOf(x: Tensor, choose: Chooser): number {
  return choose.below(x.shape.length);
}

/** Integers from 0 to extent − 1 made from a tensor's elements. */
export function indicesFrom(x: Tensor, extent: number): Tensor {
  return cast(rem(abs(x), extent), "i32");
}
