import { any, expandDims, logicalAnd, ne, select, type Tensor } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { singleLayer, unfitInput } from "../single.ts";

/** Options of `masking`. */
export interface MaskingOptions extends LayerOptions {
  /** The value that fills a step that does not count; default 0. */
  readonly maskValue?: number;
}

/**
 * Leaves out the steps of sequences [batch, steps, …] that hold nothing but `maskValue`, such as those with which `padSequences`
 * fills them up: the output has zeros there, and a mask goes with it. Recurrent layers keep their states at such steps,
 * attention does not look at them, and losses and metrics do not count them. Throws for inputs without steps and features.
 *
 * @example
 * ```ts
 * import { lstm, masking, stack } from "neurite/nn";
 *
 * const network = stack([masking({ inputShape: [20, 3] }), lstm({ units: 8 })]);
 * ```
 */
export function masking(options: MaskingOptions = {}): Layer {
  return maskingFrom(options);
}

/** `masking` from options that were read. */
export function maskingFrom(options: object): Layer {
  const read = new OptionsReader("masking", options, ["maskValue"]);
  const maskValue = read.number("maskValue", 0);
  const maskOf = (x: Tensor): Tensor => any(ne(x, maskValue), { axis: x.shape.map((_, i) => i).slice(2) });
  return singleLayer(read, {
    config: { maskValue },
    outputShape: (input) => {
      if (input.length < 2) throw unfitInput("masking", input, "sequences [steps, features]");
      return input;
    },
    output: (x) => {
      const spread = x.shape.slice(2).reduce((mask) => expandDims(mask, -1), maskOf(x));
      return select(spread, x, 0);
    },
    mask: (mask, x) => (mask === undefined ? maskOf(x) : logicalAnd(maskOf(x), mask)),
  });
}
