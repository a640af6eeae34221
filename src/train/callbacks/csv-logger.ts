import { writeWhole } from "../../io/index.ts";
import type { Callback } from "../callback.ts";
import { StateReader } from "./state.ts";

/**
 * Writes the figures of each epoch to a CSV file: a line of names, then one line for each epoch, counted from 0. The file is
 * whole after each epoch, also where a run goes on from a checkpoint.
 *
 * Throws for a path that cannot be written.
 *
 * @example
 * ```ts
 * import { csvLogger } from "neurite/train";
 *
 * const callback = csvLogger("/tmp/training.csv");
 * ```
 */
export function csvLogger(path: string): Callback {
  let lines: string[] = [];
  return {
    onTrainBegin: () => {
      lines = [];
    },
    onEpochEnd: async (epoch, logs) => {
      if (lines.length === 0) lines.push(["epoch", ...Object.keys(logs)].map(quoted).join(","));
      lines.push([epoch, ...Object.values(logs)].join(","));
      await writeWhole(path, `${lines.join("\n")}\n`);
    },
    getState: () => ({ values: { lines } }),
    setState: (state) => {
      lines = new StateReader("csvLogger", state).texts("lines");
    },
  };
}

function quoted(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
