import type { StepResult } from "./result.ts";

/** What is known before or after a round; the time is null before the first. */
export type Progress = Omit<StepResult, "step" | "device" | "threads" | "ms"> & {
  readonly ms: number | null;
};

const rounds = 5;
const roundMilliseconds = 600;
const warmUpSteps = 5;
const lossSteps = 50;

/** Makes one training step and returns its loss. */
export type TrainingStep = () => number;

/**
 * Yields what is known after the preparation and after each round. Every round starts from a fresh model, so that
 * none trains long enough for vanishing moments (subnormal numbers are slow) to distort it.
 */
export function* measure(prepare: () => TrainingStep): Generator<Progress> {
  const start = performance.now();
  const first = prepare();
  const losses = [first()];
  const compileMs = digits(performance.now() - start);
  while (losses.length < lossSteps) losses.push(first());
  const known = { compileMs, loss0: losses[0], loss50: losses[lossSteps - 1] };
  const count = stepsPerRound(first);
  let best = Number.POSITIVE_INFINITY;
  yield { ms: null, ...known };
  for (let round = 0; round < rounds; round++) {
    const step = prepare();
    meanTime(step, warmUpSteps);
    best = Math.min(best, meanTime(step, count));
    yield { ms: digits(best), ...known };
  }
}

function meanTime(step: TrainingStep, count: number): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) step();
  return (performance.now() - start) / count;
}

/** Warms the engine up, and returns how many steps fill a round. */
function stepsPerRound(step: TrainingStep): number {
  for (let count = 1; ; count *= 2) {
    const milliseconds = meanTime(step, count) * count;
    if (milliseconds >= roundMilliseconds / 2) {
      return Math.max(3, Math.round((count * roundMilliseconds) / milliseconds));
    }
  }
}

function digits(milliseconds: number): number {
  return Number(milliseconds.toPrecision(4));
}
