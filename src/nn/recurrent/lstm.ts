import { add, concatenate, mul, ones, slice, split } from "../../tensor/index.ts";
import { type ActivationLike, activationOf } from "../activations/activations.ts";
import type { Layer } from "../layer.ts";
import { type RecurrentOptions, readRecurrent, recurrentLayer } from "./recurrent.ts";

/** Options of `lstm`. */
export interface LstmOptions extends RecurrentOptions {
  /** The activation of the gates; default `sigmoid`. */
  readonly recurrentActivation?: ActivationLike;
  /** Whether 1 is added to the biases of the forget gate at the beginning, so that it is open; default true. */
  readonly unitForgetBias?: boolean;
}

/**
 * Long short-term memory (lecture 4, "LSTMs"; Hochreiter and Schmidhuber 1997): a memory c that gates let in, keep and let out.
 *
 * Γᵤ, Γ_f, Γₒ = σ(x W + a U + b), c̃ = tanh(x W + a U + b), c ← Γ_f ∘ c + Γᵤ ∘ c̃, a ← Γₒ ∘ tanh(c). Sequences [batch, steps, n] give
 * the last a, [batch, units], or with `returnSequences` all of them, [batch, steps, units]. `weights` are [n, 4 units],
 * `recurrentWeights` [units, 4 units], `biases` [4 units], in the order Γᵤ, Γ_f, c̃, Γₒ. Further inputs are the initial a and c;
 * with `returnState` the last ones are further outputs. Steps that a mask leaves out keep the states. Throws for options and
 * input shapes that do not fit, and in training with dropout without a key.
 *
 * @example
 * ```ts
 * import { dense, lstm, stack } from "neurite/nn";
 *
 * const reader = stack([lstm({ units: 128, inputShape: [28, 28] }), dense({ units: 10, activation: "softmax" })]);
 * const { outputShapes } = reader.init(random.key(0), [[28, 28]], "f32"); // [[10]]
 * ```
 */
export function lstm(options: LstmOptions): Layer {
  return lstmFrom(options);
}

/** `lstm` from options that were read. */
export function lstmFrom(options: object): Layer {
  const read = readRecurrent("lstm", options, ["recurrentActivation", "unitForgetBias"]);
  const activation = activationOf("lstm", read.value("activation") ?? "tanh");
  const gate = activationOf("lstm", read.value("recurrentActivation") ?? "sigmoid");
  const unitForgetBias = read.flag("unitForgetBias", true);
  const units = read.count("units");
  return recurrentLayer(read, {
    config: { activation: activation.config, recurrentActivation: gate.config, unitForgetBias },
    blocks: 4,
    states: 2,
    biases: (initial) => {
      if (!unitForgetBias) return initial;
      const [before, after] = [slice(initial, [0], [units]), slice(initial, [2 * units])];
      return concatenate([before, ones([units], initial.dtype), after]);
    },
    step: (z, [a, c], product) => {
      const [update, forget, candidate, output] = split(add(z, product(a)), 4, 1);
      const memory = add(mul(gate.apply(forget), c), mul(gate.apply(update), activation.apply(candidate)));
      return [mul(gate.apply(output), activation.apply(memory)), memory];
    },
  });
}
