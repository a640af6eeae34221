import type { Logs } from "./trainer.ts";

/** Means over examples of the figures of batches. */
export class Means {
  /** The sums over examples, by figure. */
  readonly sums: Map<string, number>;
  /** How many examples there were. */
  count: number;

  constructor(sums: Iterable<readonly [figure: string, sum: number]> = [], count = 0) {
    this.sums = new Map(sums);
    this.count = count;
  }

  /** Adds the means of a batch of so many examples. */
  add(logs: Logs, examples: number): void {
    for (const name in logs) this.sums.set(name, (this.sums.get(name) ?? 0) + logs[name] * examples);
    this.count += examples;
  }

  /** The means over all examples so far. */
  read(): Logs {
    const figures = [...this.sums].map(([name, sum]) => [name, sum / this.count] as const);
    return { loss: Number.NaN, ...Object.fromEntries(figures) };
  }
}
