import { add, mark, random, type Shape, type Tensor } from "../tensor/index.ts";
import { type ActivationName, activationNames, activations } from "./activations.ts";
import { describeInitializer, type InitializerLike, initializerOf } from "./initializer-table.ts";
import type { Layer, LayerConfig } from "./layer.ts";
import type { LayerOptions, OptionsReader } from "./options.ts";
import { headOf, parameter, singleLayer } from "./single.ts";

/** Options of layers with weights and biases. */
export interface WeightedOptions extends LayerOptions {
  /** Default `linear`: none. */
  readonly activation?: ActivationName;
  /** Whether biases are added; default true. */
  readonly useBias?: boolean;
  /** How the weights begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
  /** How the biases begin; default `zeros`. */
  readonly biasInitializer?: InitializerLike;
}

/** The names of these options. */
export const weightedOptions: readonly string[] = [
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
];

/** What is a layer's own: z = linear(x, W) + b, a = σ(z). */
export interface WeightedParts {
  readonly config: LayerConfig;
  weightsShape(input: Shape): Shape;
  outputShape(input: Shape): Shape;
  linear(x: Tensor, weights: Tensor): Tensor;
}

/** A layer with `weights`, and `biases` for the last axis of its output; it marks z and a. */
export function weightedLayer(options: OptionsReader, parts: WeightedParts): Layer {
  const useBias = options.flag("useBias", true);
  const kernelInitializer = initializerOf(options.value("kernelInitializer") ?? "glorotUniform");
  const biasInitializer = initializerOf(options.value("biasInitializer") ?? "zeros");
  const { type } = options;
  const ending = (activation: ActivationName): Layer =>
    singleLayer(options, {
      config: {
        ...parts.config,
        activation,
        useBias,
        kernelInitializer: describeInitializer(kernelInitializer),
        biasInitializer: describeInitializer(biasInitializer),
      },
      outputShape: parts.outputShape,
      params: (key, input, dtype) => {
        const [keyOfWeights, keyOfBiases] = random.split(key);
        const weights = kernelInitializer(keyOfWeights, parts.weightsShape(input), dtype);
        if (!useBias) return { weights };
        return { weights, biases: biasInitializer(keyOfBiases, parts.outputShape(input).slice(-1), dtype) };
      },
      output: (x, params) => {
        const product = parts.linear(x, parameter(type, params, "weights"));
        const z = mark("z", useBias ? add(product, parameter(type, params, "biases")) : product);
        return mark("a", activations[activation](z));
      },
      head: headOf(activation, () => ending("linear")),
    });
  return ending(options.choice("activation", activationNames, "linear"));
}
