import { isMadeFunction, type MadeFamily, madeOf } from "../made.ts";
import type { Regularizer } from "./regularizers.ts";
import * as regularizers from "./regularizers.ts";

/** The names of regularizers. */
export type RegularizerName = "l1" | "l2" | "l1l2";

/** What options accept: a name, or a regularizer with factors of its own. */
export type RegularizerLike = RegularizerName | Regularizer;

const family: MadeFamily<Regularizer> = {
  kind: "regularizer",
  example: "a regularizer such as regularizers.l2({ l2: 0.001 })",
  makers: {
    l1: { options: ["l1"], make: regularizers.l1 },
    l2: { options: ["l2"], make: regularizers.l2 },
    l1l2: { options: ["l1", "l2"], make: regularizers.l1l2 },
  },
  is: (value): value is Regularizer => isMadeFunction(value),
};

/** The regularizer of a name, of `{type, config}` as saved files have it, or the one given; none stays none. */
export function regularizerOf(given: unknown): Regularizer | undefined {
  return given === undefined ? undefined : madeOf(family, given);
}
