import { NeuriteError } from "../base/error.ts";
import { formatShape } from "../base/shape.ts";
import { add, type DType, type Shape, Tensor } from "../tensor/index.ts";
import type { ActivationName } from "./activations.ts";
import type { ApplyOptions, Head, Layer, LayerConfig, TensorTree } from "./layer.ts";
import type { OptionsReader } from "./options.ts";

/** An output, and what the layer carries to the next step. */
export interface Stepped {
  readonly output: Tensor;
  readonly state: TensorTree;
}

/** A layer from one tensor to one tensor. */
export interface SingleParts {
  /** The options but `name` and `inputShape`. */
  readonly config: LayerConfig;
  /** The shape of one output; throws for an input shape that does not fit. */
  outputShape(input: Shape): Shape;
  /** The parameters; absent: none. */
  params?(key: Tensor, input: Shape, dtype: DType): TensorTree;
  /** What it carries from step to step, at the beginning; absent: nothing. */
  state?(input: Shape, dtype: DType): TensorTree;
  /** The output; with a state where that changes. */
  output(x: Tensor, params: TensorTree, options: ApplyOptions, state: TensorTree): Tensor | Stepped;
  /** Scalars to be added to the loss; absent: none. */
  penalties?(params: TensorTree, output: Tensor): readonly Tensor[];
  /** The mask of the output, from that of the input x; absent: masks end here. */
  mask?(mask: Tensor | undefined, x: Tensor): Tensor | undefined;
  readonly head?: Head | undefined;
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
      const stepped = result instanceof Tensor ? { output: result, state } : result;
      const penalties = parts.penalties?.(params, stepped.output) ?? [];
      const mask = parts.mask?.(options.masks?.[0], x);
      return {
        outputs: [stepped.output],
        state: stepped.state,
        ...(penalties.length > 0 && { penalty: penalties.reduce(add) }),
        ...(mask !== undefined && { masks: [mask] }),
      };
    },
    ...(parts.head !== undefined && { head: parts.head }),
  };
}

/** The head of a layer that ends in an activation; `linear` makes the layer without it. */
export function headOf(activation: ActivationName, linear: () => Layer): Head | undefined {
  return activation === "sigmoid" || activation === "softmax" ? { activation, linear: linear() } : undefined;
}

/** A parameter by name; throws where there is none. */
export function parameter(type: string, params: TensorTree, name: string): Tensor {
  const value = params[name];
  if (value instanceof Tensor) return value;
  throw new NeuriteError({
    operation: type,
    got: `parameters ${Object.keys(params).join(", ") || "without any tensor"}`,
    expected: `a tensor '${name}'`,
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
