import { add, type DType, type Shape, type Tensor, tensor } from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer } from "../layer.ts";
import { describeMade } from "../made.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { parameter, sameMask, singleLayer, unfitInput } from "../single.ts";

/** How positions become vectors. */
export type PositionalEncoding = "sinusoidal" | "learned";

/** Options of `positionalEmbedding`. */
export interface PositionalOptions extends LayerOptions {
  /** Waves of growing lengths, or `weights` [steps, features] that are learned; default `sinusoidal`. */
  readonly encoding?: PositionalEncoding;
  /** How learned vectors begin; default `uniform`. */
  readonly embeddingsInitializer?: InitializerLike;
}

/**
 * Adds to each step of sequences [batch, steps, features] a vector that says where it stands, which attention does not see by
 * itself.
 *
 * Sinusoidal (Vaswani et al. 2017, section 3.5): sin(p / 10000^(2i / features)) at 2i and the cosine at 2i + 1, for position p.
 * Learned ones are for one number of steps. Throws for inputs without steps.
 *
 * @example
 * ```ts
 * import { positionalEmbedding } from "neurite/nn";
 *
 * const layer = positionalEmbedding();
 * const [y] = layer.apply({ params: {}, state: {} }, [zeros([1, 2, 2])]).outputs; // [[[0, 1], [0.8415, 0.5403]]]
 * ```
 */
export function positionalEmbedding(options: PositionalOptions = {}): Layer {
  return positionalEmbeddingFrom(options);
}

/** `positionalEmbedding` from options that were read. */
export function positionalEmbeddingFrom(options: object): Layer {
  const type = "positionalEmbedding";
  const read = new OptionsReader(type, options, ["encoding", "embeddingsInitializer"]);
  const encoding = read.choice<PositionalEncoding>("encoding", ["sinusoidal", "learned"], "sinusoidal");
  const initializer = initializerOf(read.value("embeddingsInitializer") ?? "uniform");
  const isLearned = encoding === "learned";
  return singleLayer(read, {
    config: { encoding, ...(isLearned && { embeddingsInitializer: describeMade(initializer) }) },
    mask: sameMask,
    outputShape: (input) => {
      if (input.length !== 2) throw unfitInput(type, input, "sequences [steps, features]");
      return input;
    },
    params: (key, input, dtype) => (isLearned ? { weights: initializer(key, input, dtype) } : {}),
    output: (x, params) =>
      add(x, isLearned ? parameter(type, params, "weights") : waves(x.shape.slice(1), x.dtype)),
  });
}

function waves([steps, features]: Shape, dtype: DType): Tensor {
  const elements = Float64Array.from({ length: steps * features }, (_, i) => {
    const [position, feature] = [Math.floor(i / features), i % features];
    const angle = position / 10000 ** ((feature - (feature % 2)) / features);
    return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return tensor(elements, { shape: [steps, features], dtype });
}
