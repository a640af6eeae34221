import { NeuriteError } from "../../base/error.ts";
import { formatShape } from "../../base/shape.ts";
import {
  add,
  dropout as drop,
  einsum,
  expandDims,
  ge,
  iota,
  logicalAnd,
  mark,
  matmul,
  mul,
  random,
  reshape,
  type Shape,
  select,
  softmax,
  type Tensor,
  zeros,
} from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { ApplyOptions, Layer, Masks, NamedTensorTree } from "../layer.ts";
import { describeMade } from "../made.ts";
import { partOf } from "../networks/stack.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { parameter, requireKey } from "../single.ts";

/** Options of `multiHeadAttention`. */
export interface AttentionOptions extends LayerOptions {
  /** How many weightings of the steps stand side by side. */
  readonly numHeads: number;
  /** The length of queries and keys in each head; default: the features of the first input, divided among the heads. */
  readonly keyDim?: number;
  /** The length of values in each head; default: that of the keys. */
  readonly valueDim?: number;
  /** Whether a step sees itself and those before it only; default false: all. */
  readonly causal?: boolean;
  /** Whether biases are added; default true. */
  readonly useBias?: boolean;
  /** The part of the attention weights that is dropped in training; default 0. */
  readonly dropout?: number;
  /** How the weights begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
}

/** The four products of an attention. */
const projections = ["query", "key", "value", "output"] as const;
type Projection = (typeof projections)[number];

// Finite, so that where a query may see nothing its weights are even, and not NaN.
const hidden = -1e30;

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2): every step of the first input is answered by a mean of the values of
 * all steps of the second, weighed by softmax(q kᵀ / √keyDim).
 *
 * Inputs are [batch, steps, features]: one that asks itself; or queries and values; or queries, values and keys. The output has
 * the steps and features of the first. `query`, `key`, `value` and `output` hold `weights` [features, heads · length] and
 * `biases`. Steps that a mask leaves out are not seen. Throws for shapes that do not fit, for features that the heads do not
 * divide where `keyDim` is not given, and in training with dropout without a key.
 *
 * @example
 * ```ts
 * import { multiHeadAttention } from "neurite/nn";
 *
 * const layer = multiHeadAttention({ numHeads: 2, causal: true });
 * const { outputShapes } = layer.init(random.key(0), [[20, 8]], "f32"); // [[20, 8]]
 * ```
 */
export function multiHeadAttention(options: AttentionOptions): Layer {
  return multiHeadAttentionFrom(options);
}

const known = ["numHeads", "keyDim", "valueDim", "causal", "useBias", "dropout", "kernelInitializer"];

/** `multiHeadAttention` from options that were read. */
export function multiHeadAttentionFrom(options: object): Layer {
  const type = "multiHeadAttention";
  const read = new OptionsReader(type, options, known);
  const { name, inputShape } = read;
  const numHeads = read.count("numHeads");
  const given = { keyDim: optionalCount(read, "keyDim"), valueDim: optionalCount(read, "valueDim") };
  const causal = read.flag("causal", false);
  const useBias = read.flag("useBias", true);
  const rate = read.rate("dropout", 0);
  const initializer = initializerOf(read.value("kernelInitializer") ?? "glorotUniform");
  return {
    type,
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      numHeads,
      ...(given.keyDim !== undefined && { keyDim: given.keyDim }),
      ...(given.valueDim !== undefined && { valueDim: given.valueDim }),
      causal,
      useBias,
      dropout: rate,
      kernelInitializer: describeMade(initializer),
      ...(inputShape !== undefined && { inputShape }),
    },
    init: (key, inputShapes, dtype) => {
      const [query, value = query, keys = value] = checkShapes(type, inputShapes);
      const [, features] = query;
      const keyDim = given.keyDim ?? features / numHeads;
      if (!Number.isInteger(keyDim)) {
        throw new NeuriteError({
          operation: type,
          got: `${features} features for ${numHeads} heads`,
          expected: "a multiple of the heads",
          hint: "or give keyDim",
        });
      }
      const valueDim = given.valueDim ?? keyDim;
      const shapes: Readonly<Record<Projection, Shape>> = {
        query: [features, numHeads * keyDim],
        key: [keys[1], numHeads * keyDim],
        value: [value[1], numHeads * valueDim],
        output: [numHeads * valueDim, features],
      };
      const params = projections.map((projection, i): [string, NamedTensorTree] => {
        const weights = initializer(random.foldIn(key, i), shapes[projection], dtype);
        if (!useBias) return [projection, { weights }];
        return [projection, { weights, biases: zeros([shapes[projection][1]], dtype) }];
      });
      return { params: Object.fromEntries(params), state: {}, outputShapes: [query] };
    },
    apply: ({ params, state }, [query, value = query, keys = value], options = {}) => {
      const project = (x: Tensor, projection: Projection): Tensor => {
        const own = partOf(params, projection);
        const product = matmul(x, parameter(type, own, "weights"));
        return useBias ? add(product, parameter(type, own, "biases")) : product;
      };
      const heads = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, 2), numHeads, -1]);
      const q = heads(project(query, "query"));
      const k = heads(project(keys, "key"));
      const v = heads(project(value, "value"));
      const scores = mul(einsum("bthd,bshd->bhts", q, k), 1 / Math.sqrt(q.shape[3]));
      const seen = seenSteps(query, keys, causal, options.masks);
      const weights = mark("weights", softmax(seen === undefined ? scores : select(seen, scores, hidden)));
      const dropped = dropWeights(type, weights, rate, options);
      const answers = einsum("bhts,bshd->bthd", dropped, v);
      const mask = options.masks?.[0];
      return {
        outputs: [mark("a", project(reshape(answers, [...query.shape.slice(0, 2), -1]), "output"))],
        state,
        ...(mask !== undefined && { masks: [mask] }),
      };
    },
  };
}

/** Which steps s a step t sees, to be broadcast to [batch, heads, t, s]; undefined: all. */
function seenSteps(query: Tensor, keys: Tensor, causal: boolean, masks: Masks = []): Tensor | undefined {
  const mask = masks.length < 2 ? masks[0] : (masks[2] ?? masks[1]);
  const filled = mask && expandDims(expandDims(mask, 1), 1);
  if (!causal) return filled;
  const [t, s] = [query.shape[1], keys.shape[1]];
  const past = ge(expandDims(iota(t), 1), expandDims(iota(s), 0));
  return filled === undefined ? past : logicalAnd(past, filled);
}

function dropWeights(type: string, weights: Tensor, rate: number, options: ApplyOptions): Tensor {
  if (options.training !== true || rate === 0) return weights;
  return drop(weights, { rate, key: requireKey(type, options) });
}

function checkShapes(type: string, shapes: readonly Shape[]): readonly Shape[] {
  const [query, value = query, keys = value] = shapes;
  const fits =
    shapes.length <= 3 && [query, value, keys].every(({ length }) => length === 2) && value[0] === keys[0];
  if (fits) return shapes;
  throw new NeuriteError({
    operation: type,
    got: `inputs of shape ${shapes.map(formatShape).join(" and ")}`,
    expected: "one to three of [steps, features]: queries, values and keys, the last two with the same steps",
  });
}

function optionalCount(read: OptionsReader, option: string): number | undefined {
  return read.value(option) === undefined ? undefined : read.count(option);
}
