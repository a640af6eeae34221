import { parseArgs } from "node:util";
import { checkOptions, NeuriteError, unknownName } from "../src/base/error.ts";

/** What an option of a benchmark holds. */
export type OptionType = "string" | "boolean";

/** Reads `--name value` and `--flag`; throws for an unknown option, one without a value, and anything else. */
export function readOptions<T extends Readonly<Record<string, OptionType>>>(
  operation: string,
  args: readonly string[],
  types: T,
): { readonly [K in keyof T]?: T[K] extends "boolean" ? boolean : string };
export function readOptions(
  operation: string,
  args: readonly string[],
  types: Readonly<Record<string, OptionType>>,
): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
  const { values, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
  });
  checkOptions(operation, values, Object.keys(types));
  if (positionals.length > 0) {
    throw new NeuriteError({ operation, got: `'${positionals[0]}'`, expected: "options only" });
  }
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === types[name]) continue;
    const expected = types[name] === "boolean" ? "no value" : "a value";
    throw new NeuriteError({ operation, got: `--${name} ${value === true ? "alone" : value}`, expected });
  }
  return values;
}

/** The names of a list separated by commas, all known; without a list, all of them. */
export function readNames<K extends string>(
  operation: string,
  list: string | undefined,
  known: readonly K[],
): readonly K[] {
  if (list === undefined) return known;
  return list.split(",").map((name) => {
    const found = known.find((candidate) => candidate === name);
    if (found === undefined) throw unknownName(operation, name, known);
    return found;
  });
}
