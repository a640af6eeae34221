import { add, div, random, type Shape, type Tensor } from "../tensor/index.ts";
import { type ActivationLike, activationOf } from "./activations/activations.ts";
import { type InitializerLike, initializerOf } from "./initializers/initializer-table.ts";
import type { Layer, LayerConfig } from "./layer.ts";
import { describeMade } from "./made.ts";
import type { LayerOptions, OptionsReader } from "./options.ts";
import { type RegularizerLike, regularizerOf } from "./regularizers/regularizer-table.ts";
import { activated, parameter, singleLayer } from "./single.ts";

/** Options of layers with weights and biases. */
export interface WeightedOptions extends LayerOptions {
  /** Default `linear`: none. */
  readonly activation?: ActivationLike;
  /** Whether biases are added; default true. */
  readonly useBias?: boolean;
  /** How the weights begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
  /** How the biases begin; default `zeros`. */
  readonly biasInitializer?: InitializerLike;
  /** A penalty on the weights, added to the loss; default none. */
  readonly kernelRegularizer?: RegularizerLike;
  /** A penalty on the biases; default none. */
  readonly biasRegularizer?: RegularizerLike;
  /** A penalty on the outputs, the mean over the batch; default none. */
  readonly activityRegularizer?: RegularizerLike;
}

/** The names of these options. */
export const weightedOptions: readonly string[] = [
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
  "activityRegularizer",
];

/** What is a layer's own: z = linear(x, W) + b, a = σ(z). */
export interface WeightedParts {
  readonly config: LayerConfig;
  weightsShape(input: Shape): Shape;
  outputShape(input: Shape): Shape;
  linear(x: Tensor, weights: Tensor): Tensor;
  /** As in `SingleParts`. */
  mask?(mask: Tensor | undefined): Tensor | undefined;
}

/** A layer with `weights`, and `biases` for the last axis of its output; it marks z and a. */
export function weightedLayer(options: OptionsReader, parts: WeightedParts): Layer {
  const useBias = options.flag("useBias", true);
  const kernelInitializer = initializerOf(options.value("kernelInitializer") ?? "glorotUniform");
  const biasInitializer = initializerOf(options.value("biasInitializer") ?? "zeros");
  const kernelRegularizer = regularizerOf(options.value("kernelRegularizer"));
  const biasRegularizer = regularizerOf(options.value("biasRegularizer"));
  const activityRegularizer = regularizerOf(options.value("activityRegularizer"));
  const { type } = options;
  const activation = activationOf(type, options.value("activation") ?? "linear");
  return singleLayer(options, {
    config: {
      ...parts.config,
      activation: activation.config,
      useBias,
      kernelInitializer: describeMade(kernelInitializer),
      biasInitializer: describeMade(biasInitializer),
      ...(kernelRegularizer && { kernelRegularizer: describeMade(kernelRegularizer) }),
      ...(biasRegularizer && { biasRegularizer: describeMade(biasRegularizer) }),
      ...(activityRegularizer && { activityRegularizer: describeMade(activityRegularizer) }),
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
      return activated(activation, useBias ? add(product, parameter(type, params, "biases")) : product);
    },
    penalties: (params, output) => [
      ...(kernelRegularizer ? [kernelRegularizer(parameter(type, params, "weights"))] : []),
      ...(biasRegularizer && useBias ? [biasRegularizer(parameter(type, params, "biases"))] : []),
      ...(activityRegularizer ? [div(activityRegularizer(output), output.shape[0])] : []),
    ],
    ...(parts.mask && { mask: parts.mask }),
  });
}
