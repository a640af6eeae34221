import { add } from "../../tensor/index.ts";
import { activationOf } from "../activations/activations.ts";
import type { Layer } from "../layer.ts";
import { type RecurrentOptions, readRecurrent, recurrentLayer } from "./recurrent.ts";

/**
 * The simple recurrent network h ← σ(x W + h U + b): each step sees its input and the outputs of the step before (Elman 1990).
 *
 * Sequences [batch, steps, n] give the last h, [batch, units], or with `returnSequences` all of them, [batch, steps, units].
 * `weights` are [n, units], `recurrentWeights` [units, units], `biases` [units]. A further input is the initial h; with
 * `returnState` the last one is a further output. Steps that a mask leaves out keep the state. Throws for options and input
 * shapes that do not fit, and in training with dropout without a key.
 *
 * @example
 * ```ts
 * import { simpleRnn } from "neurite/nn";
 *
 * const layer = simpleRnn({ units: 8 });
 * const variables = layer.init(random.key(0), [[20, 3]], "f32");
 * const [last] = layer.apply(variables, [zeros([4, 20, 3])]).outputs; // of shape [4, 8]
 * ```
 */
export function simpleRnn(options: RecurrentOptions): Layer {
  return simpleRnnFrom(options);
}

/** `simpleRnn` from options that were read. */
export function simpleRnnFrom(options: object): Layer {
  const read = readRecurrent("simpleRnn", options, []);
  const activation = activationOf("simpleRnn", read.value("activation") ?? "tanh");
  return recurrentLayer(read, {
    config: { activation: activation.config },
    blocks: 1,
    states: 1,
    step: (z, [h], product) => [activation.apply(add(z, product(h)))],
  });
}
