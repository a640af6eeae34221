import { countExamples } from "./data.ts";
import { Means } from "./means.ts";
import type { Source } from "./source.ts";
import type { Logs, Trainer } from "./trainer.ts";
import type { Turns } from "./yielding.ts";

/** Loss and metrics as exact means over examples. */
export async function evaluateSource(trainer: Trainer, source: Source, turns: Turns): Promise<Logs> {
  const means = new Means();
  const batches = source.epoch(0);
  for (;;) {
    const next = batches.next();
    const { done, value } = next instanceof Promise ? await next : next;
    if (done) return means.read();
    means.add(trainer.test(value), countExamples(value));
    if (turns.areOver) await turns.rest();
  }
}
