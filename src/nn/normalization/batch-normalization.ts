import { add, full, mul, reshape, type Tensor } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { parameter, sameMask, singleLayer, unfitInput } from "../single.ts";
import { affineOf, momentsOf, type NormalizationOptions, normalizationOptions } from "./normalization.ts";

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** The share of the moving mean and variance that a step keeps, from 0 to 1; default 0.99. */
  readonly momentum?: number;
}

/**
 * Every channel to mean 0 and variance 1 over the batch and all positions; then scaled by γ (`weights`, [channels]) and
 * shifted by β (`biases`) (lecture 2, "Ioffe (2015): Batch normalization"; Ioffe and Szegedy 2015).
 *
 * In training the moments are those of the batch, and the state `mean` and `variance` moves towards them:
 * mean ← momentum · mean + (1 − momentum) · mean of the batch. At all other times the state is used, so that an output
 * depends on its own input only. The variance is that of the population, as in Keras. Inputs [batch, …, channels] keep
 * their shape. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { batchNormalization } from "neurite/nn";
 *
 * const layer = batchNormalization({ epsilon: 0, momentum: 0.5 });
 * const variables = layer.init(random.key(0), [[1]], "f32");
 * const { outputs, state } = layer.apply(variables, [tensor([[1], [3]])], { training: true });
 * const [y] = outputs; // [[-1], [1]]
 * ```
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  return batchNormalizationFrom(options);
}

/** `batchNormalization` from options that were read. */
export function batchNormalizationFrom(options: object): Layer {
  const type = "batchNormalization";
  const read = new OptionsReader(type, options, ["momentum", ...normalizationOptions]);
  const momentum = read.number("momentum", 0.99);
  if (momentum < 0 || momentum > 1) throw read.unfit("momentum", momentum, "a number from 0 to 1");
  const affine = affineOf(read);
  const move = (old: Tensor, fresh: Tensor): Tensor =>
    add(mul(old, momentum), mul(reshape(fresh, old.shape), 1 - momentum));
  return singleLayer(read, {
    mask: sameMask,
    config: { momentum, ...affine.config },
    outputShape: (input) => {
      if (input.length > 0) return input;
      throw unfitInput(type, input, "at least one axis");
    },
    params: (key, input, dtype) => affine.params(key, input.slice(-1), dtype),
    state: (input, dtype) => ({
      mean: full(input.slice(-1), 0, dtype),
      variance: full(input.slice(-1), 1, dtype),
    }),
    output: (x, params, { training = false }, state) => {
      const moving = { mean: parameter(type, state, "mean"), variance: parameter(type, state, "variance") };
      const channels = x.shape.slice(-1);
      if (!training) return affine.normalize(x, moving, params, channels);
      const moments = momentsOf(
        x,
        Array.from({ length: x.shape.length - 1 }, (_, axis) => axis),
      );
      return {
        output: affine.normalize(x, moments, params, channels),
        state: {
          mean: move(moving.mean, moments.mean),
          variance: move(moving.variance, moments.variance),
        },
      };
    },
  });
}
