import { matmul } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { sameMask, unfitInput } from "../single.ts";
import { type WeightedOptions, weightedLayer, weightedOptions } from "../weighted.ts";

/** Options of `dense`. */
export interface DenseOptions extends WeightedOptions {
  /** The number of outputs. */
  readonly units: number;
}

/**
 * A fully connected layer, a = σ(x W + b): every output sees every input (lecture 2, "Activating the Neuron"; lecture 4, "Neural
 * Network models").
 *
 * Inputs [batch, …, n] give [batch, …, units]; `weights` are [n, units], `biases` [units]. Throws for options and input
 * shapes that do not fit.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * const layer = dense({ units: 10, activation: "softmax", inputShape: [784] });
 * const { params, outputShapes } = layer.init(random.key(0), [[784]], "f32"); // weights [784, 10], biases [10]; [[10]]
 * const [probabilities] = layer.apply({ params, state: {} }, [zeros([32, 784])]).outputs; // shape [32, 10]
 * ```
 */
export function dense(options: DenseOptions): Layer {
  return denseFrom(options);
}

/** `dense` from options that were read. */
export function denseFrom(options: object): Layer {
  const read = new OptionsReader("dense", options, ["units", ...weightedOptions]);
  const units = read.count("units");
  return weightedLayer(read, {
    config: { units },
    weightsShape: (input) => [input[input.length - 1], units],
    outputShape: (input) => {
      if (input.length === 0) throw unfitInput("dense", input, "at least one axis");
      return [...input.slice(0, -1), units];
    },
    linear: matmul,
    mask: sameMask,
  });
}
