import { type Shape, sizeOf } from "../base/shape.ts";
import { type Tensor, tensor } from "../tensor/index.ts";

/** Loss and metrics by name. */
export interface Logs {
  readonly loss: number;
  readonly [metric: string]: number;
}

/** What is measured: a mean over examples, or what `result` makes of sums over batches. */
export interface Figure {
  readonly name: string;
  readonly result?: (sums: Tensor) => Tensor;
}

interface Total {
  readonly shape: Shape;
  readonly elements: Float64Array;
}

/** What batches add up to, in f64: the loss first. */
export class Figures {
  /** How many examples there were. */
  count = 0;
  private readonly figures: readonly Figure[];
  private totals: readonly Total[] = [];

  constructor(figures: readonly Figure[]) {
    this.figures = figures;
  }

  /** Adds what a step on so many examples gave: the mean loss, then the sums of each metric. */
  add(results: readonly Tensor[], examples: number): void {
    if (this.count === 0) {
      this.totals = results.map(({ shape }) => ({ shape, elements: new Float64Array(sizeOf(shape)) }));
    }
    for (let i = 0; i < results.length; i++) {
      const { elements } = this.totals[i];
      const sums = results[i].dataSync();
      const times = i === 0 ? examples : 1;
      for (let k = 0; k < elements.length; k++) elements[k] += times * sums[k];
    }
    this.count += examples;
  }

  /** The figures of all examples so far. */
  read(): Logs {
    const logs: { loss: number; [metric: string]: number } = { loss: Number.NaN };
    for (let i = 0; i < this.totals.length; i++) {
      const { name, result } = this.figures[i];
      const { shape, elements } = this.totals[i];
      logs[name] =
        result === undefined ? elements[0] / this.count : result(tensor(elements, { shape })).item();
    }
    return logs;
  }

  /** The sums so far, f64. */
  get sums(): Tensor[] {
    return this.totals.map(({ shape, elements }) => tensor(elements, { shape }));
  }

  /** Goes on from the sums of so many examples. */
  resume(sums: readonly Tensor[], count: number): void {
    this.totals = sums.map((total) => ({
      shape: total.shape,
      elements: Float64Array.from(total.dataSync()),
    }));
    this.count = count;
  }
}
