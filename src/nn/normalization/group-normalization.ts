import { reshape } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { sameMask, singleLayer, unfitInput } from "../single.ts";
import { affineOf, momentsOf, type NormalizationOptions, normalizationOptions } from "./normalization.ts";

/** Options of `groupNormalization`. */
export interface GroupNormalizationOptions extends NormalizationOptions {
  /** The number of groups of channels; default 32. One for each channel is instance normalisation. */
  readonly groups?: number;
}

/**
 * Every example on its own to mean 0 and variance 1 over all positions of each group of channels; then scaled by γ
 * (`weights`, [channels]) and shifted by β (`biases`) (Wu and He 2018). Inputs [batch, …, channels] keep their shape. Throws
 * unless the groups divide the channels.
 *
 * @example
 * ```ts
 * import { groupNormalization } from "neurite/nn";
 *
 * const { outputShapes } = groupNormalization({ groups: 4 }).init(random.key(0), [[7, 7, 16]], "f32"); // [[7, 7, 16]]
 * ```
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer {
  return groupNormalizationFrom(options);
}

/** `groupNormalization` from options that were read. */
export function groupNormalizationFrom(options: object): Layer {
  const read = new OptionsReader("groupNormalization", options, ["groups", ...normalizationOptions]);
  const groups = read.count("groups", 32);
  const affine = affineOf(read);
  return singleLayer(read, {
    mask: sameMask,
    config: { groups, ...affine.config },
    outputShape: (input) => {
      if (input.length > 0 && input[input.length - 1] % groups === 0) return input;
      throw unfitInput("groupNormalization", input, `a number of channels that ${groups} groups divide`);
    },
    params: (key, input, dtype) => affine.params(key, input.slice(-1), dtype),
    output: (x, params) => {
      const perGroup = x.shape[x.shape.length - 1] / groups;
      const grouped = reshape(x, [...x.shape.slice(0, -1), groups, perGroup]);
      const last = grouped.shape.length - 1;
      const positions = Array.from({ length: last - 2 }, (_, d) => d + 1);
      const moments = momentsOf(grouped, [...positions, last]);
      return reshape(affine.normalize(grouped, moments, params, [groups, perGroup]), x.shape);
    },
  });
}
