import { checkOptions, NeuriteError } from "../base/error.ts";
import { drawPlot, formatTick } from "./plot.ts";
import { palette, toSvg } from "./svg.ts";

/** Options of `drawResiduals`. */
export interface ResidualOptions {
  /** What is predicted, with its unit: `"yield (t/ha)"`. Default "target". */
  readonly quantity?: string;
}

/**
 * Predictions of a regression against the true values as SVG: a dot for each example, and the diagonal on which a perfect
 * model has them all. Needs the optional packages of `drawLearningCurves`. Throws a NeuriteError for no examples, for
 * unequal numbers of them, and for values that are not finite.
 *
 * @example
 * ```ts
 * import { drawResiduals } from "neurite/viz";
 *
 * const svg = await drawResiduals([1, 2, 3], [1.1, 1.8, 3.3], { quantity: "height (m)" });
 * ```
 */
export async function drawResiduals(
  truth: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: ResidualOptions = {},
): Promise<string> {
  checkOptions("drawResiduals", options, ["quantity"]);
  const { quantity = "target" } = options;
  const points = Array.from(truth, (y, i) => ({ truth: y, prediction: predictions[i] }));
  const all = [...Array.from(truth), ...Array.from(predictions)];
  if (points.length === 0 || predictions.length !== points.length || !all.every(Number.isFinite)) {
    const isUneven = predictions.length !== points.length;
    throw new NeuriteError({
      operation: "drawResiduals",
      got:
        isUneven || points.length === 0
          ? `${truth.length} values, ${predictions.length} predictions`
          : "values that are not finite",
      expected: "one finite prediction for each value, at least one",
    });
  }
  const [low, high] = all.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [all[0], all[0]],
  );
  const room = 0.04 * (high - low || 1);
  const domain = [low - room, high + room];
  const picture = await drawPlot("drawResiduals", (plot) => ({
    width: 400,
    height: 380,
    marginLeft: 70,
    marginTop: 28,
    marginBottom: 44,
    marginRight: 24,
    grid: true,
    x: {
      domain,
      label: `true ${quantity}`,
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 5,
      tickFormat: formatTick,
    },
    y: { domain, label: `predicted ${quantity}`, labelArrow: "none", ticks: 5, tickFormat: formatTick },
    marks: [
      plot.line(
        domain.map((value) => [value, value]),
        { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "4 3" },
      ),
      plot.dot(points, { x: "truth", y: "prediction", fill: palette[0], fillOpacity: 0.85, r: 3 }),
    ],
  }));
  return toSvg(picture, `predicted against true ${quantity}`);
}
