import { sizeOf } from "../../base/shape.ts";
import { type Coordinate, type Guard, plus } from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import { forEachGuard } from "./loads.ts";

// A piece is a kernel of its own: it must be worth a call, and a vector must fit into it.
const smallestSpace = 1024;
const smallestExtent = 16;
const mostPieces = 8;

/** A part of a kernel's loops: one axis runs over a part of its extent, numbered from 0; the others run as before. */
export class Piece {
  readonly extents: readonly number[];
  readonly #axis: number;
  readonly #start: number;

  constructor(extents: readonly number[], axis: number, start: number) {
    this.extents = extents;
    this.#axis = axis;
    this.#start = start;
  }

  /** A coordinate of the whole loops in terms of this piece's axes. */
  coordinate(coordinate: Coordinate): Coordinate {
    return plus(coordinate, (coordinate.coefficients[this.#axis] ?? 0) * this.#start);
  }

  /** The guards (in terms of this piece's axes) that hold at some points only; undefined if one holds nowhere. */
  undecided(guards: readonly Guard[]): readonly Guard[] | undefined {
    const open: Guard[] = [];
    for (const guard of guards) {
      const { coordinate, extent } = guard;
      const [least, most] = this.#range(coordinate);
      if (coordinate.dynamic.length > 0 || (least < 0 && most >= 0) || (least < extent && most >= extent)) {
        open.push(guard);
      } else if (most < 0 || least >= extent) return undefined;
    }
    return open;
  }

  #range({ offset, coefficients }: Coordinate): [least: number, most: number] {
    let [least, most] = [offset, offset];
    for (const [axis, coefficient] of coefficients.entries()) {
      const reach = coefficient * (this.extents[axis] - 1);
      if (reach < 0) least += reach;
      else most += reach;
    }
    return [least, most];
  }
}

/**
 * Divides a kernel's space where guards begin or cease to hold, so that each piece computes only what it stores: the
 * parts of a concatenation, or of the gradient of a split. One piece where that does not pay.
 */
export function piecesOf(
  space: readonly number[],
  inner: readonly number[],
  expressions: readonly Expression[],
): Piece[] {
  const extents = [...space, ...inner];
  const whole = [new Piece(extents, 0, 0)];
  if (sizeOf(extents) < smallestSpace) return whole;
  const borders = space.map(() => new Set<number>());
  forEachGuard(expressions, ({ coordinate, extent }) => {
    const axes = [...coordinate.coefficients.keys()].filter((axis) => coordinate.coefficients[axis] !== 0);
    const [axis] = axes;
    if (axes.length !== 1 || axis >= space.length || coordinate.dynamic.length > 0) return;
    for (const border of bordersOf(coordinate, axis, extent)) {
      if (border > 0 && border < space[axis]) borders[axis].add(border);
    }
  });
  for (const [axis, found] of borders.entries()) {
    const starts = [0, ...[...found].sort((a, b) => a - b)];
    const lengths = starts.map((start, i) => (starts[i + 1] ?? space[axis]) - start);
    if (starts.length < 2 || starts.length > mostPieces || Math.min(...lengths) < smallestExtent) continue;
    return starts.map((start, i) => new Piece(extents.with(axis, lengths[i]), axis, start));
  }
  return whole;
}

// Where 0 ≤ offset + coefficient · i < extent changes: the first i of each side.
function bordersOf({ offset, coefficients }: Coordinate, axis: number, extent: number): [number, number] {
  const coefficient = coefficients[axis];
  if (coefficient > 0) return [Math.ceil(-offset / coefficient), Math.ceil((extent - offset) / coefficient)];
  return [Math.floor(-offset / coefficient) + 1, Math.floor((extent - offset) / coefficient) + 1];
}
