import { add, div, dropout, matmul, mul, ones, random, slice, type Tensor } from "../../tensor/index.ts";
import type { ActivationLike } from "../activations/activations.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { ApplyOptions, Layer, LayerConfig, NamedTensorTree } from "../layer.ts";
import { describeMade } from "../made.ts";
import { OptionsReader } from "../options.ts";
import { type RegularizerLike, regularizerOf } from "../regularizers/regularizer-table.ts";
import { parameter, requireKey } from "../single.ts";
import { type SequenceOptions, sequenceLayer, sequenceOptions } from "./sequence.ts";

/** Options of recurrent layers. */
export interface RecurrentOptions extends SequenceOptions {
  /** The number of outputs of each step. */
  readonly units: number;
  /** Default `tanh`. */
  readonly activation?: ActivationLike;
  /** Whether biases are added; default true. */
  readonly useBias?: boolean;
  /** How the weights of the inputs begin; default `glorotUniform`. */
  readonly kernelInitializer?: InitializerLike;
  /** How the weights of the states begin; default `orthogonal`. */
  readonly recurrentInitializer?: InitializerLike;
  /** How the biases begin; default `zeros`. */
  readonly biasInitializer?: InitializerLike;
  /** A penalty on the weights of the inputs, added to the loss; default none. */
  readonly kernelRegularizer?: RegularizerLike;
  /** A penalty on the weights of the states; default none. */
  readonly recurrentRegularizer?: RegularizerLike;
  /** A penalty on the biases; default none. */
  readonly biasRegularizer?: RegularizerLike;
  /** A penalty on the outputs, the mean over the batch; default none. */
  readonly activityRegularizer?: RegularizerLike;
  /** The part of the inputs that is dropped in training, the same at every step of a sequence; default 0. */
  readonly dropout?: number;
  /** The part of the states that is dropped on their way to the next step (Gal and Ghahramani 2016); default 0. */
  readonly recurrentDropout?: number;
}

const recurrentOptions: readonly string[] = [
  "units",
  "activation",
  "useBias",
  "kernelInitializer",
  "recurrentInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "recurrentRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "dropout",
  "recurrentDropout",
  ...sequenceOptions,
];

/** Reads the options of a recurrent layer, of which some are its own. */
export function readRecurrent(type: string, options: object, own: readonly string[]): OptionsReader {
  return new OptionsReader(type, options, [...recurrentOptions, ...own]);
}

/** h U, with its biases where it has some: all blocks of columns, or those from one to before another. */
export type RecurrentProduct = (h: Tensor, from?: number, to?: number) => Tensor;

/** What is a recurrent layer's own. */
export interface Cell {
  readonly config: LayerConfig;
  /** How many blocks of `units` columns the weights have: one for each gate. */
  readonly blocks: number;
  /** How many states it carries; the first is the output. */
  readonly states: number;
  /** Whether h U has biases beside those of x W; default false. */
  readonly hasRecurrentBiases?: boolean;
  /** The biases as they begin, from what the initializer gives; absent: the same. */
  biases?(initial: Tensor): Tensor;
  /** The next states from z = x W + b of a step and the states before it. */
  step(z: Tensor, states: readonly Tensor[], product: RecurrentProduct): readonly Tensor[];
}

/**
 * A sequence layer with `weights` W [features, blocks · units], `recurrentWeights` U [units, blocks · units], `biases` and, where
 * the cell has them, `recurrentBiases`. x W + b is one product for all steps.
 */
export function recurrentLayer(read: OptionsReader, cell: Cell): Layer {
  const { type } = read;
  const { blocks, hasRecurrentBiases = false } = cell;
  const units = read.count("units");
  const useBias = read.flag("useBias", true);
  const rate = read.rate("dropout", 0);
  const recurrentRate = read.rate("recurrentDropout", 0);
  const kernelInitializer = initializerOf(read.value("kernelInitializer") ?? "glorotUniform");
  const recurrentInitializer = initializerOf(read.value("recurrentInitializer") ?? "orthogonal");
  const biasInitializer = initializerOf(read.value("biasInitializer") ?? "zeros");
  const penalized = {
    weights: regularizerOf(read.value("kernelRegularizer")),
    recurrentWeights: regularizerOf(read.value("recurrentRegularizer")),
    ...(useBias && { biases: regularizerOf(read.value("biasRegularizer")) }),
  };
  const activityRegularizer = regularizerOf(read.value("activityRegularizer"));
  const columns = blocks * units;

  const productOf = (params: NamedTensorTree, kept: Tensor | undefined): RecurrentProduct => {
    const weights = parameter(type, params, "recurrentWeights");
    const biases = useBias && hasRecurrentBiases ? parameter(type, params, "recurrentBiases") : undefined;
    return (h, from = 0, to = blocks) => {
      const part = (values: Tensor): Tensor => {
        if (from === 0 && to === blocks) return values;
        const before = values.shape.slice(1).map(() => undefined);
        return slice(values, [...before, from * units], [...before, to * units]);
      };
      const product = matmul(kept === undefined ? h : mul(h, kept), part(weights));
      return biases === undefined ? product : add(product, part(biases));
    };
  };

  return sequenceLayer(read, {
    config: {
      units,
      ...cell.config,
      useBias,
      kernelInitializer: describeMade(kernelInitializer),
      recurrentInitializer: describeMade(recurrentInitializer),
      biasInitializer: describeMade(biasInitializer),
      ...(penalized.weights && { kernelRegularizer: describeMade(penalized.weights) }),
      ...(penalized.recurrentWeights && { recurrentRegularizer: describeMade(penalized.recurrentWeights) }),
      ...(penalized.biases && { biasRegularizer: describeMade(penalized.biases) }),
      ...(activityRegularizer && { activityRegularizer: describeMade(activityRegularizer) }),
      dropout: rate,
      recurrentDropout: recurrentRate,
    },
    states: new Array<number>(cell.states).fill(units),
    params: (key, features, dtype) => {
      const [keyOfWeights, keyOfRecurrent, keyOfBiases] = random.split(key, 3);
      const biases = biasInitializer(keyOfBiases, [columns], dtype);
      return {
        weights: kernelInitializer(keyOfWeights, [features, columns], dtype),
        recurrentWeights: recurrentInitializer(keyOfRecurrent, [units, columns], dtype),
        ...(useBias && { biases: cell.biases?.(biases) ?? biases }),
        ...(useBias && hasRecurrentBiases && { recurrentBiases: biases }),
      };
    },
    begin: (x, params, options) => {
      const [, batch, features] = x.shape;
      const [ofInputs, ofStates] = keysOf(type, rate + recurrentRate, options);
      const keep = (share: number, key: Tensor | undefined, extent: number): Tensor | undefined =>
        key === undefined || share === 0
          ? undefined
          : dropout(ones([batch, extent], x.dtype), { rate: share, key });
      const kept = keep(rate, ofInputs, features);
      const product = matmul(kept === undefined ? x : mul(x, kept), parameter(type, params, "weights"));
      const recurrentProduct = productOf(params, keep(recurrentRate, ofStates, units));
      return {
        projected: [useBias ? add(product, parameter(type, params, "biases")) : product],
        step: ([z], states) => cell.step(z, states, recurrentProduct),
      };
    },
    penalties: (params, output) => [
      ...Object.entries(penalized).flatMap(([name, regularizer]) =>
        regularizer ? [regularizer(parameter(type, params, name))] : [],
      ),
      ...(activityRegularizer ? [div(activityRegularizer(output), output.shape[0])] : []),
    ],
  });
}

/** A key for what is dropped of the inputs and one for the states; none outside training. */
function keysOf(type: string, rates: number, options: ApplyOptions): readonly Tensor[] {
  return options.training === true && rates > 0 ? random.split(requireKey(type, options)) : [];
}
