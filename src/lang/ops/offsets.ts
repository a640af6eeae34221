import { type Shape, stridesOf } from "../../base/shape.ts";

/** The linear offsets of all index combinations of some axes of a row-major array, in the order of the axes given. */
export function axisOffsets(shape: Shape, axes: readonly number[]): number[] {
  const strides = stridesOf(shape);
  let offsets = [0];
  for (const axis of axes) {
    const next: number[] = [];
    for (const offset of offsets) {
      for (let i = 0; i < shape[axis]; i++) next.push(offset + i * strides[axis]);
    }
    offsets = next;
  }
  return offsets;
}

/** The axes 0 … rank − 1 that are not in `taken`. */
export function otherAxes(rank: number, taken: readonly number[]): number[] {
  return range(0, rank).filter((axis) => !taken.includes(axis));
}

/** The integers start … end − 1. */
export function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}
