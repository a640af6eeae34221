import { NeuriteError } from "../../base/error.ts";
import { isPlainObject } from "../../base/tree.ts";
import type { Json, Layer, LayerConfig } from "../layer.ts";
import { OptionsReader } from "../options.ts";
import { callNamesOf, type Graph, graph } from "./graph.ts";
import { connect, input, type SymbolicTensor } from "./symbolic.ts";

/** The graph of a config, as `describeLayer` gives it; `read` makes the layers that stand in it. */
export function graphFrom(config: LayerConfig, read: (description: Json) => Layer): Graph {
  const { name } = new OptionsReader("graph", config, ["inputs", "layers", "calls", "outputs"]);
  const known = new Map<string, readonly SymbolicTensor[]>();
  const inputs = listOf(config.inputs).map((described) => {
    const { name, shape } = objectOf(described);
    if (typeof name !== "string" || !Array.isArray(shape)) throw unreadable(described);
    const symbol = input({ name, shape: shape.map(Number) });
    known.set(name, symbol.outputs);
    return symbol;
  });
  const layers = new Map<string, Layer>();
  for (const layer of listOf(config.layers).map(read)) layers.set(layer.name ?? layer.type, layer);
  const symbolOf = (reference: Json): SymbolicTensor => {
    const [from, output] = listOf(reference);
    const symbol = known.get(String(from))?.[Number(output)];
    if (symbol === undefined) throw unreadable(reference);
    return symbol;
  };
  const calls = listOf(config.calls).map(objectOf);
  const callNames = callNamesOf(calls.map(({ layer }) => String(layer)));
  for (const [i, call] of calls.entries()) {
    const layer = layers.get(String(call.layer));
    if (layer === undefined) throw unreadable(call);
    known.set(callNames[i], connect(listOf(call.inputs).map(symbolOf), layer).outputs);
  }
  return graph({
    inputs,
    outputs: listOf(config.outputs).map(symbolOf),
    ...(name !== undefined && { name }),
  });
}

function listOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw unreadable(value);
}

function objectOf(value: Json): LayerConfig {
  if (isObject(value)) return value;
  throw unreadable(value);
}

function isObject(value: Json): value is LayerConfig {
  return isPlainObject(value);
}

function unreadable(got: Json | undefined): NeuriteError {
  return new NeuriteError({
    operation: "graph",
    got: JSON.stringify(got) ?? "nothing",
    expected: "inputs, layers, calls and outputs as describeLayer gives them",
  });
}
