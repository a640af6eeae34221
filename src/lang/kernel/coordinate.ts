import type { Expression } from "./expression.ts";

/**
 * An integer that is affine in the loop axes: offset + Σ coefficients[axis] · axis + Σ stride · dynamic value.
 * Dynamic terms come from data (gather indices, run-time slice starts).
 */
export interface Coordinate {
  readonly offset: number;
  /** Coefficient of each loop axis; missing entries are 0. */
  readonly coefficients: readonly number[];
  readonly dynamic: readonly DynamicTerm[];
}

/** stride × an i32 expression. */
export interface DynamicTerm {
  readonly stride: number;
  readonly value: Expression;
}

/** The condition 0 ≤ coordinate < extent. */
export interface Guard {
  readonly coordinate: Coordinate;
  readonly extent: number;
}

/** A constant coordinate. */
export function constant(offset: number): Coordinate {
  return { offset, coefficients: [], dynamic: [] };
}

/** The coordinate that equals a loop axis. */
export function axisCoordinate(axis: number): Coordinate {
  const coefficients = new Array<number>(axis + 1).fill(0);
  coefficients[axis] = 1;
  return { offset: 0, coefficients, dynamic: [] };
}

/** A coordinate read from data. */
export function dynamicCoordinate(value: Expression): Coordinate {
  return { offset: 0, coefficients: [], dynamic: [{ stride: 1, value }] };
}

/** a + b */
export function plus(a: Coordinate, b: Coordinate | number): Coordinate {
  if (typeof b === "number") return b === 0 ? a : { ...a, offset: a.offset + b };
  const length = Math.max(a.coefficients.length, b.coefficients.length);
  const coefficients = new Array<number>(length);
  for (let axis = 0; axis < length; axis++) {
    coefficients[axis] = (a.coefficients[axis] ?? 0) + (b.coefficients[axis] ?? 0);
  }
  return { offset: a.offset + b.offset, coefficients, dynamic: [...a.dynamic, ...b.dynamic] };
}

/** a · factor */
export function times(a: Coordinate, factor: number): Coordinate {
  if (factor === 1) return a;
  if (factor === 0) return constant(0);
  return {
    offset: a.offset * factor,
    coefficients: a.coefficients.map((coefficient) => coefficient * factor),
    dynamic: a.dynamic.map((term) => ({ ...term, stride: term.stride * factor })),
  };
}

/** Σ coordinates[d] · strides[d]: the linear index of an element. */
export function linearIndex(coordinates: readonly Coordinate[], strides: readonly number[]): Coordinate {
  let sum = constant(0);
  for (let d = 0; d < coordinates.length; d++) sum = plus(sum, times(coordinates[d], strides[d]));
  return sum;
}

/** True when two coordinates are the same affine form without dynamic terms. */
export function sameCoordinate(a: Coordinate, b: Coordinate): boolean {
  if (a.offset !== b.offset || a.dynamic.length > 0 || b.dynamic.length > 0) return false;
  const length = Math.max(a.coefficients.length, b.coefficients.length);
  for (let axis = 0; axis < length; axis++) {
    if ((a.coefficients[axis] ?? 0) !== (b.coefficients[axis] ?? 0)) return false;
  }
  return true;
}
