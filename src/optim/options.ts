import { checkOptions, NeuriteError } from "../base/error.ts";
import type { OptimizerConfig } from "./optimizer.ts";
import type { LearningRate, Schedule } from "./schedule.ts";

/** The kind of each option by name; a rate is a number or a schedule. */
export type Kinds = Readonly<Record<string, "number" | "boolean" | "rate">>;

/** Values of the given kinds. */
export type ValuesOf<K extends Kinds> = {
  readonly [name in keyof K]: K[name] extends "number"
    ? number
    : K[name] extends "rate"
      ? LearningRate
      : boolean;
};

/** The defaults of options; that of `learningRate` may be replaced by a schedule. */
type Defaults = Readonly<Record<string, number | boolean>>;

/** Options with the given defaults, all of them set. */
export type SettingsOf<D extends Defaults> = {
  readonly [name in keyof D]: name extends "learningRate" ? LearningRate : D[name];
};

/** Options with the given defaults. */
export type OptionsOf<D extends Defaults> = Partial<SettingsOf<D>>;

/** Options that are shares: at least 0 and below 1. */
const shares = ["momentum", "beta1", "beta2", "rho"];

/** Options with their defaults. Throws for unknown ones, for values of another kind and for numbers out of range. */
export function readOptions<D extends Defaults>(
  operation: string,
  options: OptionsOf<D>,
  defaults: D,
): SettingsOf<D> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: object = { ...defaults, ...Object.fromEntries(given) };
  requireSettings(operation, settings, defaults);
  return settings;
}

function requireSettings<D extends Defaults>(
  operation: string,
  settings: object,
  defaults: D,
): asserts settings is SettingsOf<D> {
  const kindOf = (name: string, value: unknown): Kinds[string] => {
    if (name === "learningRate") return "rate";
    return typeof value === "number" ? "number" : "boolean";
  };
  const kinds = Object.entries(defaults).map(([name, value]) => [name, kindOf(name, value)] as const);
  requireOptions(operation, settings, Object.fromEntries(kinds));
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== "number") continue;
    requireRange(operation, name, value, 0, shares.includes(name) ? 1 : Number.POSITIVE_INFINITY);
  }
}

/** Throws for an unknown option, for one that is missing or of another kind, and for a number that is not finite. */
export function requireOptions<K extends Kinds>(
  operation: string,
  options: object,
  kinds: K,
): asserts options is ValuesOf<K> {
  checkOptions(operation, options, Object.keys(kinds));
  const values = new Map<string, unknown>(Object.entries(options));
  for (const [name, kind] of Object.entries(kinds)) {
    const value = values.get(name);
    if (isOfKind(value, kind)) continue;
    throw new NeuriteError({
      operation,
      got: `${name}: ${String(value)}`,
      expected: expectations[kind],
    });
  }
}

const expectations = {
  number: "a finite number",
  boolean: "true or false",
  rate: "a finite number or a schedule",
} as const;

function isOfKind(value: unknown, kind: Kinds[string]): boolean {
  if (kind === "boolean") return typeof value === "boolean";
  return Number.isFinite(value) || (kind === "rate" && typeof value === "function");
}

/** Throws unless low ≤ value < high. */
export function requireRange(
  operation: string,
  name: string,
  value: number,
  low: number,
  high: number,
): void {
  if (value >= low && value < high) return;
  throw new NeuriteError({
    operation,
    got: `${name}: ${value}`,
    expected: high === Number.POSITIVE_INFINITY ? `at least ${low}` : `at least ${low} and below ${high}`,
  });
}

/** Throws unless a number is positive. */
export function requirePositive(operation: string, name: string, value: number): void {
  if (value > 0) return;
  throw new NeuriteError({ operation, got: `${name}: ${value}`, expected: "a positive number" });
}

/** Throws unless a number is whole and at least 1. */
export function requireCount(operation: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new NeuriteError({ operation, got: `${name}: ${value}`, expected: "a whole number, at least 1" });
}

/** Settings as JSON: a schedule as what made it. */
export function describeSettings(
  settings: Readonly<Record<string, number | boolean | Schedule>>,
): OptimizerConfig {
  const described = Object.entries(settings).map(([name, value]) => {
    if (typeof value !== "function") return [name, value] as const;
    return [name, { type: value.type ?? "schedule", config: value.config ?? {} }] as const;
  });
  return Object.fromEntries(described);
}
