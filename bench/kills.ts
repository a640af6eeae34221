import { NeuriteError } from "../src/base/error.ts";
import { killTraining } from "../test/kills.ts";
import { readOptions } from "./options.ts";

/** Kills a training process at random moments and starts it again; false where it ends with other bits than one nobody killed. */
export async function kills(args: readonly string[]): Promise<boolean> {
  const options = readOptions("kills", args, { kills: "string" });
  const count = Number(options.kills ?? 50);
  if (!Number.isInteger(count) || count < 1) {
    throw new NeuriteError({
      operation: "kills",
      got: `--kills ${options.kills}`,
      expected: "a whole number, at least 1",
    });
  }
  const { expected, ends, previousUsed, mostFiles } = await killTraining(count);
  const wrong = ends.filter((bits) => bits !== expected).length;
  console.log(`${count} kills, ${ends.length} trainings to the end, ${wrong} with other bits`);
  console.log(`${previousUsed} times the previous checkpoint was used, at most ${mostFiles} files`);
  return wrong === 0;
}
