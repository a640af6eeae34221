import { NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import type { Tensor } from "../tensor/index.ts";
import { drawTiles, largestOf, requireFinite, signedPixels } from "./image-grid.ts";
import { toSvg } from "./svg.ts";

/**
 * The feature maps of one image as SVG: activations [height, width, channels], for instance a mark of `withMarks`. Blue is
 * positive, orange negative, the strongest colour is the largest magnitude of all maps.
 *
 * Throws a NeuriteError for activations of another shape, and for values that are not finite.
 *
 * @example
 * ```ts
 * import { drawFeatureMaps } from "neurite/viz";
 *
 * const svg = drawFeatureMaps(relu(random.normal(random.key(0), [8, 8, 4])));
 * ```
 */
export function drawFeatureMaps(activations: Tensor): string {
  if (activations.shape.length !== 3) {
    throw new NeuriteError({
      operation: "drawFeatureMaps",
      got: formatType(activations),
      expected: "[height, width, channels], the activations of one image",
      ...(activations.shape.length === 4 && {
        hint: "take one of the batch: squeeze(slice(a, [0], [1]), 0)",
      }),
    });
  }
  const [height, width, channels] = activations.shape;
  const values = activations.dataSync();
  requireFinite("drawFeatureMaps", values);
  const largest = largestOf(values);
  const tiles = Array.from({ length: channels }, (_, channel) => ({
    pixels: signedPixels(
      height,
      width,
      (row, column) => values[(row * width + column) * channels + channel],
      largest,
    ),
    caption: [String(channel)],
  }));
  return toSvg(drawTiles(tiles, 72), `${channels} feature maps`);
}
