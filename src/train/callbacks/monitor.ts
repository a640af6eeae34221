import { NeuriteError, unknownName } from "../../base/error.ts";
import type { Logs } from "../figures.ts";

/** Which figure a callback looks at, and what is better. */
export interface MonitorOptions {
  /** The name of the figure. Default `valLoss`. */
  readonly monitor?: string;
  /** Whether less or more is better. Default: more for accuracies, precision, recall, F1, AUC and R², less for all else. */
  readonly mode?: "min" | "max";
  /** A change by less is none. Default 0. */
  readonly minDelta?: number;
}

const moreIsBetter = /accuracy|precision|recall|f1|auc|r2/i;

/** Compares a figure with the best so far. */
export class Monitor {
  /** The best value; none before the first. */
  best: number | undefined;
  private readonly operation: string;
  private readonly figure: string;
  private readonly sign: 1 | -1;
  private readonly minDelta: number;

  constructor(operation: string, { monitor = "valLoss", mode, minDelta = 0 }: MonitorOptions) {
    if (mode !== undefined && mode !== "min" && mode !== "max") {
      throw unknownName(`${operation}: mode`, mode, ["min", "max"]);
    }
    if (!(minDelta >= 0)) {
      throw new NeuriteError({
        operation,
        got: `minDelta: ${minDelta}`,
        expected: "a number, at least 0",
      });
    }
    this.operation = operation;
    this.figure = monitor;
    this.sign = (mode ?? (moreIsBetter.test(monitor) ? "max" : "min")) === "min" ? 1 : -1;
    this.minDelta = minDelta;
  }

  /** Whether the figure is better than ever, which is remembered. Throws where it is not measured. */
  isBetter(logs: Logs): boolean {
    const { best, figure, sign, minDelta } = this;
    if (!Object.hasOwn(logs, figure)) throw this.notMeasured(logs);
    const value = logs[figure];
    if (!Number.isFinite(value)) return false;
    if (best !== undefined && !(sign * value < sign * best - minDelta)) return false;
    this.best = value;
    return true;
  }

  private notMeasured(logs: Logs): NeuriteError {
    const { operation, figure } = this;
    if (figure !== "valLoss") return unknownName(`${operation}: monitor`, figure, Object.keys(logs));
    return new NeuriteError({
      operation: `${operation}: monitor`,
      got: "no 'valLoss'",
      expected: "examples to validate with",
      hint: "fit(x, y, { validationSplit: 0.2 })",
    });
  }
}

/** Throws unless a count of epochs is a whole number, at least 0. */
export function requireEpochs(operation: string, option: string, value: number): void {
  if (Number.isInteger(value) && value >= 0) return;
  throw new NeuriteError({
    operation,
    got: `${option}: ${value}`,
    expected: "a whole number of epochs, at least 0",
  });
}
