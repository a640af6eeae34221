import { barLook, loadProgressBars, type ProgressBars } from "../io/progress-bars.ts";
import type { Logs } from "./figures.ts";

/** How a person sees training go on. */
export interface Progress {
  /** After every step: how many of the epoch are done, and the means over its examples so far. */
  onBatchEnd?(batch: number, logs: Logs): void;
  /** After every epoch, counted from 0. */
  onEpochEnd?(epoch: number, logs: Logs): void;
  /** Gives the terminal back; also after an error. */
  stop(): void;
}

/** How far a run has to go, and where it begins. */
export interface Distance {
  readonly epochs: number;
  /** The batches of an epoch, where that is known. */
  readonly steps: number | undefined;
  /** The epoch that comes first, counted from 0, and how many of its batches were learned before. */
  readonly epoch: number;
  readonly batch: number;
}

/**
 * The progress that `fit` shows: nothing for 0; for 1 a bar where there is a terminal (and cli-progress is installed) and
 * the number of batches is known; otherwise a line for each epoch.
 */
export async function progressFor(verbose: 0 | 1 | 2, distance: Distance): Promise<Progress> {
  if (verbose === 0) return { stop: () => undefined };
  const { epochs, steps, epoch, batch } = distance;
  if (steps === undefined) return plainProgress(epochs);
  const pace = new Pace(epochs * steps, epoch * steps + batch);
  const terminal = verbose === 1 && typeof process !== "undefined" ? process.stderr : undefined;
  if (terminal?.isTTY) {
    const bars = await loadProgressBars();
    if (bars !== undefined) return barProgress(bars, terminal, epochs, steps, pace, epoch);
  }
  return lineProgress(epochs, steps, pace);
}

/** One line for each epoch, of nobody knows how many steps. */
function plainProgress(epochs: number): Progress {
  return {
    onEpochEnd: (epoch, logs) => console.log(`epoch ${epoch + 1}/${epochs}  ${formatLogs(logs)}`),
    stop: () => undefined,
  };
}

/** One line for each epoch. */
export function lineProgress(epochs: number, steps: number, pace: Pace): Progress {
  return {
    onEpochEnd: (epoch, logs) => {
      const figures = [formatLogs(logs), pace.describe((epoch + 1) * steps)];
      console.log(`epoch ${epoch + 1}/${epochs}  ${figures.join("  ")}`);
    },
    stop: () => undefined,
  };
}

/** A bar for each epoch; `epochsDone` were learned before. */
export function barProgress(
  { SingleBar }: ProgressBars,
  stream: NodeJS.WritableStream,
  epochs: number,
  steps: number,
  pace: Pace,
  epochsDone = 0,
): Progress {
  let bar: InstanceType<ProgressBars["SingleBar"]> | undefined;
  let drawn = 0;
  const show = (batch: number, logs: Logs): void => {
    const payload = { figures: formatLogs(logs), pace: pace.describe(epochsDone * steps + batch) };
    if (bar === undefined) {
      const format = `epoch ${epochsDone + 1}/${epochs} {bar} {value}/{total}  {figures}  {pace}`;
      bar = new SingleBar({ format, stream, ...barLook });
      bar.start(steps, batch, payload);
    } else bar.update(batch, payload);
    drawn = performance.now();
  };
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    // Ten times a second: writing the text of a step takes longer than a small step.
    onBatchEnd: (batch, logs) => {
      if (performance.now() - drawn >= 100) show(batch, logs);
    },
    onEpochEnd: (_, logs) => {
      show(steps, logs);
      stop();
      epochsDone++;
    },
    stop,
  };
}

/** Steps per second and time left, from the steps done since it was made. */
export class Pace {
  private readonly total: number;
  private readonly before: number;
  private readonly started: number = performance.now();

  /** `before` of `total` steps were done earlier. */
  constructor(total: number, before = 0) {
    this.total = total;
    this.before = before;
  }

  /** `512 steps/s, 14 s left`. */
  describe(done: number): string {
    const perSecond = (done - this.before) / Math.max(1e-6, (performance.now() - this.started) / 1000);
    const left = (this.total - done) / perSecond;
    const digits = perSecond < 10 ? 1 : 0;
    return `${perSecond.toFixed(digits)} steps/s, ${left < 60 ? `${left.toFixed(0)} s` : formatMinutes(left)} left`;
  }
}

function formatMinutes(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `loss 0.2301  accuracy 0.9312`. */
export function formatLogs(logs: Logs): string {
  return Object.entries(logs)
    .map(
      ([name, value]) =>
        `${name} ${value === 0 || Math.abs(value) >= 1e-3 ? value.toFixed(4) : value.toExponential(2)}`,
    )
    .join("  ");
}
