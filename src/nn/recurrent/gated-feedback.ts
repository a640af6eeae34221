import {
  add,
  concatenate,
  matmul,
  mul,
  random,
  sigmoid,
  slice,
  type Tensor,
  tanh,
  zeros,
} from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer, TensorTree } from "../layer.ts";
import { describeMade } from "../made.ts";
import { partOf } from "../networks/stack.ts";
import { OptionsReader } from "../options.ts";
import { parameter } from "../single.ts";
import { type SequenceOptions, sequenceLayer, sequenceOptions } from "./sequence.ts";

/** Options of `gatedFeedbackRnn`. */
export interface GatedFeedbackOptions extends SequenceOptions {
  /** The number of outputs of each level, from the lowest to the highest. */
  readonly units: readonly number[];
  /** How the weights of what comes from below begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
  /** How the weights of the states begin; default `orthogonal`. */
  readonly recurrentInitializer?: InitializerLike;
}

/**
 * A gated-feedback recurrent network (lecture 4, "Gated Recurrent Units"; Chung et al. 2015): levels of simple recurrent
 * networks, each of which sees the states of all of them, as far as a gate for each pair lets them through.
 *
 * gᵢⱼ = σ(below wᵢⱼ + h* uᵢⱼ), hⱼ ← tanh(below Wⱼ + Σᵢ gᵢⱼ hᵢ Uᵢⱼ + bⱼ): below is hⱼ₋₁ of the same step, or x for the lowest level, and h* are
 * the states of all levels one step before. Sequences [batch, steps, n] give the last state of the highest level, [batch, units],
 * or with `returnSequences` all of them. `level1` and so on hold `weights` [below, units], `recurrentWeights` [all units, units],
 * `biases` [units], `gateWeights` [below, levels] and `recurrentGateWeights` [all units, levels]. Further inputs are the initial
 * states, from the highest level to the lowest; with `returnState` the last ones are further outputs. Throws for options and
 * input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { gatedFeedbackRnn } from "neurite/nn";
 *
 * const layer = gatedFeedbackRnn({ units: [16, 16, 8] });
 * const { outputShapes } = layer.init(random.key(0), [[20, 3]], "f32"); // [[8]]
 * ```
 */
export function gatedFeedbackRnn(options: GatedFeedbackOptions): Layer {
  return gatedFeedbackRnnFrom(options);
}

/** `gatedFeedbackRnn` from options that were read. */
export function gatedFeedbackRnnFrom(options: object): Layer {
  const type = "gatedFeedbackRnn";
  const known = ["units", "kernelInitializer", "recurrentInitializer", ...sequenceOptions];
  const read = new OptionsReader(type, options, known);
  const units = read.integers("units");
  if (units.length === 0 || units.some((count) => count < 1)) {
    throw read.unfit("units", units, "a positive integer for each level");
  }
  const kernelInitializer = initializerOf(read.value("kernelInitializer") ?? "glorotUniform");
  const recurrentInitializer = initializerOf(read.value("recurrentInitializer") ?? "orthogonal");
  const total = units.reduce((sum, count) => sum + count, 0);
  const levels = units.length;

  const levelOf = (params: TensorTree, level: number): ((name: string) => Tensor) => {
    const own = partOf(params, nameOf(level));
    return (name) => parameter(type, own, name);
  };

  return sequenceLayer(read, {
    config: {
      units,
      kernelInitializer: describeMade(kernelInitializer),
      recurrentInitializer: describeMade(recurrentInitializer),
    },
    // The first state is the output, and the output is that of the highest level.
    states: units.toReversed(),
    params: (key, features, dtype) =>
      Object.fromEntries(
        units.map((count, level) => {
          const [k1, k2, k3, k4] = random.split(random.foldIn(key, level), 4);
          const below = level === 0 ? features : units[level - 1];
          const own = {
            weights: kernelInitializer(k1, [below, count], dtype),
            recurrentWeights: recurrentInitializer(k2, [total, count], dtype),
            biases: zeros([count], dtype),
            gateWeights: kernelInitializer(k3, [below, levels], dtype),
            recurrentGateWeights: recurrentInitializer(k4, [total, levels], dtype),
          };
          return [nameOf(level), own];
        }),
      ),
    begin: (x, params) => {
      const first = levelOf(params, 0);
      return {
        projected: [add(matmul(x, first("weights")), first("biases")), matmul(x, first("gateWeights"))],
        step: ([z, gateOfX], states) => {
          const before = states.toReversed();
          const all = concatenate(before, 1);
          const after: Tensor[] = [];
          for (let level = 0; level < levels; level++) {
            const own = levelOf(params, level);
            const below = after.at(-1);
            const ofBelow = below === undefined ? z : add(matmul(below, own("weights")), own("biases"));
            const gateOfBelow = below === undefined ? gateOfX : matmul(below, own("gateWeights"));
            const gates = sigmoid(add(gateOfBelow, matmul(all, own("recurrentGateWeights"))));
            const seen = concatenate(
              before.map((h, i) => mul(h, slice(gates, [0, i], [undefined, i + 1]))),
              1,
            );
            after.push(tanh(add(ofBelow, matmul(seen, own("recurrentWeights")))));
          }
          return after.toReversed();
        },
      };
    },
  });
}

function nameOf(level: number): string {
  return `level${level + 1}`;
}
