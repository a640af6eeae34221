import type { Layer, LayerConfig } from "./layer.ts";

/** A layer as JSON: what `layerFromConfig` reads. */
export type LayerDescription = {
  readonly type: string;
  readonly name?: string;
  readonly config: LayerConfig;
};

/**
 * A layer as JSON: its type, its name where it was given one, and its options.
 *
 * @example
 * ```ts
 * import { describeLayer, dropout } from "neurite/nn";
 *
 * const text = JSON.stringify(describeLayer(dropout({ rate: 0.5, name: "drop" })));
 * ```
 */
export function describeLayer({ type, name, config }: Layer): LayerDescription {
  return { type, ...(name !== undefined && { name }), config };
}
