import { unknownName } from "../base/error.ts";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from "./crossentropy.ts";
import { meanAbsoluteError, meanSquaredError } from "./errors.ts";
import type { Loss } from "./loss.ts";

/** The names of losses. */
export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy";

/**
 * The losses by name.
 *
 * @example
 * ```ts
 * import { losses } from "neurite/losses";
 *
 * losses.meanAbsoluteError(tensor([1, 2]), tensor([1, 4])); // 1
 * ```
 */
export const losses: Readonly<Record<LossName, Loss>> = {
  meanSquaredError,
  meanAbsoluteError,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
};

/**
 * The loss of a name, or the function given. Throws for an unknown name, suggesting the closest one.
 *
 * @example
 * ```ts
 * import { lossOf } from "neurite/losses";
 *
 * lossOf("meanSquaredError")(tensor([1, 2]), tensor([1, 4])); // 2
 * ```
 */
export function lossOf(loss: LossName | Loss): Loss {
  if (typeof loss === "function") return loss;
  const found = new Map<string, Loss>(Object.entries(losses)).get(loss);
  if (found === undefined) throw unknownName("loss", String(loss), Object.keys(losses));
  return found;
}
