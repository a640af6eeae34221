import type { Layer, LayerConfig } from "./layer.ts";

/** A layer as JSON: what `layerFromConfig` reads. */
export type LayerDescription = {
  readonly type: string;
  readonly name?: string;
  readonly config: LayerConfig;
};

/** A layer as JSON. */
export function describeLayer({ type, name, config }: Layer): LayerDescription {
  return { type, ...(name !== undefined && { name }), config };
}
