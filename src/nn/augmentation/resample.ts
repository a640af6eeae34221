import {
  add,
  and,
  cast,
  clip,
  expandDims,
  floor,
  ge,
  iota,
  lt,
  minimum,
  mod,
  mul,
  reshape,
  select,
  sub,
  type Tensor,
  take,
} from "../../tensor/index.ts";
import type { OptionsReader } from "../options.ts";
import type { InterpolationName } from "../shaping/up-sampling.ts";

/**
 * What lies outside an image abcd: `reflect` dcba|abcd|dcba, `wrap` abcd|abcd|abcd, `nearest` aaaa|abcd|dddd, `constant` one
 * value.
 */
export type FillMode = "reflect" | "wrap" | "nearest" | "constant";

/** How images are read between and beyond their pixels. */
export interface Sampling {
  /** Default `reflect`. */
  readonly fillMode?: FillMode;
  /** The value outside for the fill mode `constant`; default 0. */
  readonly fillValue?: number;
  /** Default `bilinear`. */
  readonly interpolation?: InterpolationName;
}

/** The names of these options. */
export const samplingOptions: readonly string[] = ["fillMode", "fillValue", "interpolation"];

const fillModes: readonly FillMode[] = ["reflect", "wrap", "nearest", "constant"];

/** Reads `samplingOptions`. */
export function samplingOf(read: OptionsReader): Required<Sampling> {
  return {
    fillMode: read.choice("fillMode", fillModes, "reflect"),
    fillValue: read.number("fillValue", 0),
    interpolation: read.choice<InterpolationName>("interpolation", ["nearest", "bilinear"], "bilinear"),
  };
}

/** Images [n, height, width, channels] read at places y and x, in pixels, each [n, height, width] or broadcast to that. */
export function resample(images: Tensor, y: Tensor, x: Tensor, sampling: Required<Sampling>): Tensor {
  const { fillMode, fillValue, interpolation } = sampling;
  const [count, height, width, channels] = images.shape;
  const pixels = reshape(images, [count * height * width, channels]);
  const firstOfImage = mul(iota([count, 1, 1]), height * width);
  const read = (row: Tensor, column: Tensor): Tensor => {
    const inside = mul(placeInside(row, height, fillMode), width);
    const found = take(pixels, add(add(inside, placeInside(column, width, fillMode)), firstOfImage));
    if (fillMode !== "constant") return found;
    const hits = and(and(ge(row, 0), lt(row, height)), and(ge(column, 0), lt(column, width)));
    return select(expandDims(hits, -1), found, fillValue);
  };
  if (interpolation === "nearest") return read(integer(floor(add(y, 0.5))), integer(floor(add(x, 0.5))));
  const [top, left] = [floor(y), floor(x)];
  const [down, right] = [expandDims(sub(y, top), -1), expandDims(sub(x, left), -1)];
  const [row, column] = [integer(top), integer(left)];
  const between = (low: Tensor, high: Tensor, weight: Tensor): Tensor =>
    add(low, mul(sub(high, low), weight));
  const along = (row: Tensor): Tensor => between(read(row, column), read(row, add(column, 1)), right);
  return between(along(row), along(add(row, 1)), down);
}

function integer(x: Tensor): Tensor {
  return cast(x, "i32");
}

/** The index within 0 … extent − 1 whose value stands at an index that may lie outside. */
function placeInside(index: Tensor, extent: number, fillMode: FillMode): Tensor {
  if (fillMode === "wrap") return mod(index, extent);
  if (fillMode !== "reflect") return clip(index, 0, extent - 1);
  const place = mod(index, 2 * extent);
  return minimum(place, sub(2 * extent - 1, place));
}
