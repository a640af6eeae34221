import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { activationFrom } from "./activation.ts";
import { conv2dFrom } from "./conv2d.ts";
import { denseFrom } from "./dense.ts";
import { dropoutFrom } from "./dropout.ts";
import { flattenFrom } from "./flatten.ts";
import type { Json, Layer, LayerConfig } from "./layer.ts";
import { OptionsReader } from "./options.ts";
import { avgPool2dFrom, maxPool2dFrom } from "./pooling.ts";
import { stack } from "./stack.ts";

/** Makes a layer of a type from its config, which has its `name` too where it was given one. */
export type LayerMaker = (config: LayerConfig) => Layer;

/** Layers of a user's own, by type. */
export type CustomLayers = Readonly<Record<string, LayerMaker>>;

// A module of its own: only what reads saved models needs all layers.
const makers: CustomLayers = {
  activation: activationFrom,
  avgPool2d: avgPool2dFrom,
  conv2d: conv2dFrom,
  dense: denseFrom,
  dropout: dropoutFrom,
  flatten: flattenFrom,
  maxPool2d: maxPool2dFrom,
};

/**
 * The layer that `describeLayer` described. Types of a user's own come as `custom`, from the config to the layer. Throws for
 * an unknown type, suggesting the closest one, and for options that do not fit.
 *
 * @example
 * ```ts
 * import { dense, describeLayer, layerFromConfig } from "neurite/nn";
 *
 * const json = JSON.stringify(describeLayer(dense({ units: 10, name: "output" })));
 * const layer = layerFromConfig(JSON.parse(json)); // dense, units 10
 * ```
 */
export function layerFromConfig(description: Json, custom: CustomLayers = {}): Layer {
  if (!isObject(description)) throw unreadable(description);
  const { type, name, config } = description;
  if (typeof type !== "string" || !isObject(config)) throw unreadable(description);
  const named = name === undefined ? config : { ...config, name };
  if (type === "stack") return stackFrom(named, custom);
  const known = { ...makers, ...custom };
  if (!Object.hasOwn(known, type)) throw unknownName("layer type", type, ["stack", ...Object.keys(known)]);
  return known[type](named);
}

function stackFrom(config: LayerConfig, custom: CustomLayers): Layer {
  const { name, inputShape } = new OptionsReader("stack", config, ["layers"]);
  const { layers } = config;
  if (!Array.isArray(layers)) throw unreadable(config);
  const options = { ...(name !== undefined && { name }), ...(inputShape !== undefined && { inputShape }) };
  return stack(
    layers.map((layer) => layerFromConfig(layer, custom)),
    options,
  );
}

function isObject(value: Json | undefined): value is LayerConfig {
  return isPlainObject(value);
}

function unreadable(got: Json): NeuriteError {
  return new NeuriteError({
    operation: "layerFromConfig",
    got: JSON.stringify(got),
    expected: `{"type": …, "config": {…}}, as describeLayer gives it`,
  });
}
