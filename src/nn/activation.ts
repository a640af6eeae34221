import { mark } from "../tensor/index.ts";
import { type ActivationName, activationNames, activations } from "./activations.ts";
import type { Layer } from "./layer.ts";
import { type LayerOptions, OptionsReader } from "./options.ts";
import { headOf, singleLayer } from "./single.ts";

/**
 * An activation on its own, a = σ(z); softmax is over the last axis. Throws for an unknown name.
 *
 * @example
 * ```ts
 * import { activation } from "neurite/nn";
 *
 * const [a] = activation("relu").apply({ params: {}, state: {} }, [tensor([[-1, 2]])]).outputs; // [[0, 2]]
 * ```
 */
export function activation(name: ActivationName, options: LayerOptions = {}): Layer {
  return activationFrom({ ...options, activation: name });
}

/** `activation` from options that were read. */
export function activationFrom(options: object): Layer {
  const read = new OptionsReader("activation", options, ["activation"]);
  const ending = (name: ActivationName): Layer =>
    singleLayer(read, {
      config: { activation: name },
      outputShape: (input) => input,
      output: (z) => mark("a", activations[name](mark("z", z))),
      head: headOf(name, () => ending("linear")),
    });
  return ending(read.choice("activation", activationNames));
}
