import { add, mark, matmul, max, random, reshape } from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer } from "../layer.ts";
import { describeMade } from "../made.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { parameter, sameMask, singleLayer, unfitInput } from "../single.ts";

/** Options of `maxout`. */
export interface MaxoutOptions extends LayerOptions {
  /** The number of outputs. */
  readonly units: number;
  /** The number of linear pieces of each; default 2. */
  readonly pieces?: number;
  /** How the weights begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
  /** How the biases begin; default `zeros`. */
  readonly biasInitializer?: InitializerLike;
}

/**
 * The largest of several linear functions for each output, a = max over k of (x W + b)ₖ: a convex function that is learned
 * (Goodfellow et al. 2013).
 *
 * Inputs [batch, …, n] give [batch, …, units]; `weights` are [n, pieces · units], `biases` [pieces · units], piece by piece.
 * Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { maxout } from "neurite/nn";
 *
 * const { outputShapes } = maxout({ units: 10, pieces: 3 }).init(random.key(0), [[20]], "f32"); // [[10]]
 * ```
 */
export function maxout(options: MaxoutOptions): Layer {
  return maxoutFrom(options);
}

/** `maxout` from options that were read. */
export function maxoutFrom(options: object): Layer {
  const known = ["units", "pieces", "kernelInitializer", "biasInitializer"];
  const read = new OptionsReader("maxout", options, known);
  const units = read.count("units");
  const pieces = read.count("pieces", 2);
  const kernelInitializer = initializerOf(read.value("kernelInitializer") ?? "glorotUniform");
  const biasInitializer = initializerOf(read.value("biasInitializer") ?? "zeros");
  return singleLayer(read, {
    mask: sameMask,
    config: {
      units,
      pieces,
      kernelInitializer: describeMade(kernelInitializer),
      biasInitializer: describeMade(biasInitializer),
    },
    outputShape: (input) => {
      if (input.length === 0) throw unfitInput("maxout", input, "at least one axis");
      return [...input.slice(0, -1), units];
    },
    params: (key, input, dtype) => {
      const [keyOfWeights, keyOfBiases] = random.split(key);
      return {
        weights: kernelInitializer(keyOfWeights, [input[input.length - 1], pieces * units], dtype),
        biases: biasInitializer(keyOfBiases, [pieces * units], dtype),
      };
    },
    output: (x, params) => {
      const product = matmul(x, parameter("maxout", params, "weights"));
      const z = mark("z", add(product, parameter("maxout", params, "biases")));
      const apart = reshape(z, [...z.shape.slice(0, -1), pieces, units]);
      return mark("a", max(apart, { axis: -2 }));
    },
  });
}
