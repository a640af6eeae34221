import {
  add,
  concatenate,
  type DType,
  matmul,
  mul,
  ones,
  random,
  sigmoid,
  slice,
  split,
  sub,
  type Tensor,
  tanh,
  zeros,
} from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer, NamedTensorTree } from "../layer.ts";
import { describeMade } from "../made.ts";
import { partOf } from "../networks/stack.ts";
import { OptionsReader } from "../options.ts";
import { parameter } from "../single.ts";
import { type SequenceOptions, sequenceLayer, sequenceOptions } from "./sequence.ts";

/** What a level of a gated-feedback network computes: as `simpleRnn`, `lstm` or `gru`. */
export type GatedFeedbackCell = "simple" | "lstm" | "gru";

/** Options of `gatedFeedbackRnn`. */
export interface GatedFeedbackOptions extends SequenceOptions {
  /** The number of outputs of each level, from the lowest to the highest. */
  readonly units: readonly number[];
  /** What each level computes; default `simple`. */
  readonly cell?: GatedFeedbackCell;
  /** How the weights of what comes from below begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
  /** How the weights of the states begin; default `orthogonal`. */
  readonly recurrentInitializer?: InitializerLike;
}

/**
 * A gated-feedback recurrent network (lecture 4, "Gated Recurrent Units"; Chung et al. 2015): levels of recurrent networks,
 * each of which sees the states of all of them, as far as a gate for each pair lets them through.
 *
 * gᵢⱼ = σ(below wᵢⱼ + h* uᵢⱼ), seenⱼ = Σᵢ gᵢⱼ hᵢ Uᵢⱼ, hⱼ ← tanh(below Wⱼ + seenⱼ + bⱼ): below is hⱼ₋₁ of the same step, or x for the lowest
 * level, and h* are the states of all levels one step before. In the cells `lstm` and `gru` seenⱼ stands in the candidate,
 * in place of a U of `lstm` and of h U of `gru`; their gates for each unit see the state of their own level only.
 *
 * Sequences [batch, steps, n] give the last state of the highest level, [batch, units], or with `returnSequences` all of them.
 * `level1` and so on hold `weights` [below, blocks · units] and `biases` [blocks · units] (1 block, with `lstm` 4 and with `gru` 3, in
 * their order; the forget gate begins open), `recurrentWeights` [all units, units], `gateWeights` [below, levels],
 * `recurrentGateWeights` [all units, levels], and for the gates of units, without the candidate, `recurrentUnitGateWeights`
 * [units, (blocks − 1) · units]. Further inputs are the initial states, from the highest level to the lowest, with `lstm`
 * followed by the memories c in the same order; with `returnState` the last ones are further outputs. Throws for options and
 * input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { gatedFeedbackRnn } from "neurite/nn";
 *
 * const layer = gatedFeedbackRnn({ units: [16, 16, 8], cell: "gru" });
 * const { outputShapes } = layer.init(random.key(0), [[20, 3]], "f32"); // [[8]]
 * ```
 */
export function gatedFeedbackRnn(options: GatedFeedbackOptions): Layer {
  return gatedFeedbackRnnFrom(options);
}

/** What a cell computes at each step. */
interface Cell {
  /** The gates of each unit, beside the candidate. */
  readonly gates: number;
  /** How many states a level has; the first is h. */
  readonly states: number;
  /** The biases of a level as they begin. */
  biases(units: number, dtype: DType): Tensor;
  /** The next states from z = below W + b, what the gates take of h, what is seen of all levels, and the states before. */
  step(z: Tensor, ofOwn: () => Tensor, seen: Tensor, states: readonly Tensor[]): readonly Tensor[];
}

const cells: Readonly<Record<GatedFeedbackCell, Cell>> = {
  simple: {
    gates: 0,
    states: 1,
    biases: (units, dtype) => zeros([units], dtype),
    step: (z, _, seen) => [tanh(add(z, seen))],
  },
  lstm: {
    gates: 3,
    states: 2,
    biases: (units, dtype) => {
      const nothing = zeros([units], dtype);
      return concatenate([nothing, ones([units], dtype), nothing, nothing]);
    },
    step: (z, ofOwn, seen, [, c]) => {
      const [zOfUpdate, zOfForget, zOfCandidate, zOfOutput] = split(z, 4, 1);
      const [ofUpdate, ofForget, ofOutput] = split(ofOwn(), 3, 1);
      const kept = mul(sigmoid(add(zOfForget, ofForget)), c);
      const fresh = mul(sigmoid(add(zOfUpdate, ofUpdate)), tanh(add(zOfCandidate, seen)));
      const memory = add(kept, fresh);
      return [mul(sigmoid(add(zOfOutput, ofOutput)), tanh(memory)), memory];
    },
  },
  gru: {
    gates: 2,
    states: 1,
    biases: (units, dtype) => zeros([3 * units], dtype),
    step: (z, ofOwn, seen, [h]) => {
      const [zOfUpdate, zOfReset, zOfCandidate] = split(z, 3, 1);
      const [ofUpdate, ofReset] = split(ofOwn(), 2, 1);
      const update = sigmoid(add(zOfUpdate, ofUpdate));
      const reset = sigmoid(add(zOfReset, ofReset));
      return [add(mul(update, h), mul(sub(1, update), tanh(add(zOfCandidate, mul(reset, seen)))))];
    },
  },
};

const cellNames: readonly GatedFeedbackCell[] = ["simple", "lstm", "gru"];

/** `gatedFeedbackRnn` from options that were read. */
export function gatedFeedbackRnnFrom(options: object): Layer {
  const type = "gatedFeedbackRnn";
  const known = ["units", "cell", "kernelInitializer", "recurrentInitializer", ...sequenceOptions];
  const read = new OptionsReader(type, options, known);
  const units = read.integers("units");
  if (units.length === 0 || units.some((count) => count < 1)) {
    throw read.unfit("units", units, "a positive integer for each level");
  }
  const cellName = read.choice("cell", cellNames, "simple");
  const cell = cells[cellName];
  const kernelInitializer = initializerOf(read.value("kernelInitializer") ?? "glorotUniform");
  const recurrentInitializer = initializerOf(read.value("recurrentInitializer") ?? "orthogonal");
  const total = units.reduce((sum, count) => sum + count, 0);
  const levels = units.length;

  const levelOf = (params: NamedTensorTree, level: number): ((name: string) => Tensor) => {
    const own = partOf(params, nameOf(level));
    return (name) => parameter(type, own, name);
  };

  return sequenceLayer(read, {
    config: {
      units,
      cell: cellName,
      kernelInitializer: describeMade(kernelInitializer),
      recurrentInitializer: describeMade(recurrentInitializer),
    },
    // The first state is the output, and the output is that of the highest level.
    states: Array.from({ length: cell.states }, () => units.toReversed()).flat(),
    params: (key, features, dtype) =>
      Object.fromEntries(
        units.map((count, level) => {
          const [k1, k2, k3, k4, k5] = random.split(random.foldIn(key, level), 5);
          const below = level === 0 ? features : units[level - 1];
          const own = {
            weights: kernelInitializer(k1, [below, (cell.gates + 1) * count], dtype),
            recurrentWeights: recurrentInitializer(k2, [total, count], dtype),
            biases: cell.biases(count, dtype),
            gateWeights: kernelInitializer(k3, [below, levels], dtype),
            recurrentGateWeights: recurrentInitializer(k4, [total, levels], dtype),
            ...(cell.gates > 0 && {
              recurrentUnitGateWeights: recurrentInitializer(k5, [count, cell.gates * count], dtype),
            }),
          };
          return [nameOf(level), own];
        }),
      ),
    begin: (x, params) => {
      const first = levelOf(params, 0);
      return {
        projected: [add(matmul(x, first("weights")), first("biases")), matmul(x, first("gateWeights"))],
        step: ([z, gateOfX], states) => {
          // From the lowest level to the highest, each with its states: h, then c.
          const before = units.map((_, level) => states.filter((_, i) => i % levels === levels - 1 - level));
          const hidden = before.map(([h]) => h);
          const all = concatenate(hidden, 1);
          const after: (readonly Tensor[])[] = [];
          for (let level = 0; level < levels; level++) {
            const own = levelOf(params, level);
            const below = after.at(-1)?.[0];
            const ofBelow = below === undefined ? z : add(matmul(below, own("weights")), own("biases"));
            const gateOfBelow = below === undefined ? gateOfX : matmul(below, own("gateWeights"));
            const gates = sigmoid(add(gateOfBelow, matmul(all, own("recurrentGateWeights"))));
            const passed = hidden.map((h, i) => mul(h, slice(gates, [0, i], [undefined, i + 1])));
            const seen = matmul(concatenate(passed, 1), own("recurrentWeights"));
            const ofOwn = (): Tensor => matmul(hidden[level], own("recurrentUnitGateWeights"));
            after.push(cell.step(ofBelow, ofOwn, seen, before[level]));
          }
          const highestFirst = after.toReversed();
          return Array.from({ length: cell.states }, (_, i) =>
            highestFirst.map((states) => states[i]),
          ).flat();
        },
      };
    },
  });
}

function nameOf(level: number): string {
  return `level${level + 1}`;
}
