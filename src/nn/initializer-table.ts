import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import type { Initializer, InitializerConfig } from "./initializers.ts";
import * as initializers from "./initializers.ts";
import type { Json } from "./layer.ts";

/** The names of initializers. */
export type InitializerName =
  | "zeros"
  | "ones"
  | "constant"
  | "uniform"
  | "normal"
  | "truncatedNormal"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal";

/** What options accept: a name, or an initializer with options of its own. */
export type InitializerLike = InitializerName | Initializer;

interface Entry {
  readonly options: readonly string[];
  make(config: InitializerConfig): Initializer;
}

const plain = (make: () => Initializer): Entry => ({ options: [], make });

const table: ReadonlyMap<string, Entry> = new Map([
  ["zeros", plain(initializers.zeros)],
  ["ones", plain(initializers.ones)],
  ["constant", { options: ["value"], make: initializers.constant }],
  ["uniform", { options: ["minimum", "maximum"], make: initializers.uniform }],
  ["normal", { options: ["mean", "std"], make: initializers.normal }],
  ["truncatedNormal", { options: ["mean", "std"], make: initializers.truncatedNormal }],
  ["glorotUniform", plain(initializers.glorotUniform)],
  ["glorotNormal", plain(initializers.glorotNormal)],
  ["heUniform", plain(initializers.heUniform)],
  ["heNormal", plain(initializers.heNormal)],
  ["lecunUniform", plain(initializers.lecunUniform)],
  ["lecunNormal", plain(initializers.lecunNormal)],
]);

/** The initializer of a name, of `{type, config}` as saved files have it, or the one given. Throws for anything else. */
export function initializerOf(given: unknown): Initializer {
  if (isInitializer(given)) return given;
  if (typeof given === "string") return make(given, {});
  if (isPlainObject(given) && typeof given.type === "string") {
    const { type, config } = given;
    if (isPlainObject(config) && hasNumbers(config)) return make(type, config);
  }
  throw new NeuriteError({
    operation: "initializer",
    got: JSON.stringify(given) ?? String(given),
    expected: "a name, or an initializer such as initializers.normal({ std: 0.01 })",
  });
}

/** An initializer as JSON: its name where that says all. */
export function describeInitializer({ type, config }: Initializer): Json {
  return Object.keys(config).length === 0 ? type : { type, config };
}

function make(type: string, config: InitializerConfig): Initializer {
  const entry = table.get(type);
  if (entry === undefined) throw unknownName("initializer", type, [...table.keys()]);
  checkOptions(type, config, entry.options);
  return entry.make(config);
}

function isInitializer(value: unknown): value is Initializer {
  return typeof value === "function" && "type" in value && "config" in value;
}

function hasNumbers(config: Record<string, unknown>): config is Record<string, number> {
  return Object.values(config).every((value) => typeof value === "number");
}
