import { checkOptions, NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import type { Tensor } from "../tensor/index.ts";
import { drawTiles, largestOf, requireFinite, signedPixels } from "./image-grid.ts";
import { toSvg } from "./svg.ts";

/** Options of `drawFilters`. */
export interface FilterOptions {
  /** Height and width of the images that a dense layer sees as vectors. Needed for weights [inputs, units] only. */
  readonly imageShape?: readonly [height: number, width: number];
}

/**
 * The filters of a first layer as SVG: weights [height, width, channels, filters] of a convolution, or [inputs, units] of a
 * dense layer on images. Blue weights are positive, orange ones negative, the strongest colour is the largest magnitude of
 * all. Filters stand side by side; those of several channels are a row each, one image for each channel.
 *
 * Throws a NeuriteError for weights of another shape, and for values that are not finite.
 *
 * @example
 * ```ts
 * import { drawFilters } from "neurite/viz";
 *
 * const svg = drawFilters(random.normal(random.key(0), [3, 3, 1, 8]));
 * ```
 */
export function drawFilters(weights: Tensor, options: FilterOptions = {}): string {
  checkOptions("drawFilters", options, ["imageShape"]);
  const [height, width, channels, filters] = readShape(weights, options.imageShape);
  const values = weights.dataSync();
  requireFinite("drawFilters", values);
  const largest = largestOf(values);
  const tiles = Array.from({ length: filters * channels }, (_, i) => {
    const [filter, channel] = [Math.floor(i / channels), i % channels];
    const at = (row: number, column: number): number =>
      values[((row * width + column) * channels + channel) * filters + filter];
    return {
      pixels: signedPixels(height, width, at, largest),
      caption: channel === 0 ? [String(filter)] : [""],
    };
  });
  return toSvg(
    drawTiles(tiles, 64, channels === 1 ? undefined : channels),
    `${filters} filters of the first layer`,
  );
}

type FilterShape = readonly [height: number, width: number, channels: number, filters: number];

function readShape(weights: Tensor, imageShape: FilterOptions["imageShape"]): FilterShape {
  const { shape } = weights;
  if (shape.length === 4) return [shape[0], shape[1], shape[2], shape[3]];
  if (shape.length === 2 && imageShape !== undefined) {
    const [height, width] = imageShape;
    const channels = shape[0] / (height * width);
    if (Number.isInteger(channels) && channels > 0) return [height, width, channels, shape[1]];
  }
  throw new NeuriteError({
    operation: "drawFilters",
    got: `weights ${formatType(weights)}${imageShape === undefined ? "" : ` for images of ${imageShape.join(" × ")}`}`,
    expected: "[height, width, channels, filters], or [inputs, units] with imageShape",
    ...(shape.length === 2 &&
      imageShape === undefined && { hint: "drawFilters(weights, { imageShape: [28, 28] })" }),
  });
}
