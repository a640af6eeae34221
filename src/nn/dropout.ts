import { NeuriteError } from "../base/error.ts";
import { dropout as drop } from "../tensor/index.ts";
import type { Layer } from "./layer.ts";
import { type LayerOptions, OptionsReader } from "./options.ts";
import { singleLayer } from "./single.ts";

/** Options of `dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** The probability with which a value is dropped, from 0 to below 1. */
  readonly rate: number;
}

/**
 * In training, zeros each value with probability `rate` and divides the others by 1 − rate, so that the mean stays; at all
 * other times the identity (lecture 4, "New types of regularization"; Srivastava et al. 2014). Throws for a rate outside
 * [0, 1), and in training without a key.
 *
 * @example
 * ```ts
 * import { dropout } from "neurite/nn";
 *
 * const nothing = { params: {}, state: {} };
 * const [y] = dropout({ rate: 0.5 }).apply(nothing, [ones([1, 8])], { training: true, key: random.key(0) }).outputs;
 * // zeros and twos
 * ```
 */
export function dropout(options: DropoutOptions): Layer {
  return dropoutFrom(options);
}

/** `dropout` from options that were read. */
export function dropoutFrom(options: object): Layer {
  const read = new OptionsReader("dropout", options, ["rate"]);
  const rate = read.number("rate");
  if (rate < 0 || rate >= 1) throw read.unfit("rate", rate, "a number from 0 to below 1");
  return singleLayer(read, {
    config: { rate },
    outputShape: (input) => input,
    output: (x, _, { training = false, key }) => {
      if (!training || rate === 0) return x;
      if (key !== undefined) return drop(x, { rate, key });
      throw new NeuriteError({
        operation: "dropout",
        got: "no key",
        expected: "a key in training",
        hint: "apply with { training: true, key: random.key(0) }",
      });
    },
  });
}
