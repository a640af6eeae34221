import { checkOptions, NeuriteError } from "../base/error.ts";
import { checkWritable, readOrPrevious, writeKeepingPrevious } from "../io/index.ts";
import { requireCount } from "./options.ts";
import type { Keeper, Run } from "./run.ts";
import { decodeRun, encodeRun, type KeptRun, requireSameRun } from "./run-file.ts";

/** Where training writes down how far it is. */
export interface CheckpointOptions {
  /**
   * A file. If it is there, `fit` goes on from it, as if it had never been interrupted; the file before it is kept as
   * `<path>.previous`, and used where the newer one is damaged.
   */
  readonly path: string;
  /** Writes after so many steps too. Default: after each epoch only. */
  readonly every?: number;
}

/** Reads the checkpoint of a run, if there is one. Throws where it is one of another run, and where none can be written. */
export async function openCheckpoint(run: Run, options: CheckpointOptions): Promise<Keeper> {
  checkOptions("fit: checkpoint", options, ["path", "every"]);
  const { path, every = Number.POSITIVE_INFINITY } = options;
  if (options.every !== undefined) requireCount("fit: checkpoint", "every", every);
  await checkWritable(path);
  const kept = await read(path);
  if (kept !== undefined) requireSameRun(path, kept, run);
  let stepsSince = 0;
  return {
    resume: () => kept?.restore(run),
    keep: (isEpochDone) => {
      if (!isEpochDone) stepsSince++;
      if (!isEpochDone && stepsSince < every) return undefined;
      stepsSince = 0;
      return encodeRun(run).then((bytes) => writeKeepingPrevious(path, bytes));
    },
  };
}

async function read(path: string): Promise<KeptRun | undefined> {
  try {
    const found = await readOrPrevious(path, decodeRun);
    if (found?.fault !== undefined) {
      console.warn(`checkpoint '${path}': ${found.fault}; training goes on from the previous one`);
    }
    return found?.value;
  } catch (error) {
    throw new NeuriteError({
      operation: "fit: checkpoint",
      got: `'${path}': ${error instanceof Error ? error.message : String(error)}`,
      expected: "a checkpoint that fit wrote",
      hint: "to begin anew, name another file or remove this one",
    });
  }
}
