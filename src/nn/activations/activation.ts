import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { activated, sameMask, singleLayer } from "../single.ts";
import { type ActivationLike, activationOf } from "./activations.ts";

/**
 * An activation on its own, a = σ(z), by its name or with options as in `{ type: "leakyRelu", negativeSlope: 0.1 }`; softmax is
 * over the last axis. Throws for an unknown name or option.
 *
 * @example
 * ```ts
 * import { activation } from "neurite/nn";
 *
 * const [a] = activation("relu").apply({ params: {}, state: {} }, [tensor([[-1, 2]])]).outputs; // [[0, 2]]
 * ```
 */
export function activation(chosen: ActivationLike, options: LayerOptions = {}): Layer {
  return activationFrom({ ...options, activation: chosen });
}

/** `activation` from options that were read. */
export function activationFrom(options: object): Layer {
  const read = new OptionsReader("activation", options, ["activation"]);
  const chosen = activationOf("activation", read.value("activation"));
  return singleLayer(read, {
    mask: sameMask,
    config: { activation: chosen.config },
    outputShape: (input) => input,
    output: (z) => activated(chosen, z),
  });
}
