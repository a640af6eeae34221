import { NeuriteError } from "../base/error.ts";

/** Throws unless an option is a whole number of at least one. */
export function requireCount(operation: string, option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new NeuriteError({ operation, got: `${option}: ${value}`, expected: "a whole number, at least 1" });
}
