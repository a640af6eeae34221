import { sizeOf } from "../base/shape.ts";
import { reshape } from "../tensor/index.ts";
import type { Layer } from "./layer.ts";
import { type LayerOptions, OptionsReader } from "./options.ts";
import { singleLayer } from "./single.ts";

/**
 * All values of an example in one row: [batch, …] → [batch, size].
 *
 * @example
 * ```ts
 * import { flatten } from "neurite/nn";
 *
 * const { outputShapes } = flatten().init(random.key(0), [[7, 7, 16]], "f32"); // [[784]]
 * ```
 */
export function flatten(options: LayerOptions = {}): Layer {
  return flattenFrom(options);
}

/** `flatten` from options that were read. */
export function flattenFrom(options: object): Layer {
  return singleLayer(new OptionsReader("flatten", options, []), {
    config: {},
    outputShape: (input) => [sizeOf(input)],
    output: (x) => reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]),
  });
}
