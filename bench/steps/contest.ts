import { PacedChild } from "../child.ts";
import type { StepFailure, StepResult } from "./result.ts";

/** One device and the command that measures the step on it. */
export interface Contestant {
  readonly device: string;
  readonly command: readonly string[];
}

/**
 * Measures a step on several devices side by side: one process each, which take turns round by round, so that all of
 * them meet the same disturbances of the machine. While one works, the others wait.
 */
export async function contest(
  step: string,
  threads: number,
  contestants: readonly Contestant[],
): Promise<(StepResult | StepFailure)[]> {
  const children = contestants.map(({ command }) => new PacedChild(command));
  const results = contestants.map(({ device }): StepResult | StepFailure => ({
    step,
    device,
    threads,
    error: "ended without a result",
  }));
  let working = children.map((_, i) => i);
  while (working.length > 0) {
    const still: number[] = [];
    for (const i of working) {
      const line = await children[i].next();
      if (isFailure(line) || isResult(line)) results[i] = line;
      if (line === undefined || isFailure(line)) await children[i].end();
      else still.push(i);
    }
    working = still;
  }
  return results;
}

/** True where the device could not do the step. */
export function isFailure(line: unknown): line is StepFailure {
  return typeof line === "object" && line !== null && "error" in line;
}

/** True once the preparation is done, even before the first round. */
export function isPrepared(line: unknown): line is Omit<StepResult, "ms"> {
  return typeof line === "object" && line !== null && "compileMs" in line;
}

/** True after the first round; before it the time is null. */
function isResult(line: unknown): line is StepResult {
  return isPrepared(line) && "ms" in line && line.ms !== null;
}
