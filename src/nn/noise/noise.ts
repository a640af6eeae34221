import type { Shape, Tensor } from "../../tensor/index.ts";
import type { Layer, LayerConfig } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { requireKey, sameMask, singleLayer } from "../single.ts";

/** What a layer does in training only. */
export interface NoiseParts {
  readonly config: LayerConfig;
  /** False where the options leave nothing to do: then no key is needed. */
  readonly isActive: boolean;
  /** Throws for an input shape that does not fit. */
  check?(input: Shape): void;
  change(x: Tensor, key: Tensor): Tensor;
}

/** A layer that changes its inputs at random in training, and is the identity at all other times. */
export function noiseLayer(read: OptionsReader, { config, isActive, check, change }: NoiseParts): Layer {
  return singleLayer(read, {
    config,
    outputShape: (input) => {
      check?.(input);
      return input;
    },
    mask: sameMask,
    output: (x, _, options) =>
      options.training === true && isActive ? change(x, requireKey(read.type, options)) : x,
  });
}

/** The options of a layer whose only one is `rate`. */
export function readRate(
  type: string,
  options: object,
): { readonly read: OptionsReader; readonly rate: number } {
  const read = new OptionsReader(type, options, ["rate"]);
  return { read, rate: read.rate("rate") };
}
