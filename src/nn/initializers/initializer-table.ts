import { isMadeFunction, type MadeFamily, type Maker, madeOf } from "../made.ts";
import type { Initializer } from "./initializer.ts";
import * as initializers from "./initializers.ts";

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
  | "lecunNormal"
  | "orthogonal"
  | "randomDirections"
  | "spreadHinges";

/** What options accept: a name, or an initializer with options of its own. */
export type InitializerLike = InitializerName | Initializer;

const plain = (make: () => Initializer): Maker<Initializer> => ({ options: [], make });

const makers: Readonly<Record<InitializerName, Maker<Initializer>>> = {
  zeros: plain(initializers.zeros),
  ones: plain(initializers.ones),
  constant: { options: ["value"], make: initializers.constant },
  uniform: { options: ["minimum", "maximum"], make: initializers.uniform },
  normal: { options: ["mean", "std"], make: initializers.normal },
  truncatedNormal: { options: ["mean", "std"], make: initializers.truncatedNormal },
  glorotUniform: plain(initializers.glorotUniform),
  glorotNormal: plain(initializers.glorotNormal),
  heUniform: plain(initializers.heUniform),
  heNormal: plain(initializers.heNormal),
  lecunUniform: plain(initializers.lecunUniform),
  lecunNormal: plain(initializers.lecunNormal),
  orthogonal: { options: ["gain"], make: initializers.orthogonal },
  randomDirections: plain(initializers.randomDirections),
  spreadHinges: { options: ["radius"], make: initializers.spreadHinges },
};

const family: MadeFamily<Initializer> = {
  kind: "initializer",
  example: "an initializer such as initializers.normal({ std: 0.01 })",
  makers,
  is: (value): value is Initializer => isMadeFunction(value),
};

/** The initializer of a name, of `{type, config}` as saved files have it, or the one given. Throws for anything else. */
export function initializerOf(given: unknown): Initializer {
  return madeOf(family, given);
}
