import {
  abs,
  add,
  broadcastTo,
  clip,
  einsum,
  iota,
  maximum,
  mul,
  reshape,
  sub,
  type Tensor,
} from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { singleLayer } from "../single.ts";
import { type Extents2d, type Extents3d, type SpatialRank, spatialShape } from "../windows.ts";

/** How values between positions are found: that of the nearest one, or weighted by distance. */
export type InterpolationName = "nearest" | "bilinear";

/** Options of `upSampling1d`. */
export interface UpSampling1dOptions extends LayerOptions {
  /** How often each position is repeated; default 2. */
  readonly size?: number;
}

/** Options of `upSampling2d`. */
export interface UpSampling2dOptions extends LayerOptions {
  /** How many times larger the image becomes; default 2. */
  readonly size?: Extents2d;
  /** Default `nearest`. */
  readonly interpolation?: InterpolationName;
}

/** Options of `upSampling3d`. */
export interface UpSampling3dOptions extends LayerOptions {
  /** How many times larger the volume becomes; default 2. */
  readonly size?: Extents3d;
}

/**
 * Sequences with each position repeated: [batch, length, channels] → [batch, length · size, channels]. Throws for options
 * and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { upSampling1d } from "neurite/nn";
 *
 * const [y] = upSampling1d().apply({ params: {}, state: {} }, [tensor([[[1], [2]]])]).outputs; // [[[1], [1], [2], [2]]]
 * ```
 */
export function upSampling1d(options: UpSampling1dOptions = {}): Layer {
  return upSampling1dFrom(options);
}

/**
 * Images made larger, by repeating each pixel or by interpolating between their centres: [batch, height, width, channels] →
 * [batch, height · size, width · size, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { upSampling2d } from "neurite/nn";
 *
 * const layer = upSampling2d({ size: [2, 3], interpolation: "bilinear" });
 * const { outputShapes } = layer.init(random.key(0), [[7, 7, 8]], "f32"); // [[14, 21, 8]]
 * ```
 */
export function upSampling2d(options: UpSampling2dOptions = {}): Layer {
  return upSampling2dFrom(options);
}

/**
 * Volumes with each position repeated: [batch, depth, height, width, channels] → [batch, depth · size, height · size, width ·
 * size, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { upSampling3d } from "neurite/nn";
 *
 * const { outputShapes } = upSampling3d({ size: [1, 2, 2] }).init(random.key(0), [[4, 7, 7, 8]], "f32"); // [[4, 14, 14, 8]]
 * ```
 */
export function upSampling3d(options: UpSampling3dOptions = {}): Layer {
  return upSampling3dFrom(options);
}

/** `upSampling1d` from options that were read. */
export function upSampling1dFrom(options: object): Layer {
  return upSamplingLayer(new OptionsReader("upSampling1d", options, ["size"]), 1, {}, repeat);
}

/** `upSampling2d` from options that were read. */
export function upSampling2dFrom(options: object): Layer {
  const read = new OptionsReader("upSampling2d", options, ["size", "interpolation"]);
  const interpolation = read.choice<InterpolationName>("interpolation", ["nearest", "bilinear"], "nearest");
  return upSamplingLayer(read, 2, { interpolation }, interpolation === "nearest" ? repeat : interpolate);
}

/** `upSampling3d` from options that were read. */
export function upSampling3dFrom(options: object): Layer {
  return upSamplingLayer(new OptionsReader("upSampling3d", options, ["size"]), 3, {}, repeat);
}

function upSamplingLayer(
  read: OptionsReader,
  rank: SpatialRank,
  config: { readonly interpolation?: InterpolationName },
  enlarge: (x: Tensor, size: readonly number[]) => Tensor,
): Layer {
  const size = read.extents("size", rank, 2);
  return singleLayer(read, {
    config: { size, ...config },
    outputShape: (input) => {
      const { spatial, channels } = spatialShape(read.type, input, rank);
      return [...spatial.map((extent, axis) => extent * size[axis]), channels];
    },
    output: (x) => enlarge(x, size),
  });
}

function repeat(x: Tensor, size: readonly number[]): Tensor {
  const [batch, ...rest] = x.shape;
  const spatial = rest.slice(0, -1);
  const channels = rest.slice(-1);
  const apart = spatial.flatMap((extent) => [extent, 1]);
  const repeated = spatial.flatMap((extent, axis) => [extent, size[axis]]);
  const spread = broadcastTo(reshape(x, [batch, ...apart, ...channels]), [batch, ...repeated, ...channels]);
  return reshape(spread, [batch, ...spatial.map((extent, axis) => extent * size[axis]), ...channels]);
}

function interpolate(x: Tensor, [height, width]: readonly number[]): Tensor {
  const dtype = x.dtype === "f64" ? "f64" : "f32";
  const taller = einsum("iy,nyxc->nixc", weightsOfPlaces(x.shape[1], height, dtype), x);
  return einsum("jx,nixc->nijc", weightsOfPlaces(x.shape[2], width, dtype), taller);
}

// max(0, 1 − |place − k|), where the centre of output i lies at (i + ½) / factor − ½ of the input, at most on its edge.
function weightsOfPlaces(extent: number, factor: number, dtype: "f32" | "f64"): Tensor {
  const shape = [extent * factor, extent];
  const place = sub(mul(add(iota(shape, 0, dtype), 0.5), 1 / factor), 0.5);
  return maximum(sub(1, abs(sub(clip(place, 0, extent - 1), iota(shape, 1, dtype)))), 0);
}
