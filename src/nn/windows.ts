import type { Shape } from "../tensor/index.ts";
import { unfitInput } from "./single.ts";

/** How many spatial axes a layer works on: sequences, images, volumes. */
export type SpatialRank = 1 | 2 | 3;

/** One value for the spatial axis of sequences. */
export type Extents1d = number | readonly [length: number];

/** One value for both spatial axes of images, or one for each. */
export type Extents2d = number | readonly [height: number, width: number];

/** One value for the spatial axes of volumes, or one for each. */
export type Extents3d = number | readonly [depth: number, height: number, width: number];

/** How a window moves over the spatial axes. */
export interface Windows {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: PaddingName | "causal";
  /** The distance of neighbours in the window; default 1. */
  readonly dilation?: readonly number[];
}

/** `valid`: windows lie inside the input; `same`: ⌈input / stride⌉ windows, with zeros around the input. */
export type PaddingName = "valid" | "same";

export const paddingNames: readonly PaddingName[] = ["valid", "same"];

/** The names of the spatial axes. */
export function spatialAxes(rank: SpatialRank): string {
  return { 1: "length", 2: "height and width", 3: "depth, height and width" }[rank];
}

/** The extents of the spatial axes, and the channels behind them; throws for shapes with another number of axes. */
export function spatialShape(
  type: string,
  input: Shape,
  rank: SpatialRank,
): { readonly spatial: number[]; readonly channels: number } {
  if (input.length === rank + 1) return { spatial: input.slice(0, rank), channels: input[rank] };
  const axes = spatialAxes(rank).replace(" and", ",");
  throw unfitInput(type, input, `[${axes}, channels]`, channelsHint(input, rank, axes));
}

/** How many windows there are along each spatial axis; throws when none fits. */
export function countWindows(type: string, input: Shape, windows: Windows, rank: SpatialRank): number[] {
  const { size, strides, padding, dilation = size.map(() => 1) } = windows;
  const spans = size.map((extent, axis) => (extent - 1) * dilation[axis] + 1);
  const counts = spatialShape(type, input, rank).spatial.map((extent, axis) =>
    padding === "valid"
      ? Math.floor((extent - spans[axis]) / strides[axis]) + 1
      : Math.ceil(extent / strides[axis]),
  );
  if (counts.every((count) => count >= 1)) return counts;
  throw unfitInput(
    type,
    input,
    `at least the window, [${spans.join(", ")}]`,
    "use padding 'same', or fewer layers that shrink the image",
  );
}

function channelsHint(input: Shape, rank: SpatialRank, axes: string): string | undefined {
  if (input.length !== rank) return undefined;
  const kind = { 1: "sequences of numbers", 2: "grey images", 3: "volumes of numbers" }[rank];
  return `give ${kind} a last axis of 1: reshape them to [n, ${axes}, 1]`;
}
