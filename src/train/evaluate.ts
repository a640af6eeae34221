import type { Logs } from "./figures.ts";
import type { Source } from "./source.ts";
import type { Trainer } from "./trainer.ts";
import type { Turns } from "./yielding.ts";

/** Loss and metrics of all examples, whatever the batches. */
export async function evaluateSource(trainer: Trainer, source: Source, turns: Turns): Promise<Logs> {
  const figures = trainer.newFigures();
  const batches = source.epoch(0);
  for (;;) {
    const next = batches.next();
    const { done, value } = next instanceof Promise ? await next : next;
    if (done) return figures.read();
    trainer.test(value, figures);
    if (turns.areOver) await turns.rest();
  }
}
