import { NeuriteError } from "../../base/error.ts";
import type { Shape } from "../../tensor/index.ts";
import type { ActivationLike } from "../activations/activations.ts";
import { activationOf } from "../activations/activations.ts";
import { denseFrom } from "../dense/dense.ts";
import type { Layer } from "../layer.ts";
import { residual } from "../networks/residual.ts";
import { type Stack, stack } from "../networks/stack.ts";
import { dropout } from "../noise/dropout.ts";
import { layerNormalization } from "../normalization/layer-normalization.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { multiHeadAttentionFrom } from "./attention.ts";

/** Options of `transformerBlock`. */
export interface TransformerOptions extends LayerOptions {
  /** The heads of the attention; they divide the features. */
  readonly numHeads: number;
  /** The units between the two dense layers behind the attention. */
  readonly units: number;
  /** The activation of these units; default `relu`. */
  readonly activation?: ActivationLike;
  /** Whether a step sees itself and those before it only; default false. */
  readonly causal?: boolean;
  /** The part of attention weights, of what attention adds and of what the dense layers add that is dropped; default 0. */
  readonly dropout?: number;
  /** Whether to normalise before attention and dense layers, and not behind the sums; default false. */
  readonly normalizeFirst?: boolean;
  /** Added to variances before the root; default 0.001. */
  readonly epsilon?: number;
}

const known = ["numHeads", "units", "activation", "causal", "dropout", "normalizeFirst", "epsilon"];

/**
 * A block of a transformer (Vaswani et al. 2017): y = N(x + attention(x)), then N(y + W₂ σ(W₁ y)) for each step, where N is a
 * layer normalisation; with `normalizeFirst` y = x + attention(N(x)), y + W₂ σ(W₁ N(y)).
 *
 * Inputs [batch, steps, features] keep their shape. Parameters are those of the layers, under `attention` and `feedForward`.
 * Steps that a mask leaves out are not seen. Throws for inputs without steps and for features that the heads do not divide.
 *
 * @example
 * ```ts
 * import { dense, embedding, globalAvgPool1d, positionalEmbedding, stack, transformerBlock } from "neurite/nn";
 *
 * const reader = stack([
 *   embedding({ inputDim: 1000, outputDim: 32 }),
 *   positionalEmbedding(),
 *   transformerBlock({ numHeads: 4, units: 64 }),
 *   globalAvgPool1d(),
 *   dense({ units: 2, activation: "softmax" }),
 * ]);
 * const { outputShapes } = reader.init(random.key(0), [[20]], "f32"); // [[2]]
 * ```
 */
export function transformerBlock(options: TransformerOptions): Layer {
  return transformerBlockFrom(options);
}

/** `transformerBlock` from options that were read. */
export function transformerBlockFrom(options: object): Layer {
  const type = "transformerBlock";
  const read = new OptionsReader(type, options, known);
  const { name, inputShape } = read;
  const numHeads = read.count("numHeads");
  const units = read.count("units");
  const activation = activationOf(type, read.value("activation") ?? "relu");
  const causal = read.flag("causal", false);
  const rate = read.rate("dropout", 0);
  const normalizeFirst = read.flag("normalizeFirst", false);
  const epsilon = read.number("epsilon", 0.001);

  const blockOf = (features: number): Stack => {
    const part = (part: string, layers: readonly Layer[]): readonly Layer[] => {
      const norm = layerNormalization({ epsilon, name: normalizeFirst ? "norm" : `${part}Norm` });
      const changes = [...layers, dropout({ rate })];
      return normalizeFirst
        ? [residual([norm, ...changes], { name: part })]
        : [residual(changes, { name: part }), norm];
    };
    return stack([
      ...part("attention", [multiHeadAttentionFrom({ numHeads, causal, dropout: rate, name: "heads" })]),
      ...part("feedForward", [
        denseFrom({ units, name: "hidden", activation: activation.config }),
        denseFrom({ units: features, name: "output" }),
      ]),
    ]);
  };
  return {
    type,
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      ...{ numHeads, units, activation: activation.config, causal, dropout: rate, normalizeFirst, epsilon },
      ...(inputShape !== undefined && { inputShape }),
    },
    init: (key, inputShapes, dtype) => blockOf(featuresOf(type, inputShapes)).init(key, inputShapes, dtype),
    apply: (variables, inputs, given) => {
      const [{ shape }] = inputs;
      return blockOf(shape[shape.length - 1]).apply(variables, inputs, given);
    },
  };
}

function featuresOf(type: string, shapes: readonly Shape[]): number {
  const [shape] = shapes;
  if (shapes.length === 1 && shape.length === 2) return shape[1];
  throw new NeuriteError({
    operation: type,
    got: `inputs of shape ${shapes.map((one) => `[${one.join(", ")}]`).join(" and ")}`,
    expected: "one input [steps, features]",
  });
}
