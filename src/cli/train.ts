import { basename } from "node:path";
import { readCsv, type Split } from "../data/index.ts";
import { checkWritable, readBytes } from "../io/index.ts";
import type { Sequential } from "../train/index.ts";
import { chooseDevice } from "./device.ts";
import { digitsModel, digitsTask, divideDigits } from "./digits.ts";
import { type Figure, formatFigure } from "./figure.ts";
import { prepareTable, tableModel } from "./table.ts";
import { saveModel, type Task } from "./task.ts";
import { type Terminal, WrongUse } from "./terminal.ts";

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
  readonly model: Sequential;
  readonly epochs: number;
  /** What the examples held out are called: they are looked at once, or after each epoch. */
  readonly heldOut: "test" | "validation";
}

/** Trains on the digits or on a table, saves the model and prints how well it does on what was held out. */
export async function train(data: string, options: TrainOptions, terminal: Terminal): Promise<void> {
  const { seed, device, json = false } = options;
  const output = options.output ?? `${basename(data).replace(/\.[^.]*$/, "")}.safetensors`;
  chooseDevice(device);
  await checkWritable(output);
  const plan = data === "digits" ? await planDigits(options) : await planTable(data, options);
  const { task, examples, model, epochs, heldOut } = plan;
  const { xTrain, yTrain, xTest, yTest } = examples;
  if (!json) terminal.print(describe(plan));

  const started = performance.now();
  await model.fit(xTrain, yTrain, {
    epochs,
    seed,
    verbose: json ? 0 : 1,
    ...(heldOut === "validation" ? { validationData: [xTest, yTest] as const } : {}),
  });
  const seconds = (performance.now() - started) / 1000;
  const figures = await model.evaluate(xTest, yTest);
  // The error of a regression in the units of the target.
  const figure: Figure =
    task.kind === "classification"
      ? { name: "accuracy", value: figures.accuracy }
      : { name: "meanAbsoluteError", value: figures.meanAbsoluteError * task.deviation };
  await saveModel(output, model, task);
  if (json) {
    const { kind, target } = task;
    const [learned, held] = [xTrain.shape[0], xTest.shape[0]];
    terminal.print(
      JSON.stringify({
        kind,
        target,
        learned,
        [heldOut]: held,
        epochs,
        seed,
        seconds,
        [figure.name]: figure.value,
        model: output,
      }),
    );
    return;
  }
  terminal.print(formatFigure(heldOut, figure));
  terminal.print(output);
}

async function planDigits({ target, epochs = 25, seed }: TrainOptions): Promise<Plan> {
  if (target !== undefined)
    throw new WrongUse("--target is for CSV files: the target of the digits is known");
  const [task, examples, model] = [digitsTask(seed), await divideDigits(seed), digitsModel(seed)];
  return { task, examples, model, epochs, heldOut: "test" };
}

async function planTable(path: string, { target, epochs = 50, seed }: TrainOptions): Promise<Plan> {
  if (target === undefined) {
    throw new WrongUse(`say which column of '${path}' to predict: --target <column>`);
  }
  const prepared = prepareTable(await readCsv(await readBytes(path)), target, seed);
  return { ...prepared, model: tableModel(prepared.task, seed), epochs, heldOut: "validation" };
}

function describe({ task, examples, heldOut }: Plan): string {
  const { kind, target } = task;
  const what = kind === "classification" ? `one of ${task.classes.length} classes` : "a number";
  const [learned, held] = [examples.xTrain.shape[0], examples.xTest.shape[0]];
  return `${kind}: '${target}', ${what}; ${learned} examples to learn from, ${held} for ${heldOut}`;
}
