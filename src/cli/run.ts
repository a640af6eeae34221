import type { Command } from "commander";
import { loadOptional } from "../base/optional.ts";
import type { CacheOptions } from "./cache.ts";
import type { PredictOptions } from "./predict.ts";
import { type Terminal, WrongUse } from "./terminal.ts";
import type { TrainOptions } from "./train.ts";

type Commander = typeof import("commander");

const exitCodes = `
Exit codes: 0 done, 1 the run failed, 2 wrong use of the command.`;

/**
 * Carries out a command line, without the name of the program, and resolves to its exit code: 0 done, 1 the run failed,
 * 2 wrong use. An error is one message on standard error.
 */
export async function run(args: readonly string[], version: string, terminal: Terminal): Promise<number> {
  try {
    const commander = await loadOptional("neurite", "commander", () => import("commander"));
    const program = makeProgram(commander, version, terminal);
    try {
      await program.parseAsync(args, { from: "user" });
      return 0;
    } catch (error) {
      // Commander has printed its message, or the help that was asked for.
      if (error instanceof commander.CommanderError) return error.exitCode === 0 ? 0 : 2;
      throw error;
    }
  } catch (error) {
    terminal.warn(`neurite: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof WrongUse ? 2 : 1;
  }
}

/** The commands; what carries them out is loaded when it is called, so that help comes at once. */
function makeProgram(commander: Commander, version: string, terminal: Terminal): Command {
  const program = new commander.Command("neurite")
    .description("Neural networks from the command line.")
    .version(version)
    .addHelpText("after", exitCodes)
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.warn(text.trimEnd()),
    })
    .exitOverride();
  const wholeNumber = (minimum: number) => (text: string) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && Number.isSafeInteger(value)) return value;
    throw new commander.InvalidArgumentError(`It is not a whole number ≥ ${minimum}.`);
  };

  program
    .command("train")
    .description("Train a network on data of this package or on a table of your own; save it with a report.")
    .argument(
      "<data>",
      "digits, iris, wine, breastCancer, diabetes, or a CSV file whose first line names the columns",
    )
    .option("-t, --target <column>", "the column to predict (CSV files only)")
    .option(
      "-e, --epochs <count>",
      "how often all examples are gone through (default: 25 for the digits, at least 50 for tables)",
      wholeNumber(1),
    )
    .option("-s, --seed <number>", "decides split, initial weights and order", wholeNumber(0), 0)
    .option("-o, --output <path>", "where the model is saved (default: <data>.safetensors)")
    .option("-d, --device <name>", "where it is computed: see 'neurite info'")
    .option("--json", "print one JSON object and no progress")
    .addHelpText(
      "after",
      `
A target of texts, or of few whole numbers, is a classification; other numbers are a regression. Numbers are
standardised, texts become categories, and a fifth of the rows is held out for validation. The report, <model>.html,
shows learning curves, what went wrong, and the network.
${exitCodes}`,
    )
    .action(async (data: string, options: TrainOptions) => {
      const { train } = await import("./train.ts");
      await train(data, options, terminal);
    });

  program
    .command("predict")
    .description("Predict with a saved model, one line for each row.")
    .argument("<model>", "the file that 'neurite train' saved")
    .argument(
      "<data>",
      "a CSV file with the columns of the training, or for data of this package their name: what was held out",
    )
    .option("-o, --output <path>", "write the predictions to a CSV file")
    .option("-d, --device <name>", "where it is computed: see 'neurite info'")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Where the data have the target too, the predictions are also compared with it.
${exitCodes}`,
    )
    .action(async (model: string, data: string, options: PredictOptions) => {
      const { predict } = await import("./predict.ts");
      await predict(model, data, options, terminal);
    });

  program
    .command("info")
    .description("Show versions and devices, and why a device cannot be used here.")
    .option("--json", "print one JSON object")
    .addHelpText("after", exitCodes)
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { info } = await import("./info.ts");
      info(version, json === true, terminal);
    });

  program
    .command("cache")
    .description("Show what is kept of compiled native kernels, or remove it.")
    .option("--clear", "remove all; they are compiled again when they are needed")
    .option("--json", "print one JSON object")
    .addHelpText("after", exitCodes)
    .action(async (options: CacheOptions) => {
      const { cache } = await import("./cache.ts");
      cache(options, terminal);
    });
  return program;
}
