import { NeuriteError } from "../../base/error.ts";
import { isPlainObject } from "../../base/tree.ts";
import type { Json } from "../../nn/index.ts";
import type { CallbackState } from "../callback.ts";

/** Reads what a callback wrote down. Each method throws for a value of another kind: the state is of another callback. */
export class StateReader {
  private readonly operation: string;
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(operation: string, { values }: CallbackState) {
    this.operation = operation;
    if (!isPlainObject(values)) throw this.another("no object");
    this.values = values;
  }

  count(name: string): number {
    const value = this.values[name];
    if (typeof value !== "number") throw this.another(`no number '${name}'`);
    return value;
  }

  /** A number, or undefined for null. */
  best(name: string): number | undefined {
    return this.values[name] === null ? undefined : this.count(name);
  }

  texts(name: string): string[] {
    const value = this.values[name];
    if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
    throw this.another(`no texts '${name}'`);
  }

  private another(got: string): NeuriteError {
    return new NeuriteError({
      operation: `${this.operation}: checkpoint`,
      got,
      expected: `the state of ${this.operation}`,
      hint: "pass the same callbacks in the same order",
    });
  }
}

/** As JSON, which has no undefined. */
export function orNull(value: number | undefined): Json {
  return value ?? null;
}
