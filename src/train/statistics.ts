import { NeuriteError } from "../base/error.ts";
import { abs, max, mean, mul, sqrt, square, std, type Tensor } from "../tensor/index.ts";
import type { Data, NamedData } from "./data.ts";

/** What the layers of a model compute on examples, by scope and name: `hidden/z` and `hidden/a`. */
export interface Observation {
  /** The mean loss of the examples, with penalties. */
  readonly loss: Tensor;
  readonly marks: Readonly<Record<string, Tensor>>;
  /** The derivatives of the loss with respect to the marked floats. */
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/** A model whose layers can be looked at. */
export interface Observable {
  /** What the layers compute on examples, and the derivatives of the loss by it. */
  observe(x: Data | NamedData, y: Data | NamedData): Observation;
}

/** How a layer stands in training. */
export interface LayerStatistics {
  /** The path of the layer; ` 2` and so on for its further uses. */
  readonly layer: string;
  /** The mean of what it gives. */
  readonly mean: number;
  /** The standard deviation of what it gives: near 0 it tells its inputs apart no more. */
  readonly deviation: number;
  /** The share of its units, along the last axis, through which no gradient flows for any example: 1 is a dead layer. */
  readonly deadUnits: number;
  /** The root mean square of the derivatives δ of an example's loss by what goes into its activation. */
  readonly gradient: number;
  /** That gradient over the last layer's: far below 1 it vanishes on the way back, far above 1 it explodes. */
  readonly relativeGradient: number;
}

/**
 * A row for each layer that has an activation, in the order in which they are computed: activations, dead units, vanishing and
 * exploding gradients on some examples. The model does not learn from them; dropout and the like are not active.
 *
 * Throws for a model that is not compiled, for examples that do not fit, and where no layer marks its activation.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 * import { layerStatistics, Sequential } from "neurite/train";
 *
 * const model = new Sequential();
 * model.add(dense({ units: 8, activation: "relu", inputShape: [2], name: "hidden" }));
 * model.add(dense({ units: 1, activation: "sigmoid", name: "output" }));
 * model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
 * const [hidden, output] = layerStatistics(model, [[0, 1], [1, 1]], [[1], [0]]);
 * output.relativeGradient; // 1
 * ```
 */
export function layerStatistics(
  model: Observable,
  x: Data | NamedData,
  y: Data | NamedData,
): LayerStatistics[] {
  const { marks, gradients } = model.observe(x, y);
  const rows = Object.entries(marks).flatMap(([path, output]) => {
    const [, layer, use] = /^(.*)\/a( \d+)?$/.exec(path) ?? [];
    if (layer === undefined) return [];
    const suffix = use ?? "";
    const slopes = gradients[`${layer}/z${suffix}`] ?? gradients[path];
    return slopes === undefined ? [] : [{ layer: layer + suffix, output, ...slopesOf(slopes) }];
  });
  if (rows.length === 0) {
    throw new NeuriteError({
      operation: "layerStatistics",
      got: "a model of which no layer marks its activation",
      expected: 'layers with an activation, or with mark("a", …) in their apply',
    });
  }
  const last = rows[rows.length - 1].gradient;
  return rows.map(({ layer, output, deadUnits, gradient }) => ({
    layer,
    mean: mean(output).item(),
    deviation: std(output).item(),
    deadUnits,
    gradient,
    relativeGradient: gradient / last,
  }));
}

function slopesOf(slopes: Tensor): Pick<LayerStatistics, "deadUnits" | "gradient"> {
  const { shape } = slopes;
  const others = shape.map((_, axis) => axis).slice(0, -1);
  const largest = max(abs(slopes), { axis: others }).dataSync();
  return {
    deadUnits: largest.filter((slope) => slope === 0).length / largest.length,
    // The loss is a mean over examples: an example's own is as many times as steep.
    gradient: mul(sqrt(mean(square(slopes))), shape[0]).item(),
  };
}
