import { normalizeAxes } from "../../base/shape.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { sameMask, singleLayer } from "../single.ts";
import { affineOf, momentsOf, type NormalizationOptions, normalizationOptions } from "./normalization.ts";

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends NormalizationOptions {
  /** The axes to normalise over, counted with the batch as axis 0, or from the end; default −1. */
  readonly axis?: number | readonly number[];
}

/**
 * Every example on its own to mean 0 and variance 1 over its last axis, or other axes; then scaled by γ (`weights`) and
 * shifted by β (`biases`), which have the shape of these axes (Ba et al. 2016). Shapes stay. Throws for axes the input does
 * not have.
 *
 * @example
 * ```ts
 * import { layerNormalization } from "neurite/nn";
 *
 * const layer = layerNormalization({ epsilon: 0 });
 * const [y] = layer.apply(layer.init(random.key(0), [[3]], "f32"), [tensor([[1, 2, 3]])]).outputs; // [[-1.2247, 0, 1.2247]]
 * ```
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  return layerNormalizationFrom(options);
}

/** `layerNormalization` from options that were read. */
export function layerNormalizationFrom(options: object): Layer {
  const read = new OptionsReader("layerNormalization", options, ["axis", ...normalizationOptions]);
  const axis = read.integers("axis", -1);
  const affine = affineOf(read);
  const axesOf = (rank: number): number[] => {
    const axes = normalizeAxes("layerNormalization", axis, rank);
    if (axes[0] > 0) return axes;
    throw read.unfit("axis", axis, "axes other than the batch");
  };
  return singleLayer(read, {
    mask: sameMask,
    config: { axis, ...affine.config },
    outputShape: (input) => {
      axesOf(input.length + 1);
      return input;
    },
    params: (key, input, dtype) =>
      affine.params(
        key,
        axesOf(input.length + 1).map((normalized) => input[normalized - 1]),
        dtype,
      ),
    output: (x, params) => {
      const axes = axesOf(x.shape.length);
      const shape = x.shape.map((extent, d) => (axes.includes(d) ? extent : 1));
      return affine.normalize(x, momentsOf(x, axes), params, shape);
    },
  });
}
