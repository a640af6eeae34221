import { checkOptions, NeuriteError } from "../base/error.ts";

/** Options of `prefetch`. */
export interface PrefetchOptions {
  /** How many batches are made before they are asked for. Default 2. */
  readonly ahead?: number;
}

/**
 * The same batches, the next ones made while a batch is used: reading files, downloading and decoding images go on beside
 * training. What JavaScript computes itself is computed on the same thread, so that it gains nothing; `batchesInWorker` runs
 * a module on a thread of its own.
 *
 * An error comes where its batch would have come. Throws a NeuriteError for `ahead` that is no whole number ≥ 1.
 *
 * @example
 * ```ts
 * import { prefetch } from "neurite/data";
 *
 * async function* squares() {
 *   for (let i = 0; i < 3; i++) yield tensor([i * i]);
 * }
 * for await (const batch of prefetch(squares(), { ahead: 2 })) console.log(batch.toArray());
 * ```
 */
export function prefetch<B>(
  batches: AsyncIterable<B>,
  options: PrefetchOptions = {},
): AsyncGenerator<B, void> {
  checkOptions("prefetch", options, ["ahead"]);
  const { ahead = 2 } = options;
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new NeuriteError({ operation: "prefetch", got: `ahead: ${ahead}`, expected: "a whole number ≥ 1" });
  }
  return draw(batches[Symbol.asyncIterator](), ahead);
}

async function* draw<B>(source: AsyncIterator<B>, ahead: number): AsyncGenerator<B, void> {
  const waiting: Promise<IteratorResult<B>>[] = [];
  let isOver = false;
  const ask = (): void => {
    const next = source.next();
    // An error waits until its turn comes.
    next.catch(() => undefined);
    waiting.push(next);
  };
  try {
    for (;;) {
      while (waiting.length <= ahead) ask();
      const next = await waiting.shift();
      if (next === undefined || next.done) {
        isOver = true;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    if (!isOver) await source.return?.();
  }
}
