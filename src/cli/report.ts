import { sizeOf } from "../base/shape.ts";
import type { Table } from "../data/index.ts";
import { writeWhole } from "../io/index.ts";
import { confusionMatrix } from "../metrics/index.ts";
import { getDevice, type Tensor } from "../tensor/index.ts";
import type { History, Sequential } from "../train/index.ts";
import {
  drawArchitecture,
  drawConfusionMatrix,
  drawFilters,
  drawLearningCurves,
  drawMisclassified,
  drawResiduals,
  findMistakes,
} from "../viz/index.ts";
import { escapeHtml, type Section, toPage } from "./page.ts";
import type { Classification, Regression, Task } from "./task.ts";

/** What a report tells of. */
export interface Training {
  readonly task: Task;
  readonly model: Sequential;
  readonly history: History;
  /** Inputs and targets of the examples held out. */
  readonly x: Tensor;
  readonly y: Tensor;
  /** The same examples as they were read, where they were a table. */
  readonly rows?: Table;
  /** How well the model does: `test accuracy 0.9833`. */
  readonly figure: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Examples listed at most. */
const mostListed = 12;
/** Columns listed at most. */
const mostColumns = 8;

/** Writes one HTML file that holds everything: curves, what went wrong, architecture, settings. */
export async function writeReport(path: string, training: Training): Promise<void> {
  const { task, model, figure, settings } = training;
  const outputs = model.predict(training.x);
  const results =
    task.kind === "classification"
      ? await classificationSections(task, training, outputs)
      : await regressionSections(task, training, outputs);
  const sections: Section[] = [
    { title: "Learning curves", content: await curves(training) },
    ...results,
    { title: "Architecture", content: architecture(model) },
    ...filters(model),
    {
      title: "Settings",
      content: table(
        ["setting", "value"],
        Object.entries({ ...settings, device: getDevice() }).map(([name, value]) => [name, String(value)]),
      ),
    },
  ];
  await writeWhole(path, toPage(`${settings.data}: ${figure}`, sections));
}

/** The error of a regression is given in the units of the target, also where the network learns it standardised. */
async function curves({ task, history }: Training): Promise<string> {
  if (task.kind === "classification") return await drawLearningCurves(history, { units: { loss: "nats" } });
  const { target, deviation } = task;
  const scaled = Object.entries(history).map(([name, values]): [string, readonly number[]] => {
    const isError = /meanAbsoluteError$/i.test(name);
    return [name, isError ? values.map((value) => value * deviation) : values];
  });
  const units = { loss: "variances of the target", meanAbsoluteError: `units of ${target}` };
  return await drawLearningCurves(Object.fromEntries(scaled), { units });
}

async function classificationSections(
  task: Classification,
  { x, y, rows }: Training,
  outputs: Tensor,
): Promise<Section[]> {
  const { classes, target } = task;
  const mistakes = findMistakes(outputs, y);
  const counts = confusionMatrix(outputs, y);
  const matrix = { title: "Confusion matrix", content: await drawConfusionMatrix(counts, { classes }) };
  const title = `Misclassified: ${mistakes.length} of ${y.shape[0]}`;
  if (rows === undefined) return [matrix, { title, content: drawMisclassified(x, outputs, y, { classes }) }];
  const listed = mistakes
    .slice(0, mostListed)
    .map(({ example, truth, prediction, confidence }) => [
      rows.lines[example],
      `${classes[prediction]} (${Math.round(100 * confidence)} %)`,
      classes[truth],
      ...cellsOf(rows, target, example),
    ]);
  const head = ["line", "predicted", `true ${target}`, ...namesOf(rows, target)];
  const content = listed.length === 0 ? "<p>None.</p>" : table(head, listed);
  return [matrix, { title, content }];
}

async function regressionSections(
  { target, mean, deviation }: Regression,
  { y, rows }: Training,
  outputs: Tensor,
): Promise<Section[]> {
  const inUnits = (x: Tensor): number[] => Array.from(x.dataSync(), (value) => value * deviation + mean);
  const [truth, predictions] = [inUnits(y), inUnits(outputs)];
  const picture = await drawResiduals(truth, predictions, { quantity: target });
  const sections = [{ title: "Predictions", content: picture }];
  if (rows === undefined) return sections;
  const farthest = truth
    .map((value, example) => ({ example, error: predictions[example] - value }))
    .sort((a, b) => Math.abs(b.error) - Math.abs(a.error))
    .slice(0, mostListed);
  const listed = farthest.map(({ example, error }) => [
    rows.lines[example],
    shorten(predictions[example]),
    shorten(truth[example]),
    shorten(error),
    ...cellsOf(rows, target, example),
  ]);
  const head = ["line", "predicted", `true ${target}`, "error", ...namesOf(rows, target)];
  return [...sections, { title: "Farthest from the truth", content: table(head, listed) }];
}

function architecture(model: Sequential): string {
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  return `${drawArchitecture(model.layers)}<pre>${escapeHtml(lines.join("\n"))}</pre>`;
}

/** Filters of a convolution over images that are small enough to be seen. */
function filters(model: Sequential): Section[] {
  const [path, weights] = Object.entries(model.getWeights())[0] ?? [];
  const isShown = weights?.shape.length === 4 && sizeOf(weights.shape) <= 20_000;
  if (path === undefined || weights === undefined || !isShown) return [];
  return [{ title: "Filters of the first layer", content: drawFilters(weights) }];
}

function namesOf({ columns }: Table, target: string): string[] {
  return columns
    .filter(({ name }) => name !== target)
    .slice(0, mostColumns)
    .map(({ name }) => name);
}

function cellsOf(rows: Table, target: string, row: number): (string | number)[] {
  const columns = rows.columns.filter(({ name }) => name !== target).slice(0, mostColumns);
  return columns.map(({ values }) => {
    const value = values[row];
    return typeof value === "number" ? shorten(value) : value;
  });
}

function shorten(value: number): number {
  return Number(value.toPrecision(5));
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  // A column is aligned as its first value.
  const cells = (row: readonly (string | number)[], tag: "th" | "td"): string =>
    row
      .map((cell, i) => {
        const kind = typeof rows[0]?.[i] === "number" ? ' class="number"' : "";
        return `<${tag}${kind}>${escapeHtml(String(cell))}</${tag}>`;
      })
      .join("");
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
  return `<div class="wide"><table><thead><tr>${cells(head, "th")}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
