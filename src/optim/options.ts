import { checkOptions, NeuriteError } from "../base/error.ts";

/** The kind of each option by name. */
export type Kinds = Readonly<Record<string, "number" | "boolean">>;

/** Options of the given kinds, each of them optional. */
export type OptionsOf<K extends Kinds> = {
  readonly [name in keyof K]?: K[name] extends "number" ? number : boolean;
};

/** Throws for an unknown option, and for a value of another kind or a number that is not finite. */
export function requireOptions<K extends Kinds>(
  operation: string,
  options: object,
  kinds: K,
): asserts options is OptionsOf<K> {
  checkOptions(operation, options, Object.keys(kinds));
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const right = kinds[name] === "number" ? Number.isFinite(value) : typeof value === "boolean";
    if (!right) {
      throw new NeuriteError({
        operation,
        got: `${name}: ${String(value)}`,
        expected: kinds[name] === "number" ? "a finite number" : "true or false",
      });
    }
  }
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
