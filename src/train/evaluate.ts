import { Dataset } from "../data/index.ts";
import { Means } from "./means.ts";
import type { Examples, Logs, Trainer } from "./trainer.ts";
import type { Turns } from "./yielding.ts";

/** Loss and metrics as exact means over examples. */
export async function evaluateExamples(
  trainer: Trainer,
  { x, y }: Examples,
  batchSize: number,
  turns: Turns,
): Promise<Logs> {
  const means = new Means();
  for (const [inputs, targets] of new Dataset([x, y] as const).batches(batchSize)) {
    means.add(trainer.test(inputs, targets), inputs.shape[0]);
    if (turns.areOver) await turns.rest();
  }
  return means.read();
}
