import { isInteger } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { ne, take } from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer } from "../layer.ts";
import { describeMade } from "../made.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { type RegularizerLike, regularizerOf } from "../regularizers/regularizer-table.ts";
import { parameter, singleLayer } from "../single.ts";

/** Options of `embedding`. */
export interface EmbeddingOptions extends LayerOptions {
  /** The number of ids, 0 to inputDim − 1. */
  readonly inputDim: number;
  /** The length of the vector of each. */
  readonly outputDim: number;
  /** How the vectors begin; default `uniform`. */
  readonly embeddingsInitializer?: InitializerLike;
  /** A penalty on the vectors, added to the loss; default none. */
  readonly embeddingsRegularizer?: RegularizerLike;
  /** Whether the id 0 fills up short sequences, which a mask then leaves out; default false. */
  readonly maskZero?: boolean;
}

/**
 * A vector for each integer id, such as that of a word (Bengio et al. 2003): [batch, …] → [batch, …, outputDim]; `weights` are
 * [inputDim, outputDim]. Throws for ids that are no integers; an id out of range is reported when an output is read.
 *
 * @example
 * ```ts
 * import { embedding } from "neurite/nn";
 *
 * const layer = embedding({ inputDim: 1000, outputDim: 8 });
 * const variables = layer.init(random.key(0), [[5]], "f32");
 * const ids = tensor([[1, 2, 3, 2, 1]], { dtype: "i32" });
 * const [vectors] = layer.apply(variables, [ids]).outputs; // of shape [1, 5, 8]
 * ```
 */
export function embedding(options: EmbeddingOptions): Layer {
  return embeddingFrom(options);
}

/** `embedding` from options that were read. */
export function embeddingFrom(options: object): Layer {
  const known = ["inputDim", "outputDim", "embeddingsInitializer", "embeddingsRegularizer", "maskZero"];
  const read = new OptionsReader("embedding", options, known);
  const inputDim = read.count("inputDim");
  const outputDim = read.count("outputDim");
  const maskZero = read.flag("maskZero", false);
  const initializer = initializerOf(read.value("embeddingsInitializer") ?? "uniform");
  const regularizer = regularizerOf(read.value("embeddingsRegularizer"));
  const layer = singleLayer(read, {
    config: {
      inputDim,
      outputDim,
      embeddingsInitializer: describeMade(initializer),
      ...(regularizer && { embeddingsRegularizer: describeMade(regularizer) }),
      maskZero,
    },
    outputShape: (input) => [...input, outputDim],
    params: (key, _, dtype) => ({ weights: initializer(key, [inputDim, outputDim], dtype) }),
    output: (ids, params) => {
      if (isInteger(ids.dtype)) return take(parameter("embedding", params, "weights"), ids);
      throw new NeuriteError({
        operation: "embedding",
        got: `ids of dtype ${ids.dtype}`,
        expected: "integers",
        hint: 'make them with tensor(ids, { dtype: "i32" })',
      });
    },
    mask: (mask, ids) => (maskZero ? ne(ids, 0) : mask),
    penalties: (params) => (regularizer ? [regularizer(parameter("embedding", params, "weights"))] : []),
  });
  return { ...layer, takesIds: [true] };
}
