import { checkOptions, NeuriteError } from "../base/error.ts";
import { drawPlot, numberAxis } from "./plot.ts";
import { arrange, type Picture, palette, toSvg } from "./svg.ts";

/** Options of `drawResiduals`. */
export interface ResidualOptions {
  /** What is predicted, with its unit: `"yield (t/ha)"`. Default "target". */
  readonly quantity?: string;
}

/**
 * A regression as SVG, a dot for each example in each of two charts: predictions against the true values, with the diagonal
 * on which a perfect model has them all; and the residuals, true − predicted, against the predictions, which lie evenly
 * about zero where the model leaves nothing to explain. Needs the optional packages of `drawLearningCurves`. Throws a NeuriteError for no examples, for
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
  const domain = around(all);
  const residuals = points.map(({ truth, prediction }) => ({ prediction, residual: truth - prediction }));
  const errors = around([0, ...residuals.map(({ residual }) => residual)]);
  const charts = [
    await drawDots(points, {
      x: { channel: "truth", label: `true ${quantity}`, domain },
      y: { channel: "prediction", label: `predicted ${quantity}`, domain },
      line: domain.map((value) => [value, value]),
    }),
    await drawDots(residuals, {
      x: { channel: "prediction", label: `predicted ${quantity}`, domain },
      y: { channel: "residual", label: "residual, true − predicted", domain: errors },
      line: domain.map((value) => [value, 0]),
    }),
  ];
  return toSvg(
    arrange(charts, 2, 24),
    `predicted against true ${quantity}, and residuals against predictions`,
  );
}

interface Axis {
  readonly channel: string;
  readonly label: string;
  readonly domain: readonly number[];
}

/** Dots, and the line on which they would lie if the model were right. */
async function drawDots(
  points: readonly Readonly<Record<string, number>>[],
  { x, y, line }: { readonly x: Axis; readonly y: Axis; readonly line: readonly (readonly number[])[] },
): Promise<Picture> {
  return await drawPlot("drawResiduals", (plot) => ({
    width: 420,
    height: 400,
    marginLeft: 70,
    marginTop: 28,
    marginBottom: 44,
    marginRight: 24,
    grid: true,
    x: { ...numberAxis(x.label, x.domain), labelAnchor: "center" },
    y: numberAxis(y.label, y.domain),
    marks: [
      plot.line(line, { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "4 3" }),
      plot.dot(points, { x: x.channel, y: y.channel, fill: palette[0], fillOpacity: 0.7, r: 3 }),
    ],
  }));
}

/** From the least to the greatest, with some room. */
function around(values: readonly number[]): readonly number[] {
  const [low, high] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [values[0], values[0]],
  );
  const room = 0.04 * (high - low || 1);
  return [low - room, high + room];
}
