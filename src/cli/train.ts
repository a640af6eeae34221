import { basename } from "node:path";
import { NeuriteError, unknownName } from "../base/error.ts";
import { readCsv, type Split, type Table } from "../data/index.ts";
import { checkWritable, readBytes } from "../io/index.ts";
import type { Sequential } from "../train/index.ts";
import { chooseDevice } from "./device.ts";
import { digitsModel, digitsTask, divideDigits } from "./digits.ts";
import { errorsOf, type Figures, formatFigures } from "./figure.ts";
import { type Training, writeReport } from "./report.ts";
import { shippedNames, shippedTable } from "./shipped.ts";
import { prepareTable, tableModel } from "./table.ts";
import { inUnits, saveModel, type Task } from "./task.ts";
import { type Terminal, WrongUse } from "./terminal.ts";
import { watch } from "./watch.ts";

const batchSize = 32;
const fewestEpochs = 50;
const fewestSteps = 800;

/** The options of `neurite train`. */
export interface TrainOptions {
  readonly target?: string;
  readonly epochs?: number;
  readonly seed: number;
  readonly output?: string;
  readonly device?: string;
  readonly json?: boolean;
}

/** What is trained: a task, its examples and a model for it. */
interface Plan {
  readonly task: Task;
  readonly examples: Split;
  /** What was held out as it was read, where it was a table. */
  readonly rows?: Table;
  readonly model: Sequential;
  readonly epochs: number;
  /** What the examples held out are called: they are looked at once, or after each epoch. */
  readonly heldOut: "test" | "validation";
}

/** Trains on shipped data or on a table, saves the model with a report, and prints how well it does on what was held out. */
export async function train(data: string, options: TrainOptions, terminal: Terminal): Promise<void> {
  const { seed, device, json = false } = options;
  const output = options.output ?? `${basename(data).replace(/\.[^.]*$/, "")}.safetensors`;
  const report = `${output.replace(/\.safetensors$/, "")}.html`;
  chooseDevice(device);
  await checkWritable(output);
  await checkWritable(report);
  const plan = await makePlan(data, options);
  const { task, examples, model, epochs, heldOut, rows } = plan;
  const { xTrain, yTrain, xTest, yTest } = examples;
  if (!json) terminal.print(describe(plan));

  const { callback, sights } = watch(model, task, examples, epochs);
  const started = performance.now();
  const history = await model.fit(xTrain, yTrain, {
    epochs,
    batchSize,
    seed,
    callbacks: [callback],
    verbose: json ? 0 : 1,
    ...(heldOut === "validation" ? { validationData: [xTest, yTest] as const } : {}),
  });
  const seconds = (performance.now() - started) / 1000;
  const figures = await measure(plan);
  await saveModel(output, model, task);
  const [learned, held] = [xTrain.shape[0], xTest.shape[0]];
  const settings = {
    data,
    target: task.target,
    "examples to learn from": learned,
    [`examples for ${heldOut}`]: held,
    epochs,
    "batch size": batchSize,
    seed,
  };
  const line = formatFigures(heldOut, figures);
  const written = await tryReport(report, terminal, {
    task,
    model,
    history,
    sights,
    x: xTest,
    y: yTest,
    ...(rows !== undefined && { rows }),
    figure: line,
    settings: { ...settings, "seconds of training": Number(seconds.toPrecision(3)) },
  });
  if (json) {
    const { kind, target } = task;
    terminal.print(
      JSON.stringify({
        kind,
        target,
        learned,
        [heldOut]: held,
        epochs,
        seed,
        seconds,
        ...figures,
        ...(written && { report }),
        model: output,
      }),
    );
    return;
  }
  if (written) terminal.print(`report ${report}`);
  terminal.print(line);
  terminal.print(output);
}

/** How well the model does on the examples held out; the errors of a regression in the units of the target. */
async function measure({ task, model, examples: { xTest, yTest } }: Plan): Promise<Figures> {
  if (task.kind === "regression") return errorsOf(inUnits(task, model.predict(xTest)), inUnits(task, yTest));
  const { accuracy } = await model.evaluate(xTest, yTest);
  return { accuracy };
}

/** Whether the report could be written: what was learned is saved, and is no failure without it. */
async function tryReport(path: string, terminal: Terminal, training: Training): Promise<boolean> {
  try {
    await writeReport(path, training);
    return true;
  } catch (error) {
    if (!(error instanceof NeuriteError)) throw error;
    terminal.warn(`no report: ${error.message}`);
    return false;
  }
}

async function makePlan(data: string, options: TrainOptions): Promise<Plan> {
  const { target, seed } = options;
  if (target !== undefined && shippedNames.includes(data)) {
    throw new WrongUse(`--target is for CSV files: the target of the data '${data}' is known`);
  }
  if (data === "digits") {
    const [task, examples, model] = [digitsTask(seed), await divideDigits(seed), digitsModel(seed)];
    return { task, examples, model, epochs: options.epochs ?? 25, heldOut: "test" };
  }
  const shipped = await shippedTable(data);
  const { table, target: column } = shipped ?? (await readTable(data, target));
  const { task, examples, heldOut } = prepareTable(table, column, seed);
  const origin = shipped === undefined ? task : { ...task, shipped: { name: data, seed } };
  const model = tableModel(task, seed);
  const epochs = options.epochs ?? epochsFor(examples.xTrain.shape[0]);
  return { task: origin, examples, rows: heldOut, model, epochs, heldOut: "validation" };
}

/** Small tables are gone through more often: a step moves the weights only so far. */
function epochsFor(examples: number): number {
  const steps = Math.ceil(examples / batchSize);
  return Math.max(fewestEpochs, Math.ceil(fewestSteps / steps));
}

async function readTable(
  path: string,
  target: string | undefined,
): Promise<{ table: Table; target: string }> {
  if (target === undefined) {
    const { existsSync } = await import("node:fs");
    const isName = !/[./\\]/.test(path) && !existsSync(path);
    throw new WrongUse(
      isName
        ? unknownName("train", path, shippedNames).message
        : `say which column of '${path}' to predict: --target <column>`,
    );
  }
  return { table: await readCsv(await readBytes(path)), target };
}

function describe({ task, examples, heldOut }: Plan): string {
  const { kind, target } = task;
  const [learned, held] = [examples.xTrain.shape[0], examples.xTest.shape[0]];
  const parts = `${learned} examples to learn from, ${held} for ${heldOut}`;
  if (kind === "classification")
    return `${kind}: '${target}', one of ${task.classes.length} classes; ${parts}`;
  const deviation = Number(task.deviation.toPrecision(4));
  return `${kind}: '${target}', a number; ${parts}\nwhile it learns, errors are in standard deviations of '${target}': ${deviation}`;
}
