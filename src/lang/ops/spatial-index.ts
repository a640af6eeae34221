import { type Coordinate, constant, type Guard, plus, times } from "../kernel/coordinate.ts";
import type { Expression } from "../kernel/expression.ts";
import type { Read } from "../program/primitive.ts";

/** Windows on spatial axes: input position = output · stride + place in the window − low. */
export type WindowGeometry = {
  readonly input: readonly number[];
  readonly window: readonly number[];
  readonly output: readonly number[];
  readonly strides: readonly number[];
  readonly low: readonly number[];
};

/** A position on one spatial axis, guarded where it can leave the axis. */
export interface Position {
  readonly at: Coordinate;
  readonly guards: readonly Guard[];
}

/** offset + Σ step · coordinate on an axis of `extent`; each coordinate runs over `count` values. */
export function position(
  terms: readonly { readonly coordinate: Coordinate; readonly step: number; readonly count: number }[],
  offset: number,
  extent: number,
): Position {
  let at: Coordinate = constant(offset);
  let [least, most] = [offset, offset];
  for (const { coordinate, step, count } of terms) {
    at = plus(at, times(coordinate, step));
    if (step < 0) least += step * (count - 1);
    else most += step * (count - 1);
  }
  return { at, guards: least < 0 || most >= extent ? [{ coordinate: at, extent }] : [] };
}

/** The input positions of places in windows, every axis at once; `dilation` spreads the window's places. */
export function inputPositions(
  { input, window, output, strides, low }: WindowGeometry,
  outputs: readonly Coordinate[],
  places: readonly Coordinate[],
  dilation?: readonly number[],
): Position[] {
  return input.map((extent, d) =>
    position(
      [
        { coordinate: outputs[d], step: strides[d], count: output[d] },
        { coordinate: places[d], step: dilation?.[d] ?? 1, count: window[d] },
      ],
      -low[d],
      extent,
    ),
  );
}

/** Reads [first, spatial…, channel] of an operand, `fill` outside the spatial axes. */
export function readSpatial(
  read: Read,
  operand: number,
  [first, positions, channel]: readonly [Coordinate, readonly Position[], Coordinate],
  fill = 0,
): Expression {
  const at = [first, ...positions.map((p) => p.at), channel];
  return read(operand, at, guardsOf(positions), fill);
}

/** The guards of all axes. */
export function guardsOf(positions: readonly Position[]): Guard[] {
  return positions.flatMap((p) => p.guards);
}

/** Calls `visit(output, place, input)` with linear positions for every place of every window that lies inside the input. */
export function forEachPlace(
  { input, window, output, strides, low }: WindowGeometry,
  visit: (output: number, place: number, input: number) => void,
  dilation?: readonly number[],
): void {
  const walk = (axis: number, o: number, t: number, i: number): void => {
    if (axis === input.length) {
      visit(o, t, i);
      return;
    }
    for (let next = 0; next < output[axis]; next++) {
      for (let place = 0; place < window[axis]; place++) {
        const at = next * strides[axis] + place * (dilation?.[axis] ?? 1) - low[axis];
        if (at < 0 || at >= input[axis]) continue;
        walk(axis + 1, o * output[axis] + next, t * window[axis] + place, i * input[axis] + at);
      }
    }
  };
  walk(0, 0, 0, 0);
}
