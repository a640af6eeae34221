import { r2Score } from "../metrics/index.ts";
import { tensor } from "../tensor/index.ts";

/** How well a model does on examples that it did not learn from; R² only where the truth varies. */
export type Figures =
  | { readonly accuracy: number }
  | { readonly meanAbsoluteError: number; readonly r2Score?: number };

/** The share of predictions that are right. */
export function accuracyOf(predictions: readonly string[], truth: readonly string[]): Figures {
  const right = predictions.filter((prediction, i) => prediction === truth[i]);
  return { accuracy: right.length / predictions.length };
}

/** The errors of predicted numbers, in their units. */
export function errorsOf(predictions: readonly number[], truth: readonly number[]): Figures {
  const total = predictions.reduce((sum, prediction, i) => sum + Math.abs(prediction - truth[i]), 0);
  const meanAbsoluteError = total / predictions.length;
  if (truth.every((value) => value === truth[0])) return { meanAbsoluteError };
  const [y, x] = [truth, predictions].map((values) => tensor([...values], { dtype: "f64" }));
  return { meanAbsoluteError, r2Score: r2Score(x, y).item() };
}

/** `test accuracy 0.9833`: four significant figures. */
export function formatFigures(where: string, figures: Figures): string {
  const shown =
    "accuracy" in figures
      ? [`accuracy ${figures.accuracy.toPrecision(4)}`]
      : [
          `mean absolute error ${figures.meanAbsoluteError.toPrecision(4)}`,
          ...(figures.r2Score === undefined ? [] : [`R² ${figures.r2Score.toPrecision(4)}`]),
        ];
  return `${where} ${shown.join(", ")}`.trimStart();
}
