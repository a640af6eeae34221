import { checkOptions, NeuriteError } from "../base/error.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { type Answer, openThread, type Thread } from "./thread.ts";

/** Options of `batchesInWorker`. */
export interface WorkerBatchesOptions {
  /** A number for the module's function, such as the epoch. Default 0. */
  readonly argument?: number;
  /** How many batches are made before they are asked for. Default 2. */
  readonly ahead?: number;
}

/** Inputs and targets, and perhaps how much each example counts. */
export type WorkerBatch =
  | readonly [x: Tensor, y: Tensor]
  | readonly [x: Tensor, y: Tensor, sampleWeight: Tensor];

/**
 * Batches of inputs and targets, and perhaps weights of the examples, that a module makes on a thread of its own, in a worker,
 * while this one trains: functions cannot travel to a worker, modules can. Its default export is a function from `argument`
 * to an iterable, or async iterable, of two or three tensors, each a tensor of Neurite or `{ dtype, shape, data }`; such as
 * the batches of a mapped `Dataset`. Ending the loop stops the worker.
 *
 * Throws a NeuriteError for `ahead` that is no whole number ≥ 1, where there are no workers, and, where its batch would have
 * come, for what the module throws or yields that is something else.
 *
 * @example
 * ```ts
 * import { batchesInWorker } from "neurite/data";
 *
 * // As a rule a file of yours: new URL("./batches.js", import.meta.url)
 * const code = `export default function* (epoch) {
 *   const x = { dtype: "f32", shape: [2, 1], data: Float32Array.of(epoch, 1) };
 *   yield [x, x];
 * }`;
 * const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
 * for await (const [x, y] of batchesInWorker(module, { argument: 5 })) console.log(x.toArray()); // [[5], [1]]
 * ```
 */
export function batchesInWorker(
  module: URL,
  options: WorkerBatchesOptions = {},
): AsyncGenerator<WorkerBatch, void> {
  checkOptions("batchesInWorker", options, ["argument", "ahead"]);
  const { argument = 0, ahead = 2 } = options;
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new NeuriteError({
      operation: "batchesInWorker",
      got: `ahead: ${ahead}`,
      expected: "a whole number ≥ 1",
    });
  }
  return receive(module.href, argument, ahead);
}

async function* receive(module: string, argument: number, ahead: number): AsyncGenerator<WorkerBatch, void> {
  const inbox = new Inbox();
  const thread: Thread = await openThread((answer) => inbox.put(answer));
  try {
    thread.post({ module, argument });
    for (let i = 0; i < ahead; i++) thread.post("next");
    for (;;) {
      const answer = await inbox.take();
      if (answer.kind === "end") return;
      if (answer.kind === "error") {
        throw new NeuriteError({
          operation: "batchesInWorker",
          got: `the error '${answer.message}' in ${module.slice(0, 80)}`,
          expected: "batches of two or three tensors: inputs, targets, and perhaps weights",
        });
      }
      thread.post("next");
      const [x, y, weights] = answer.batch.map(({ dtype, shape, data }) => tensor(data, { dtype, shape }));
      yield weights === undefined ? [x, y] : [x, y, weights];
    }
  } finally {
    await thread.stop();
  }
}

/** Answers wait here to be taken, and who takes waits for answers. */
class Inbox {
  private readonly answers: Answer[] = [];
  private waiting: ((answer: Answer) => void) | undefined;

  put(answer: Answer): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.answers.push(answer);
    else waiting(answer);
  }

  take(): Promise<Answer> {
    const [first] = this.answers.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }
}
