import type { Table } from "../data/index.ts";
import { writeWhole } from "../io/index.ts";
import { confusionMatrix } from "../metrics/index.ts";
import { getDevice, slice, squeeze, type Tensor } from "../tensor/index.ts";
import type { History, Sequential } from "../train/index.ts";
import {
  drawArchitecture,
  drawConfusionMatrix,
  drawDecisionBoundary,
  drawFeatureMaps,
  drawFilters,
  drawGradientNorms,
  drawLearningCurves,
  drawMisclassified,
  drawProgram,
  drawResiduals,
  findMistakes,
} from "../viz/index.ts";
import { charts, escapeHtml, type Section, sentence, table, toPage, wide } from "./page.ts";
import { type Classification, inUnits, type Regression, standardizerOf, type Task } from "./task.ts";
import { marksOf, predictionOf, type Sights } from "./watch.ts";

/** What a report tells of. */
export interface Training {
  readonly task: Task;
  readonly model: Sequential;
  readonly history: History;
  /** What was seen while it learned. */
  readonly sights: Sights;
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
/** A confusion matrix of more classes would be too small on a narrow page. */
const mostShrunk = 10;
/** Points of a plane drawn at most. */
const mostPoints = 500;

/** Writes one HTML file that holds everything: how the network learned, what went wrong, what it is. */
export async function writeReport(path: string, training: Training): Promise<void> {
  const { task, model, figure, settings } = training;
  const outputs = model.predict(training.x);
  const results =
    task.kind === "classification"
      ? await classificationSections(task, training, outputs)
      : await regressionSections(task, training, outputs);
  const rows = Object.entries({ ...settings, device: getDevice() });
  const sections: Section[] = [
    { title: "Learning curves", content: charts(...(await curves(training))) },
    ...results,
    ...(await boundary(training)),
    { title: "Architecture", content: architecture(model) },
    ...images(training),
    ...(await gradients(training)),
    { title: "Computation graph", content: computation(training) },
    {
      title: "Settings",
      content: table(
        ["setting", "value"],
        rows.map(([name, value]) => [name, String(value)]),
      ),
    },
  ];
  await writeWhole(path, toPage(`${settings.data}: ${figure}`, sections));
}

/** A picture for each figure; the error of a regression in the units of the target, though the network learns it standardised. */
async function curves({ task, history }: Training): Promise<string[]> {
  const [factor, units] =
    task.kind === "classification"
      ? [1, { loss: "nats" }]
      : [task.deviation, { loss: "variances of the target", meanAbsoluteError: `units of ${task.target}` }];
  const scaled = Object.entries(history).map(([name, values]): [string, readonly number[]] => {
    const isError = /meanAbsoluteError$/i.test(name);
    return [name, isError ? values.map((value) => value * factor) : values];
  });
  const pairs = ["loss", task.kind === "classification" ? "accuracy" : "meanAbsoluteError"].map((figure) =>
    Object.fromEntries(scaled.filter(([name]) => name.toLowerCase().endsWith(figure.toLowerCase()))),
  );
  return await Promise.all(pairs.map((pair) => drawLearningCurves(pair, { units })));
}

async function classificationSections(
  task: Classification,
  { x, y, rows }: Training,
  outputs: Tensor,
): Promise<Section[]> {
  const { classes, target } = task;
  const mistakes = findMistakes(outputs, y);
  const counts = confusionMatrix(outputs, y);
  const picture = await drawConfusionMatrix(counts, { classes });
  const content = classes.length <= mostShrunk ? charts(picture) : wide(picture);
  const matrix = { title: "Confusion matrix", content };
  const title = `Misclassified: ${mistakes.length} of ${y.shape[0]}`;
  if (mistakes.length === 0) return [matrix, { title, content: sentence("None.") }];
  if (rows === undefined) {
    return [matrix, { title, content: wide(drawMisclassified(x, outputs, y, { classes })) }];
  }
  const listed = mistakes
    .slice(0, mostListed)
    .map(({ example, truth, prediction, confidence }) => [
      rows.lines[example],
      `${classes[prediction]}\u00a0(${Math.round(100 * confidence)}\u00a0%)`,
      classes[truth],
      ...cellsOf(rows, target, example),
    ]);
  const head = ["line", "predicted", `true ${target}`, ...namesOf(rows, target)];
  return [matrix, { title, content: listing(mistakes.length, "most confident", table(head, listed)) }];
}

async function regressionSections(
  task: Regression,
  { y, rows }: Training,
  outputs: Tensor,
): Promise<Section[]> {
  const { target, deviation } = task;
  const [truth, predictions] = [inUnits(task, y), inUnits(task, outputs)];
  const picture = await drawResiduals(truth, predictions, { quantity: target });
  const sections = [{ title: "Predictions", content: wide(picture) }];
  if (rows === undefined) return sections;
  const farthest = truth
    .map((value, example) => ({ example, residual: value - predictions[example] }))
    .sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual))
    .slice(0, mostListed);
  // A hundredth of a standard deviation can be read.
  const decimals = Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(deviation))));
  const listed = farthest.map(({ example, residual }) => [
    rows.lines[example],
    Number(predictions[example].toFixed(decimals)),
    shorten(truth[example]),
    Number(residual.toFixed(decimals)),
    ...cellsOf(rows, target, example),
  ]);
  const head = ["line", "predicted", `true ${target}`, "residual", ...namesOf(rows, target)];
  const content = listing(truth.length, "farthest", table(head, listed));
  return [...sections, { title: "Farthest from the truth", content }];
}

/** A table of the first of some examples, and how many it leaves out. */
function listing(count: number, which: string, content: string): string {
  return count <= mostListed ? content : sentence(`The ${mostListed} ${which} of ${count}.`) + content;
}

/** How the plane was divided, where the examples lie in one. */
async function boundary({ task, sights: { division }, x, y }: Training): Promise<Section[]> {
  if (task.kind === "regression" || division === undefined) return [];
  const count = Math.min(mostPoints, y.shape[0]);
  const points = standardizerOf(task).inverse(slice(x, [0], [count]));
  const [first, second] = task.features.map(({ name }) => name);
  const options = { axes: [first, second], classes: task.classes } as const;
  const { plane, stages } = division;
  const picture = await drawDecisionBoundary(plane, stages, points, slice(y, [0], [count]), options);
  return [{ title: "Decision boundary", content: wide(picture) }];
}

function architecture(model: Sequential): string {
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  return `${wide(drawArchitecture(model))}<pre>${escapeHtml(lines.join("\n"))}</pre>`;
}

/** What the first layer of a network for images looks for, and what it finds in the first example held out. */
function images({ task, model, x, y }: Training): Section[] {
  const filters = Object.values(model.getWeights()).find(({ shape }) => shape.length === 4);
  if (filters === undefined || task.kind === "regression") return [];
  const marks = Object.entries(marksOf(model, slice(x, [0], [1])));
  const [, maps] = marks.find(([name, { shape }]) => /\/a$/.test(name) && shape.length === 4) ?? [];
  const signs = "Blue is positive, orange negative.";
  const sections = [
    { title: "Filters of the first layer", content: `${sentence(signs)}${charts(drawFilters(filters))}` },
  ];
  if (maps === undefined) return sections;
  const picture = charts(drawFeatureMaps(squeeze(maps, 0)));
  const title = `Feature maps: ${task.target} ${task.classes[y.dataSync()[0]]}`;
  return [...sections, { title, content: picture }];
}

/** Where they fall from layer to layer the gradient vanishes. */
async function gradients({ sights: { gradientNorms } }: Training): Promise<Section[]> {
  const isDrawn = Object.values(gradientNorms)
    .flat()
    .some((norm) => norm > 0 && Number.isFinite(norm));
  if (!isDrawn) return [];
  const picture = await drawGradientNorms(gradientNorms, { over: "epoch" });
  const text =
    "The norm of the gradient with respect to the parameters of each layer, on the same examples after each epoch.";
  return [{ title: "Gradients", content: `${sentence(text)}${charts(picture)}` }];
}

function computation({ task, model }: Training): string {
  const program = predictionOf(model, task.inputShape);
  const words = `What is computed for one example: ${program.equations.length} equations`;
  return `<details><summary>${words}</summary>\n${wide(drawProgram(program))}\n</details>`;
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
