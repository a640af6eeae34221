import { NeuriteError } from "../../base/error.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import {
  add,
  type DType,
  expandDims,
  flip,
  mark,
  type Shape,
  scan,
  select,
  type Tensor,
  transpose,
  zeros,
} from "../../tensor/index.ts";
import type { ApplyOptions, Layer, LayerConfig, NamedTensorTree } from "../layer.ts";
import type { LayerOptions, OptionsReader } from "../options.ts";

/** Options of layers that go through sequences step by step. */
export interface SequenceOptions extends LayerOptions {
  /** Whether the output has every step, [batch, steps, units], and not the last one only; default false. */
  readonly returnSequences?: boolean;
  /** Whether the states after the last step are further outputs, [batch, units] each; default false. */
  readonly returnState?: boolean;
  /** Whether to go from the last step to the first; with `returnSequences` the outputs come in this order. Default false. */
  readonly goBackwards?: boolean;
}

/** The names of these options. */
export const sequenceOptions: readonly string[] = ["returnSequences", "returnState", "goBackwards"];

/** What is a layer's own. */
export interface SequenceParts {
  /** The options but those of every sequence layer. */
  readonly config: LayerConfig;
  /** The extent of each state; the first state is the output. */
  readonly states: readonly number[];
  /** The parameters for sequences of so many features. */
  params(key: Tensor, features: number, dtype: DType): NamedTensorTree;
  /** What can be computed for all steps of [steps, batch, features] at once, and what remains for each step. */
  begin(x: Tensor, params: NamedTensorTree, options: ApplyOptions): Stepping;
  /** Scalars to be added to the loss; absent: none. */
  penalties?(params: NamedTensorTree, output: Tensor): readonly Tensor[];
}

/** The steps of a sequence. */
export interface Stepping {
  /** For all steps, [steps, batch, …] each. */
  readonly projected: readonly Tensor[];
  /** The next states from the projected values of a step and the states before it. */
  step(projected: readonly Tensor[], states: readonly Tensor[]): readonly Tensor[];
}

/**
 * A layer that carries states through sequences [batch, steps, features]; further inputs are its initial states, zeros
 * without them. A step that a mask leaves out keeps the states.
 */
export function sequenceLayer(read: OptionsReader, parts: SequenceParts): Layer {
  const { type, name, inputShape } = read;
  const returnSequences = read.flag("returnSequences", false);
  const returnState = read.flag("returnState", false);
  const goBackwards = read.flag("goBackwards", false);
  const [units] = parts.states;
  const stateShapes = parts.states.map((extent): Shape => [extent]);
  return {
    type,
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      ...parts.config,
      returnSequences,
      returnState,
      goBackwards,
      ...(inputShape !== undefined && { inputShape }),
    },
    init: (key, inputShapes, dtype) => {
      const [steps, features] = checkShapes(type, inputShapes, stateShapes);
      return {
        params: parts.params(key, features, dtype),
        state: {},
        outputShapes: [returnSequences ? [steps, units] : [units], ...(returnState ? stateShapes : [])],
      };
    },
    apply: ({ params, state }, [x, ...given], options = {}) => {
      const initial =
        given.length > 0 ? given : parts.states.map((extent) => zeros([x.shape[0], extent], x.dtype));
      const mask = options.masks?.[0];
      // Steps first, because a loop goes along axis 0.
      const { projected, step } = parts.begin(transpose(x, [1, 0, 2]), params, options);
      const counts = mask === undefined ? [] : [expandDims(transpose(mask, [1, 0]), -1)];
      const [states, outputs] = scan(
        (before: readonly Tensor[], [ofStep, count]: readonly (readonly Tensor[])[]) => {
          const next = step(ofStep, before);
          const after = next.map((fresh, i) =>
            count.length === 0 ? fresh : select(count[0], fresh, before[i]),
          );
          return [after, returnSequences ? [after[0]] : []] as const;
        },
        initial,
        [projected, counts],
        { reverse: goBackwards },
      );
      const output = mark("a", returnSequences ? inOrder(outputs[0], goBackwards) : states[0]);
      const penalties = parts.penalties?.(params, output) ?? [];
      return {
        outputs: [output, ...(returnState ? states : [])],
        state,
        ...(penalties.length > 0 && { penalty: penalties.reduce(add) }),
        ...(mask !== undefined && returnSequences && { masks: [goBackwards ? flip(mask, 1) : mask] }),
      };
    },
  };
}

/** [steps, batch, units] as [batch, steps, units], in the order in which the steps were made. */
function inOrder(outputs: Tensor, goBackwards: boolean): Tensor {
  return transpose(goBackwards ? flip(outputs, 0) : outputs, [1, 0, 2]);
}

/** The extents of sequences [steps, features]. Throws for inputs that do not fit. */
function checkShapes(
  type: string,
  [sequence, ...initial]: readonly Shape[],
  states: readonly Shape[],
): readonly [steps: number, features: number] {
  if (sequence.length !== 2) {
    throw new NeuriteError({
      operation: type,
      got: `an input of shape ${formatShape(sequence)}`,
      expected: "sequences [steps, features]",
      ...(sequence.length === 1 && { hint: "numbers in a row: reshape({ targetShape: [-1, 1] }) before it" }),
    });
  }
  const fits = initial.length === states.length && initial.every((shape, i) => sameShape(shape, states[i]));
  if (initial.length === 0 || fits) return [sequence[0], sequence[1]];
  throw new NeuriteError({
    operation: type,
    got: `initial states of shape ${initial.map(formatShape).join(" and ")}`,
    expected: states.map(formatShape).join(" and "),
  });
}
