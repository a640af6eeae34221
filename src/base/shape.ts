import { NeuriteError } from "./error.ts";

/** The extents of a tensor's axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** True when two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** A shape as text: `[32, 64]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Throws unless every extent is a non-negative integer. */
export function checkShape(operation: string, shape: Shape): void {
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new NeuriteError({
      operation,
      got: `shape ${formatShape(shape)}`,
      expected: "non-negative integers",
    });
  }
}

/** The shape of a NumPy broadcast of several shapes; throws when they do not fit. */
export function broadcastShapes(operation: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let k = 1; k <= shape.length; k++) {
      const extent = shape[shape.length - k];
      const sofar = result[rank - k];
      if (sofar === 1) result[rank - k] = extent;
      else if (extent !== 1 && extent !== sofar) {
        throw new NeuriteError({
          operation,
          got: `shapes ${shapes.map(formatShape).join(" and ")}`,
          expected:
            "shapes that broadcast: aligned from the right, each pair of extents equal or one of them 1",
          hint: "reshape or expandDims one of them",
        });
      }
    }
  }
  return result;
}

/** A non-negative axis from one that may count from the end; throws when it is out of range. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new NeuriteError({
      operation,
      got: `axis ${axis} of a tensor with ${rank} axes`,
      expected: rank === 0 ? "no axis: the tensor is a scalar" : `an integer from ${-rank} to ${rank - 1}`,
    });
  }
  return normalized;
}

/** Sorted, distinct, non-negative axes; `undefined` means all of them. */
export function normalizeAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(operation, axis, rank)).sort((a, b) => a - b);
  if (new Set(normalized).size !== normalized.length) {
    throw new NeuriteError({ operation, got: `axes ${formatShape(list)}`, expected: "each axis once" });
  }
  return normalized;
}
