import { add, mul, pow, reshape, square, sumPool } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { sameMask, singleLayer, unfitInput } from "../single.ts";

/** Options of `localResponseNormalization`. */
export interface LocalResponseOptions extends LayerOptions {
  /** How many channels on either side count; default 2. */
  readonly depthRadius?: number;
  /** k; default 2. */
  readonly bias?: number;
  /** Default 0.0001. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
}

/**
 * Divides every value by what its channel and the neighbouring ones hold at the same place:
 * y = x / (k + α Σ x²)^β, the sum over the channels within `depthRadius` (Krizhevsky et al. 2012, section 3.3, whose
 * constants are the defaults). Inputs [batch, …, channels] keep their shape. Throws for options that do not fit.
 *
 * @example
 * ```ts
 * import { localResponseNormalization } from "neurite/nn";
 *
 * const layer = localResponseNormalization({ depthRadius: 1, bias: 0, alpha: 1, beta: 0.5 });
 * const [y] = layer.apply({ params: {}, state: {} }, [tensor([[3, 4, 0]])]).outputs; // [[0.6, 0.8, 0]]
 * ```
 */
export function localResponseNormalization(options: LocalResponseOptions = {}): Layer {
  return localResponseNormalizationFrom(options);
}

/** `localResponseNormalization` from options that were read. */
export function localResponseNormalizationFrom(options: object): Layer {
  const type = "localResponseNormalization";
  const read = new OptionsReader(type, options, ["depthRadius", "bias", "alpha", "beta"]);
  const depthRadius = read.count("depthRadius", 2);
  const bias = read.number("bias", 2);
  const alpha = read.number("alpha", 1e-4);
  const beta = read.number("beta", 0.75);
  return singleLayer(read, {
    mask: sameMask,
    config: { depthRadius, bias, alpha, beta },
    outputShape: (input) => {
      if (input.length > 0) return input;
      throw unfitInput(type, input, "at least one axis");
    },
    output: (x) => {
      const channels = x.shape[x.shape.length - 1];
      const rows = reshape(square(x), [x.shape.slice(0, -1).reduce((a, b) => a * b, 1), channels, 1]);
      const padding = [[depthRadius, depthRadius] as const];
      const sums = reshape(sumPool(rows, 2 * depthRadius + 1, { strides: 1, padding }), x.shape);
      return mul(x, pow(add(mul(sums, alpha), bias), -beta));
    },
  });
}
