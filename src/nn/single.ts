import { NeuriteError } from "../base/error.ts";
import { formatShape } from "../base/shape.ts";
import { add, type DType, mark, type Shape, Tensor } from "../tensor/index.ts";
import type { ChosenActivation } from "./activations/activations.ts";
import type { ApplyOptions, Layer, LayerConfig, Logits, NamedTensorTree } from "./layer.ts";
import type { OptionsReader } from "./options.ts";

/** An output with what else there is to say of it. */
export interface Output {
  readonly output: Tensor;
  /** What the layer carries to the next step; absent: the same as before. */
  readonly state?: NamedTensorTree;
  readonly logits?: Logits | undefined;
}

/** A layer from one tensor to one tensor. */
export interface SingleParts {
  /** The options but `name` and `inputShape`. */
  readonly config: LayerConfig;
  /** The shape of one output; throws for an input shape that does not fit. */
  outputShape(input: Shape): Shape;
  /** The parameters; absent: none. */
  params?(key: Tensor, input: Shape, dtype: DType): NamedTensorTree;
  /** What it carries from step to step, at the beginning; absent: nothing. */
  state?(input: Shape, dtype: DType): NamedTensorTree;
  /** The output; with a state where that changes, with logits where it has some. */
  output(x: Tensor, params: NamedTensorTree, options: ApplyOptions, state: NamedTensorTree): Tensor | Output;
  /** Scalars to be added to the loss; absent: none. */
  penalties?(params: NamedTensorTree, output: Tensor): readonly Tensor[];
  /** The mask of the output, from that of the input x; absent: masks end here. */
  mask?(mask: Tensor | undefined, x: Tensor): Tensor | undefined;
}

/** The mask of layers that make each step of the output from that step of the input. */
export function sameMask(mask: Tensor | undefined): Tensor | undefined {
  return mask;
}

/** The layer of these parts. */
export function singleLayer({ type, name, inputShape }: OptionsReader, parts: SingleParts): Layer {
  return {
    type,
    ...(name !== undefined && { name }),
    config: { ...parts.config, ...(inputShape !== undefined && { inputShape }) },
    ...(inputShape !== undefined && { inputShape }),
    init: (key, inputShapes, dtype) => {
      const input = only(type, inputShapes);
      // First, because it throws for input shapes that do not fit.
      const outputShapes = [parts.outputShape(input)];
      const params = parts.params?.(key, input, dtype) ?? {};
      return { params, state: parts.state?.(input, dtype) ?? {}, outputShapes };
    },
    apply: ({ params, state }, inputs, options = {}) => {
      const x = only(type, inputs);
      const result = parts.output(x, params, options, state);
      const { output, state: after = state, logits } = result instanceof Tensor ? { output: result } : result;
      const penalties = parts.penalties?.(params, output) ?? [];
      const mask = parts.mask?.(options.masks?.[0], x);
      return {
        outputs: [output],
        state: after,
        ...(penalties.length > 0 && { penalty: penalties.reduce(add) }),
        ...(mask !== undefined && { masks: [mask] }),
        ...(logits !== undefined && { logits: [logits] }),
      };
    },
  };
}

/** The activation of z, and z as logits where a cross-entropy can work on them. */
export function activated({ name, apply }: ChosenActivation, z: Tensor): Output {
  // The loss works on the marked z, so that its derivative is the layer's δ.
  const marked = mark("z", z);
  const output = mark("a", apply(marked));
  if (name === "sigmoid") return { output, logits: { sigmoid: marked } };
  return name === "softmax" ? { output, logits: { softmax: marked } } : { output };
}

/** A parameter by name; throws where there is none. */
export function parameter(type: string, params: NamedTensorTree, name: string): Tensor {
  const value = params[name];
  if (value instanceof Tensor) return value;
  throw new NeuriteError({
    operation: type,
    got: `parameters ${Object.keys(params).join(", ") || "without any tensor"}`,
    expected: `a tensor '${name}'`,
  });
}

/** The key of a layer's randomness; throws where there is none. */
export function requireKey(type: string, { key }: ApplyOptions): Tensor {
  if (key !== undefined) return key;
  throw new NeuriteError({
    operation: type,
    got: "no key",
    expected: "a key in training",
    hint: "apply with { training: true, key: random.key(0) }",
  });
}

/** The error for the shape of one input. */
export function unfitInput(type: string, input: Shape, expected: string, hint?: string): NeuriteError {
  return new NeuriteError({
    operation: type,
    got: `an input of shape ${formatShape(input)}`,
    expected,
    ...(hint !== undefined && { hint }),
  });
}

function only<T>(type: string, inputs: readonly T[]): T {
  if (inputs.length === 1) return inputs[0];
  throw new NeuriteError({ operation: type, got: `${inputs.length} inputs`, expected: "one" });
}
