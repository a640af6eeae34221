import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import type { Json } from "./layer.ts";

/** A value that knows the function and the numbers that made it, such as an initializer. */
export interface Made {
  readonly type: string;
  readonly config: Numbers;
}

type Numbers = { readonly [option: string]: number };

/** The function of a name, and the options it takes. */
export interface Maker<T extends Made> {
  readonly options: readonly string[];
  make(config: Numbers): T;
}

/** What options and saved files may call by name: initializers, regularizers. */
export interface MadeFamily<T extends Made> {
  /** How errors call one, `"initializer"`. */
  readonly kind: string;
  /** One with options, as errors show it: `"an initializer such as …"`. */
  readonly example: string;
  readonly makers: Readonly<Record<string, Maker<T>>>;
  is(value: unknown): value is T;
}

/** The value of a name, of `{type, config}` as saved files have it, or the one given. Throws for anything else. */
export function madeOf<T extends Made>(family: MadeFamily<T>, given: unknown): T {
  if (family.is(given)) return given;
  if (typeof given === "string") return make(family, given, {});
  if (isPlainObject(given) && typeof given.type === "string") {
    const { type, config } = given;
    if (isPlainObject(config) && hasNumbers(config)) return make(family, type, config);
  }
  throw new NeuriteError({
    operation: family.kind,
    got: JSON.stringify(given) ?? String(given),
    expected: `a name, or ${family.example}`,
  });
}

/** As JSON: the name where that says all. */
export function describeMade({ type, config }: Made): Json {
  return Object.keys(config).length === 0 ? type : { type, config };
}

/** Whether a value is a function that knows what made it. */
export function isMadeFunction(value: unknown): value is Made {
  return typeof value === "function" && "type" in value && "config" in value;
}

function make<T extends Made>({ kind, makers }: MadeFamily<T>, type: string, config: Numbers): T {
  if (!Object.hasOwn(makers, type)) throw unknownName(kind, type, Object.keys(makers));
  const { options, make } = makers[type];
  checkOptions(type, config, options);
  return make(config);
}

function hasNumbers(config: Record<string, unknown>): config is Record<string, number> {
  return Object.values(config).every((value) => typeof value === "number");
}
