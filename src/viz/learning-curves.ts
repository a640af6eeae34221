import { checkOptions, NeuriteError } from "../base/error.ts";
import { drawLines } from "./lines.ts";
import { arrange, toSvg } from "./svg.ts";

/** Figures of each epoch by name, as `fit` returns them: `loss`, the metrics, and those of validation, `valLoss`. */
export type Figures = Readonly<Record<string, readonly number[]>>;

/** Options of `drawLearningCurves`. */
export interface LearningCurveOptions {
  /** The unit of a figure, by its name without `val`: `{ meanAbsoluteError: "cm" }`. Default none. */
  readonly units?: Readonly<Record<string, string>>;
}

/** Figures that are shares of the examples. */
const isShare = (figure: string): boolean => /accuracy$/i.test(figure);

/**
 * The learning curves of a history as SVG: for each figure a chart over the epochs, training and validation together.
 * Needs the optional package `@observablehq/plot`, in Node `linkedom` too; throws a NeuriteError without them, and for a
 * history without values.
 *
 * @example
 * ```ts
 * import { drawLearningCurves } from "neurite/viz";
 *
 * const svg = await drawLearningCurves({ loss: [0.9, 0.4, 0.3], valLoss: [0.8, 0.5, 0.45] });
 * ```
 */
export async function drawLearningCurves(
  history: Figures,
  options: LearningCurveOptions = {},
): Promise<string> {
  checkOptions("drawLearningCurves", options, ["units"]);
  const { units = {} } = options;
  const figures = Object.keys(history).filter((name) => !isValidation(history, name));
  if (figures.length === 0) {
    throw new NeuriteError({
      operation: "drawLearningCurves",
      got: "a history without figures",
      expected: "what fit returns: { loss: [0.9, 0.4], … }",
    });
  }
  const charts = figures.map(async (name) => {
    const validation = history[validationName(name)];
    const lines = [
      { name: "training", values: history[name] },
      ...(validation === undefined ? [] : [{ name: "validation", values: validation }]),
    ];
    const unit = units[name] ?? (isShare(name) ? "share of examples" : undefined);
    const words = inWords(name);
    const y = unit === undefined ? words : `${words} (${unit})`;
    return await drawLines("drawLearningCurves", lines, { x: "epoch", y });
  });
  return toSvg(
    arrange(await Promise.all(charts), 2, 24),
    `${figures.map(inWords).join(", ")} over the epochs`,
  );
}

function validationName(name: string): string {
  return `val${name[0].toUpperCase()}${name.slice(1)}`;
}

function isValidation(history: Figures, name: string): boolean {
  return Object.keys(history).some((other) => validationName(other) === name);
}

/** `meanAbsoluteError`: mean absolute error. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
