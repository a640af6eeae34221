import { NeuriteError } from "../../base/error.ts";
import { add, concatenate, div, flip, mul, random, type Shape, type Tensor } from "../../tensor/index.ts";
import { describeLayer } from "../description.ts";
import type { Applied, Layer, NamedTensorTree } from "../layer.ts";
import { inLayer, keep, partOf, sumOf } from "../networks/stack.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";

/** How the outputs of the two directions become one. */
export type MergeMode = "concatenate" | "add" | "multiply" | "average";

/** Options of `bidirectional`. */
export interface BidirectionalOptions extends LayerOptions {
  /** Default `concatenate`: side by side, so that there are twice as many units. */
  readonly mergeMode?: MergeMode;
}

const merges: Readonly<Record<MergeMode, (forward: Tensor, backward: Tensor) => Tensor>> = {
  concatenate: (forward, backward) => concatenate([forward, backward], -1),
  add,
  multiply: mul,
  average: (forward, backward) => div(add(forward, backward), 2),
};

/** All names. */
export const mergeModes: readonly MergeMode[] = ["concatenate", "add", "multiply", "average"];

/**
 * A recurrent layer that reads sequences from both ends, with weights of its own for each direction (Schuster and Paliwal 1997).
 *
 * Parameters are those of the layer under `forward` and `backward`. Where the layer returns sequences, each step has what both
 * directions gave for it. The initial states of `forward`, then those of `backward`, are further inputs; the last ones, where
 * the layer returns them, further outputs. Throws for a layer that goes backwards already.
 *
 * @example
 * ```ts
 * import { bidirectional, lstm } from "neurite/nn";
 *
 * const layer = bidirectional(lstm({ units: 8, returnSequences: true }));
 * const { outputShapes } = layer.init(random.key(0), [[20, 3]], "f32"); // [[20, 16]]
 * ```
 */
export function bidirectional(layer: Layer, options: BidirectionalOptions = {}): Layer {
  const read = new OptionsReader("bidirectional", options, ["mergeMode"]);
  const { name, inputShape = layer.inputShape } = read;
  const mergeMode = read.choice("mergeMode", mergeModes, "concatenate");
  const merge = merges[mergeMode];
  if (layer.config.goBackwards === true) {
    throw new NeuriteError({
      operation: "bidirectional",
      got: `${layer.type} with goBackwards`,
      expected: "a layer that goes forwards: the other direction is added",
    });
  }
  const ways = ["forward", "backward"] as const;
  return {
    type: "bidirectional",
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      layer: describeLayer(layer),
      mergeMode,
      ...(read.inputShape !== undefined && { inputShape: read.inputShape }),
    },
    init: (key, [shape, ...initial], dtype) => {
      const halves = halvesOf(initial);
      const params: Record<string, NamedTensorTree> = {};
      const state: Record<string, NamedTensorTree> = {};
      let outputShapes: readonly Shape[] = [];
      for (const [i, way] of ways.entries()) {
        const made = inLayer(way, () => layer.init(random.foldIn(key, i), [shape, ...halves[i]], dtype));
        keep(params, way, made.params);
        keep(state, way, made.state);
        outputShapes = made.outputShapes;
      }
      const [output, ...states] = outputShapes;
      const merged = mergeMode === "concatenate" ? output.with(-1, 2 * output[output.length - 1]) : output;
      return { params, state, outputShapes: [merged, ...states, ...states] };
    },
    apply: ({ params, state }, [x, ...initial], { training = false, key, masks } = {}) => {
      const halves = halvesOf(initial);
      const mask = masks?.[0];
      const go = (i: number): Applied => {
        const [way, isReversed] = [ways[i], i === 1];
        const variables = { params: partOf(params, way), state: partOf(state, way) };
        return inLayer(way, () =>
          layer.apply(variables, [isReversed ? flip(x, 1) : x, ...halves[i]], {
            training,
            ...(key && { key: random.foldIn(key, i) }),
            ...(mask && { masks: [isReversed ? flip(mask, 1) : mask] }),
          }),
        );
      };
      const [forward, backward] = [go(0), go(1)];
      const [output, ...statesOfForward] = forward.outputs;
      const [reversed, ...statesOfBackward] = backward.outputs;
      // Sequences come out in the order in which they were read.
      const aligned = reversed.shape.length === 3 ? flip(reversed, 1) : reversed;
      const after: Record<string, NamedTensorTree> = {};
      keep(after, "forward", forward.state);
      keep(after, "backward", backward.state);
      const penalty = sumOf(forward.penalty, backward);
      return {
        outputs: [merge(output, aligned), ...statesOfForward, ...statesOfBackward],
        state: after,
        ...(penalty !== undefined && { penalty }),
        ...(forward.masks && { masks: forward.masks }),
      };
    },
  };
}

function halvesOf<T>(initial: readonly T[]): readonly [forward: readonly T[], backward: readonly T[]] {
  return [initial.slice(0, initial.length / 2), initial.slice(initial.length / 2)];
}
