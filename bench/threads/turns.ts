import { setThreads } from "../../src/index.ts";
import { measure } from "../steps/measure.ts";
import { prepareStep, type StepName } from "../steps/standard.ts";

/** A step's time on one and on several threads. */
export interface ThreadTimes {
  readonly step: StepName;
  readonly threads: number;
  readonly oneMs: number;
  readonly severalMs: number;
  /** Whether the first and the fiftieth loss are the same numbers on both. */
  readonly sameLosses: boolean;
}

/** Measures a step on one and on several threads, which take turns round by round. */
export async function measureThreads(step: StepName, threads: number): Promise<ThreadTimes> {
  const prepare = prepareStep(step);
  const counts = [1, threads];
  const runs = counts.map(() => measure(prepare));
  const last = counts.map(() => ({ ms: Number.NaN, losses: [Number.NaN, Number.NaN] }));
  for (let working = true; working; ) {
    for (const [k, run] of runs.entries()) {
      setThreads(counts[k]);
      const { value, done } = run.next();
      working = done !== true;
      if (done !== true) last[k] = { ms: value.ms ?? Number.NaN, losses: [value.loss0, value.loss50] };
      // A page starts its workers between two turns.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const [one, several] = last;
  const sameLosses = one.losses.every((loss, k) => Object.is(loss, several.losses[k]));
  return { step, threads, oneMs: one.ms, severalMs: several.ms, sameLosses };
}
