import { appendBytes } from "../../io/index.ts";
import type { Callback } from "../callback.ts";
import type { Logs } from "../figures.ts";
import { type Event, encodeRecord } from "./event-file.ts";

/**
 * Writes the figures of each epoch for TensorBoard: `epoch_loss`, the metrics and the learning rate under
 * `<folder>/train`, those of validation under `<folder>/validation`, as Keras does. Each call of `fit` begins files of its
 * own.
 *
 * Throws for a folder that cannot be written.
 *
 * @example
 * ```ts
 * import { tensorBoard } from "neurite/train";
 *
 * const callback = tensorBoard("/tmp/logs"); // tensorboard --logdir /tmp/logs
 * ```
 */
export function tensorBoard(folder: string): Callback {
  let name = "";
  let opened = new Set<string>();
  const write = async (part: "train" | "validation", epoch: number, scalars: Record<string, number>) => {
    const path = `${folder}/${part}/${name}`;
    const wallTime = Date.now() / 1000;
    const events: Event[] = opened.has(path) ? [] : [{ wallTime, step: 0 }];
    events.push({ wallTime, step: epoch, scalars });
    opened.add(path);
    for (const event of events) await appendBytes(path, encodeRecord(event));
  };
  return {
    onTrainBegin: () => {
      const seconds = Math.floor(Date.now() / 1000);
      name = `events.out.tfevents.${seconds}.neurite.${crypto.randomUUID()}`;
      opened = new Set();
    },
    onEpochEnd: async (epoch, logs, { model }) => {
      const { learned, validated } = divide(logs);
      await write("train", epoch, { ...learned, epoch_learning_rate: model.learningRate });
      if (Object.keys(validated).length > 0) await write("validation", epoch, validated);
    },
  };
}

/** `valLoss` is the `epoch_loss` of validation. */
function divide(logs: Logs): { learned: Record<string, number>; validated: Record<string, number> } {
  const learned: Record<string, number> = {};
  const validated: Record<string, number> = {};
  for (const [figure, value] of Object.entries(logs)) {
    const [, first, rest] = /^val([A-Z])(.*)$/.exec(figure) ?? [];
    if (first === undefined) learned[`epoch_${figure}`] = value;
    else validated[`epoch_${first.toLowerCase()}${rest}`] = value;
  }
  return { learned, validated };
}
