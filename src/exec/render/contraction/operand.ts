import { dtypeFacts, roundTo } from "../../../base/dtype.ts";
import type { Coordinate } from "../../../lang/kernel/coordinate.ts";
import type { Load } from "../../../lang/kernel/expression.ts";
import type { ContractionType } from "./sizes.ts";

/** An axis as the packing functions walk it: its extent, its byte stride in the load, and its step in each guard's coordinate. */
export interface PackAxis {
  readonly extent: number;
  readonly strides: readonly number[];
}

/** How an operand is packed: a load whose places are affine in three groups of axes. */
export interface PackPlan {
  readonly buffer: number;
  /** The number of guards that the packing function checks. */
  readonly guards: number;
  /** True if contiguous runs lie along the panel axis (rows, or columns), false if along depth. */
  readonly along: boolean;
  readonly batch: readonly PackAxis[];
  readonly panel: readonly PackAxis[];
  readonly depth: readonly PackAxis[];
  /** The places of the first point. */
  readonly start: readonly number[];
  /** Extent of each guard and its step along a run. */
  readonly limits: readonly number[];
  /** Bytes between the points of a run. */
  readonly stride: number;
  readonly fill: number;
}

/** The axes of an operand, by their numbers, and the extents of all axes. */
export interface OperandAxes {
  readonly batch: readonly number[];
  readonly panel: readonly number[];
  readonly depth: readonly number[];
  readonly extents: readonly number[];
}

/** True for a load that the packing functions can read in place: nothing in its places comes from data. */
export function isAffine(load: Load): boolean {
  return [load.index, ...load.guards.map((guard) => guard.coordinate)].every(
    ({ dynamic }) => dynamic.length === 0,
  );
}

/** Plans the packing of an affine load. */
export function planPacking(load: Load, axes: OperandAxes, dtype: ContractionType): PackPlan {
  const { bytes } = dtypeFacts[dtype];
  const coordinates = [load.index, ...load.guards.map((guard) => guard.coordinate)];
  const limits = load.guards.map((guard) => guard.extent);
  let places: readonly Coordinate[] = coordinates;
  const group = (list: readonly number[]): PackAxis[] =>
    mergeAxes(
      list.map((axis) => ({
        extent: axes.extents[axis],
        strides: places.map((place, k) => (place.coefficients[axis] ?? 0) * (k === 0 ? bytes : 1)),
      })),
      places.length,
    );
  const along = runsAlongPanel(group(axes.panel), group(axes.depth), bytes);
  const runAxis = group(along ? axes.panel : axes.depth).at(-1);
  // Along a run coordinates only grow: 0 ≤ c < extent holds just if 0 ≤ extent − 1 − c < extent.
  places = places.map((place, k) =>
    k > 0 && (runAxis?.strides[k] ?? 0) < 0 ? mirror(place, limits[k - 1]) : place,
  );
  const panel = group(axes.panel);
  const depth = group(axes.depth);
  const runs = along ? panel : depth;
  const steps = runs[runs.length - 1].strides;
  return {
    buffer: load.buffer,
    guards: load.guards.length,
    along,
    batch: group(axes.batch),
    panel,
    depth,
    start: places.map((place, k) => place.offset * (k === 0 ? bytes : 1)),
    limits: limits.flatMap((extent, k) => [extent, steps[1 + k]]),
    stride: steps[0],
    fill: roundTo(load.dtype, load.fill),
  };
}

// Longer runs cost less; where both are long, copying costs less than transposing.
function runsAlongPanel(panel: readonly PackAxis[], depth: readonly PackAxis[], bytes: number): boolean {
  const contiguous = (axes: readonly PackAxis[]): number => {
    const last = axes.at(-1);
    return last?.strides[0] === bytes ? last.extent : 0;
  };
  return contiguous(panel) >= Math.min(contiguous(depth), 16) && contiguous(panel) > 1;
}

function mirror(place: Coordinate, extent: number): Coordinate {
  return {
    offset: extent - 1 - place.offset,
    coefficients: place.coefficients.map((coefficient) => -coefficient),
    dynamic: [],
  };
}

/** Drops axes of extent 1 and joins neighbours that step as one axis would; at least one axis is left. */
export function mergeAxes(axes: readonly PackAxis[], places: number): PackAxis[] {
  const merged: PackAxis[] = [];
  for (const axis of axes) {
    const outer = merged.at(-1);
    if (axis.extent === 1) continue;
    if (outer?.strides.every((stride, k) => stride === axis.strides[k] * axis.extent)) {
      merged[merged.length - 1] = { extent: outer.extent * axis.extent, strides: axis.strides };
    } else {
      merged.push(axis);
    }
  }
  if (merged.length > 0) return merged;
  return [{ extent: 1, strides: new Array<number>(places).fill(0) }];
}
