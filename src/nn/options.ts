import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import type { Shape } from "../tensor/index.ts";
import { type SpatialRank, spatialAxes } from "./windows.ts";

/** Options that every layer takes. */
export interface LayerOptions {
  /** How the model calls the layer, and its parameters in saved files; default: the type, numbered. */
  readonly name?: string;
  /** The shape of one input, without the batch axis; models need it for their first layer. */
  readonly inputShape?: Shape;
}

/** Reads the options of a layer, given by a user or by a saved file; every method throws for a value that does not fit. */
export class OptionsReader {
  readonly type: string;
  readonly name: string | undefined;
  readonly inputShape: Shape | undefined;
  private readonly given: ReadonlyMap<string, unknown>;

  /** Throws for an option that is not in `known`; `name` and `inputShape` always are. */
  constructor(type: string, options: object, known: readonly string[]) {
    checkOptions(type, options, [...known, "name", "inputShape"]);
    this.type = type;
    this.given = new Map<string, unknown>(Object.entries(options));
    this.name = this.text("name");
    this.inputShape = this.shape("inputShape");
  }

  /** Any value. */
  value(option: string): unknown {
    return this.given.get(option);
  }

  /** A positive integer. */
  count(option: string, fallback?: number): number {
    const value = this.value(option) ?? fallback;
    if (isCount(value)) return value;
    throw this.unfit(option, value, "a positive integer");
  }

  /** A positive integer for each spatial axis, from one for all of them or a list. */
  extents(option: string, rank: SpatialRank, fallback?: number | readonly number[]): number[] {
    const value = this.value(option) ?? fallback;
    if (isCount(value)) return new Array<number>(rank).fill(value);
    if (Array.isArray(value) && value.length === rank && value.every(isCount)) return [...value];
    const list = rank === 1 ? "" : `, or ${rank === 2 ? "two" : "three"} of them for ${spatialAxes(rank)}`;
    throw this.unfit(option, value, `a positive integer${list}`);
  }

  /** A positive integer, or a list of them. */
  integers(option: string, fallback?: number | readonly number[]): number[] {
    const value = this.value(option) ?? fallback;
    if (Number.isInteger(value)) return [Number(value)];
    if (Array.isArray(value) && value.every(Number.isInteger)) return [...value];
    throw this.unfit(option, value, "a list of integers");
  }

  /** A finite number. */
  number(option: string, fallback?: number): number {
    const value = this.value(option) ?? fallback;
    if (isFiniteNumber(value)) return value;
    throw this.unfit(option, value, "a finite number");
  }

  /** A probability from 0 to below 1. */
  rate(option: string, fallback?: number): number {
    const rate = this.number(option, fallback);
    if (rate >= 0 && rate < 1) return rate;
    throw this.unfit(option, rate, "a number from 0 to below 1");
  }

  /** An interval, from its ends or from a number that is both of them, one negative. */
  interval(option: string, fallback?: number | readonly [number, number]): [low: number, high: number] {
    const value = this.value(option) ?? fallback;
    const ends: unknown[] = Array.isArray(value)
      ? value
      : [typeof value === "number" ? -value : value, value];
    const [low, high] = ends;
    if (ends.length === 2 && isFiniteNumber(low) && isFiniteNumber(high) && low <= high) return [low, high];
    throw this.unfit(option, value, "a number from 0, or [low, high]");
  }

  /** True or false. */
  flag(option: string, fallback: boolean): boolean {
    const value = this.value(option) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.unfit(option, value, "true or false");
  }

  /** One of a few names. */
  choice<T extends string>(option: string, names: readonly T[], fallback?: T): T {
    const value = this.value(option) ?? fallback;
    const found = names.find((name) => name === value);
    if (found !== undefined) return found;
    if (typeof value === "string") throw unknownName(`${this.type}: ${option}`, value, names);
    throw this.unfit(option, value, `one of ${names.map((name) => `'${name}'`).join(", ")}`);
  }

  /** The error for an option of a wrong value. */
  unfit(option: string, value: unknown, expected: string): NeuriteError {
    return new NeuriteError({ operation: this.type, got: `${option}: ${describe(value)}`, expected });
  }

  private text(option: string): string | undefined {
    const value = this.value(option);
    if (value === undefined || typeof value === "string") return value;
    throw this.unfit(option, value, "a string");
  }

  private shape(option: string): Shape | undefined {
    const value = this.value(option);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every(isCount)) return value;
    throw this.unfit(option, value, "a list of positive integers, without the batch axis");
  }
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1;
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
}
