import { NeuriteError } from "../../base/error.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import { random, type Shape, Tensor } from "../../tensor/index.ts";
import { describeLayer } from "../description.ts";
import type {
  Applied,
  ApplyOptions,
  Json,
  Layer,
  LayerConfig,
  Logits,
  NamedTensorTree,
  Variables,
} from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { callsBetween, callsTo } from "./graph-calls.ts";
import { inLayer, keep, nameLayers, partOf, sumOf } from "./stack.ts";
import { type LayerCall, listOf, type SymbolicTensor } from "./symbolic.ts";

/** Options of `graph`. */
export interface GraphOptions extends LayerOptions {
  /** Where the graph begins: what `input` made, or any symbolic tensors that cut it off from what lies before them. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What it gives. */
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/** A graph of layers, as one layer. */
export interface Graph extends Layer {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** The names of the inputs: their own, or `input`, numbered. */
  readonly inputNames: readonly string[];
  /** The names of the outputs: those of the layers that give them, numbered where one gives several. */
  readonly outputNames: readonly string[];
  /** Each layer once, in an order in which they can be computed. */
  readonly layers: readonly Layer[];
  /** The name of each layer: its own, or its type with a number. */
  readonly names: readonly string[];
  /** Every use of a layer, in an order in which they can be computed. */
  readonly calls: readonly LayerCall[];
}

/**
 * The layers between symbolic tensors, as one layer, which other graphs and stacks may use in turn.
 *
 * Parameters and state are those of the layers under their names, as in `stack`; a layer that is used in several places has one
 * set of them. Throws for outputs that the inputs do not suffice for, inputs that no output needs, and names that are not unique.
 *
 * @example
 * ```ts
 * import { connect, dense, graph, input, merge } from "neurite/nn";
 *
 * const [left, right] = [input({ shape: [4] }), input({ shape: [4] })];
 * const encode = dense({ units: 8, activation: "tanh" });
 * const similarity = connect([connect(left, encode), connect(right, encode)], merge.dot({ axes: 1, normalize: true }));
 * const twins = graph({ inputs: [left, right], outputs: similarity });
 * const { params } = twins.init(random.key(0), [[4], [4]], "f32"); // {dense: {weights, biases}}
 * ```
 */
export function graph(options: GraphOptions): Graph {
  const read = new OptionsReader("graph", options, ["inputs", "outputs"]);
  const inputs = listOf(options.inputs);
  const outputs = listOf(options.outputs);
  const calls = callsBetween(inputs, outputs);
  const layers = layersOf(calls);
  const begins = inputs.map(({ name }) => ({ type: "input", ...(name !== undefined && { name }) }));
  const names = nameLayers([...begins, ...layers]);
  return graphOf(read, {
    inputs,
    outputs,
    calls,
    layers,
    inputNames: names.slice(0, inputs.length),
    names: names.slice(inputs.length),
  });
}

/** The part of a graph that leads to some of its symbolic tensors, with the names it has there. */
export function partOfGraph(whole: Graph, outputs: readonly SymbolicTensor[]): Graph {
  const calls = callsTo(whole.inputs, outputs);
  const layers = layersOf(calls);
  const isUsed = (symbol: SymbolicTensor): boolean =>
    outputs.includes(symbol) || calls.some((call) => call.inputs.includes(symbol));
  return graphOf(new OptionsReader("graph", {}, []), {
    inputs: whole.inputs.filter(isUsed),
    outputs,
    calls,
    layers,
    inputNames: whole.inputNames.filter((_, i) => isUsed(whole.inputs[i])),
    names: layers.map((layer) => whole.names[whole.layers.indexOf(layer)]),
  });
}

function takesAsIds({ layer, inputs }: LayerCall, symbol: SymbolicTensor): boolean {
  return inputs.some((given, i) => given === symbol && layer.takesIds?.[i] === true);
}

function layersOf(calls: readonly LayerCall[]): readonly Layer[] {
  return [...new Set(calls.map(({ layer }) => layer))];
}

function graphOf(read: OptionsReader, parts: GraphParts): Graph {
  const { inputs, outputs, inputNames, layers, names, calls } = parts;
  const nameOf = (layer: Layer): string => names[layers.indexOf(layer)];
  const outputNames = nameLayers(
    outputs.map((symbol) => ({
      type: symbol.call ? nameOf(symbol.call.layer) : inputNames[inputs.indexOf(symbol)],
    })),
  );
  const inputShape = read.inputShape ?? (inputs.length === 1 ? inputs[0].shape : undefined);
  return {
    type: "graph",
    ...(read.name !== undefined && { name: read.name }),
    ...(inputShape !== undefined && { inputShape }),
    config: describeGraph(parts),
    takesIds: inputs.map((symbol) => calls.some((call) => takesAsIds(call, symbol))),
    inputs,
    outputs,
    inputNames,
    outputNames,
    layers,
    names,
    calls,
    init: (key, inputShapes, dtype) => {
      checkInputs(inputShapes, inputs);
      const params: Record<string, NamedTensorTree> = {};
      const state: Record<string, NamedTensorTree> = {};
      const begun = new Map<Layer, NamedTensorTree>();
      for (const { layer, inputs: given } of calls) {
        const name = nameOf(layer);
        const keyOfLayer = random.foldIn(key, layers.indexOf(layer));
        const made = inLayer(name, () =>
          layer.init(
            keyOfLayer,
            given.map(({ shape }) => shape),
            dtype,
          ),
        );
        const first = begun.get(layer);
        if (first !== undefined) {
          inLayer(name, () => checkShared(layer, first, made.params));
          continue;
        }
        begun.set(layer, made.params);
        keep(params, name, made.params);
        keep(state, name, made.state);
      }
      return { params, state, outputShapes: outputs.map(({ shape }) => shape) };
    },
    apply: ({ params, state }, given, { training = false, key, masks = [] } = {}) => {
      const values = new Map<SymbolicTensor, Value>();
      for (const [i, symbol] of inputs.entries()) values.set(symbol, { tensor: given[i], mask: masks[i] });
      const after: Record<string, NamedTensorTree> = {};
      let penalty: Tensor | undefined;
      for (const [i, call] of calls.entries()) {
        const name = nameOf(call.layer);
        const before = call.inputs.map((symbol) => knownValue(values, symbol));
        const variables: Variables = {
          params: partOf(params, name),
          // A layer that is used again goes on from the state it has by then.
          state: after[name] ?? partOf(state, name),
        };
        const options: ApplyOptions = {
          training,
          ...(key && { key: random.foldIn(key, i) }),
          ...(before.some(({ mask }) => mask !== undefined) && { masks: before.map(({ mask }) => mask) }),
        };
        const applied = inLayer(name, () =>
          call.layer.apply(
            variables,
            before.map(({ tensor }) => tensor),
            options,
          ),
        );
        keep(after, name, applied.state);
        penalty = sumOf(penalty, applied);
        keepOutputs(values, call, applied);
      }
      const results = outputs.map((symbol) => knownValue(values, symbol));
      return {
        outputs: results.map(({ tensor }) => tensor),
        state: after,
        ...(penalty !== undefined && { penalty }),
        ...(results.some(({ mask }) => mask !== undefined) && { masks: results.map(({ mask }) => mask) }),
        ...(results.some(({ logits }) => logits !== undefined) && {
          logits: results.map(({ logits }) => logits),
        }),
      };
    },
  };
}

/** The parts of a graph, with the names of its inputs and layers. */
type GraphParts = Pick<Graph, "inputs" | "outputs" | "inputNames" | "layers" | "names" | "calls">;

/** As `graphFrom` reads it: symbolic tensors are called by the call or input that gives them, and their place among its outputs. */
function describeGraph({ inputs, outputs, inputNames, layers, names, calls }: GraphParts): LayerConfig {
  const callNames = callNamesOf(calls.map(({ layer }) => names[layers.indexOf(layer)]));
  const reference = (symbol: SymbolicTensor): Json => {
    const input = inputs.indexOf(symbol);
    if (input >= 0) return [inputNames[input], 0];
    const at = symbol.call === undefined ? -1 : calls.indexOf(symbol.call);
    return [callNames[at], symbol.outputs.indexOf(symbol)];
  };
  return {
    inputs: inputs.map(({ shape }, i) => ({ name: inputNames[i], shape })),
    layers: layers.map((layer, i) => describeLayer({ ...layer, name: names[i] })),
    calls: calls.map((call) => ({
      layer: names[layers.indexOf(call.layer)],
      inputs: call.inputs.map(reference),
    })),
    outputs: outputs.map(reference),
  };
}

/** The name of each use of a layer: the layer's, from the second use on with a number behind a slash. */
export function callNamesOf(layerNames: readonly string[]): string[] {
  const uses = new Map<string, number>();
  return layerNames.map((name) => {
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    return use === 1 ? name : `${name}/${use}`;
  });
}

/** What was computed for a symbolic tensor. */
interface Value {
  readonly tensor: Tensor;
  readonly mask: Tensor | undefined;
  readonly logits?: Logits | undefined;
}

function knownValue(values: ReadonlyMap<SymbolicTensor, Value>, symbol: SymbolicTensor): Value {
  const value = values.get(symbol);
  if (value === undefined) throw new Error("graph: a value is missing");
  return value;
}

function keepOutputs(values: Map<SymbolicTensor, Value>, { outputs }: LayerCall, applied: Applied): void {
  for (const [i, symbol] of outputs.entries()) {
    values.set(symbol, { tensor: applied.outputs[i], mask: applied.masks?.[i], logits: applied.logits?.[i] });
  }
}

function checkInputs(shapes: readonly Shape[], inputs: readonly SymbolicTensor[]): void {
  if (shapes.length === inputs.length && shapes.every((shape, i) => sameShape(shape, inputs[i].shape)))
    return;
  throw new NeuriteError({
    operation: "graph",
    got: `inputs of shape ${shapes.map(formatShape).join(" and ")}`,
    expected: inputs.map(({ shape }) => formatShape(shape)).join(" and "),
  });
}

/** Throws unless a layer has parameters of the same shapes wherever it is used. */
function checkShared(layer: Layer, first: NamedTensorTree, again: NamedTensorTree): void {
  const [wanted, got] = [shapesOf(first), shapesOf(again)];
  for (const [path, shape] of wanted) {
    const other = got.get(path);
    if (other !== undefined && sameShape(shape, other)) continue;
    throw new NeuriteError({
      operation: layer.type,
      got: `${path} of shape ${formatShape(shape)} for one use, ${other ? formatShape(other) : "none"} for another`,
      expected: "equal shapes: the uses of a layer share its weights",
      hint: "make a layer of its own for each",
    });
  }
}

function shapesOf(tree: NamedTensorTree, prefix = ""): Map<string, Shape> {
  const entries = Object.entries(tree).flatMap(([name, value]): [string, Shape][] =>
    value instanceof Tensor ? [[prefix + name, value.shape]] : [...shapesOf(value, `${prefix}${name}.`)],
  );
  return new Map(entries);
}
