import { add, mul, split, sub } from "../../tensor/index.ts";
import { type ActivationLike, activationOf } from "../activations/activations.ts";
import type { Layer } from "../layer.ts";
import { type RecurrentOptions, readRecurrent, recurrentLayer } from "./recurrent.ts";

/** Options of `gru`. */
export interface GruOptions extends RecurrentOptions {
  /** The activation of the gates; default `sigmoid`. */
  readonly recurrentActivation?: ActivationLike;
  /** Whether the reset gate acts on h U and not on h, so that each step has one product; default true. */
  readonly resetAfter?: boolean;
}

/**
 * Gated recurrent units (lecture 4, "Gated Recurrent Units"; Cho et al. 2014): an update gate z mixes the state h with a
 * candidate that sees as much of h as the reset gate r lets through.
 *
 * z, r = σ(x W + h U + b), h̃ = tanh(x W + b + r ∘ (h U + bᵤ)), h ← z ∘ h + (1 − z) ∘ h̃; without `resetAfter`
 * h̃ = tanh(x W + b + (r ∘ h) U). Sequences [batch, steps, n] give the last h, [batch, units], or with `returnSequences` all
 * of them. `weights` are [n, 3 units], `recurrentWeights` [units, 3 units], `biases` and, with `resetAfter`, `recurrentBiases`
 * [3 units], in the order z, r, h̃. A further input is the initial h; with `returnState` the last one is a further output. Steps
 * that a mask leaves out keep the state. Throws for options and input shapes that do not fit, and in training with dropout
 * without a key.
 *
 * @example
 * ```ts
 * import { gru } from "neurite/nn";
 *
 * const { outputShapes } = gru({ units: 8, returnSequences: true }).init(random.key(0), [[20, 3]], "f32"); // [[20, 8]]
 * ```
 */
export function gru(options: GruOptions): Layer {
  return gruFrom(options);
}

/** `gru` from options that were read. */
export function gruFrom(options: object): Layer {
  const read = readRecurrent("gru", options, ["recurrentActivation", "resetAfter"]);
  const activation = activationOf("gru", read.value("activation") ?? "tanh");
  const gate = activationOf("gru", read.value("recurrentActivation") ?? "sigmoid");
  const resetAfter = read.flag("resetAfter", true);
  return recurrentLayer(read, {
    config: { activation: activation.config, recurrentActivation: gate.config, resetAfter },
    blocks: 3,
    states: 1,
    hasRecurrentBiases: resetAfter,
    step: (projected, [h], product) => {
      const [zOfUpdate, zOfReset, zOfCandidate] = split(projected, 3, 1);
      const [ofUpdate, ofReset, ofCandidate] = split(
        product(h, 0, resetAfter ? 3 : 2),
        resetAfter ? 3 : 2,
        1,
      );
      const update = gate.apply(add(zOfUpdate, ofUpdate));
      const reset = gate.apply(add(zOfReset, ofReset));
      const seen = resetAfter ? mul(reset, ofCandidate) : product(mul(reset, h), 2, 3);
      const candidate = activation.apply(add(zOfCandidate, seen));
      return [add(mul(update, h), mul(sub(1, update), candidate))];
    },
  });
}
