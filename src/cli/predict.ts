import { NeuriteError } from "../base/error.ts";
import { numbersOf, readCsv, type Table } from "../data/index.ts";
import { checkWritable, readBytes, writeWhole } from "../io/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { chooseDevice } from "./device.ts";
import { accuracyOf, errorsOf, type Figures, formatFigures } from "./figure.ts";
import { heldOutExamples, heldOutName, shippedNames } from "./shipped.ts";
import { kindsOf } from "./table.ts";
import { inputsOf, inUnits, loadModel, type Task } from "./task.ts";
import { type Terminal, WrongUse } from "./terminal.ts";

/** The options of `neurite predict`. */
export interface PredictOptions {
  readonly output?: string;
  readonly device?: string;
  readonly json?: boolean;
}

/** Predicts for every row of a table and prints, or writes, one line for each. */
export async function predict(
  path: string,
  data: string,
  { output, device, json = false }: PredictOptions,
  terminal: Terminal,
): Promise<void> {
  chooseDevice(device);
  if (output !== undefined) await checkWritable(output);
  const { model, task } = await loadModel(path);
  const isShipped = shippedNames.includes(data);
  const table = isShipped ? await heldOutOf(data, task, path) : await readTable(data, task);
  const predictions = readPredictions(task, await model.predict(inputsOf(task, table)), table);
  const figures = compare(task, predictions, table);
  const csv = [task.target, ...predictions].map(quote).join("\n");
  if (output !== undefined) await writeWhole(output, `${csv}\n`);
  if (json) {
    const written = output === undefined ? {} : { output };
    terminal.print(JSON.stringify({ target: task.target, predictions, ...figures, ...written }));
    return;
  }
  if (output === undefined) terminal.print(csv);
  if (figures !== undefined) {
    const line = formatFigures(isShipped ? heldOutName(data) : "", figures);
    // Predictions that go to standard output stay alone there.
    if (output === undefined) terminal.warn(line);
    else terminal.print(line);
  }
  if (output !== undefined) terminal.print(output);
}

async function heldOutOf(name: string, { shipped }: Task, path: string): Promise<Table> {
  const table = shipped?.name === name ? await heldOutExamples(name, shipped.seed) : undefined;
  if (table !== undefined) return table;
  throw new WrongUse(
    `the model of '${path}' was not trained on '${name}': name a CSV file (./${name} for one of this name)`,
  );
}

async function readTable(path: string, task: Task): Promise<Table> {
  return readCsv(await readBytes(path), { kinds: kindsOf(task.features) });
}

/** The most probable class, or the number in the units of the target, of every row. */
function readPredictions(task: Task, outputs: Tensor, { lines }: Table): (string | number)[] {
  const values = outputs.dataSync();
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) {
    throw new NeuriteError({
      operation: "predict",
      got: `${values[odd]} for line ${lines[Math.floor((odd * lines.length) / values.length)]}`,
      expected: "finite numbers",
      hint: "the values of the line are too large, or the model is damaged",
    });
  }
  if (task.kind === "regression") return inUnits(task, outputs);
  const width = task.classes.length;
  return Array.from({ length: outputs.shape[0] }, (_, row) => {
    const probabilities = values.subarray(row * width, (row + 1) * width);
    return task.classes[probabilities.indexOf(Math.max(...probabilities))];
  });
}

/** How well the predictions agree with the table, where it has the target. */
function compare(task: Task, predictions: readonly (string | number)[], table: Table): Figures | undefined {
  const truth = table.columns.find(({ name }) => name === task.target);
  if (truth === undefined) return undefined;
  if (task.kind === "regression") {
    return errorsOf(predictions.map(Number), Array.from(numbersOf(table, task.target)));
  }
  return accuracyOf(predictions.map(String), Array.from<string | number, string>(truth.values, String));
}

/** A cell of a CSV file. */
function quote(cell: string | number): string {
  const text = String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
