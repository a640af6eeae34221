import { checkOptions, NeuriteError } from "../../base/error.ts";
import { programOf, random, type Shape, type Tensor } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { checkInput, inLayer } from "./stack.ts";

/** A layer applied to symbolic tensors: a node of a graph of layers. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/** What stands for a tensor while a graph of layers is built: `input` and `connect` make them. It has a shape and no elements. */
export interface SymbolicTensor {
  /** Without the batch axis. */
  readonly shape: Shape;
  /** All outputs of the layer that gives this one. */
  readonly outputs: readonly SymbolicTensor[];
  /** The call that gives it; absent for an input. */
  readonly call?: LayerCall;
  /** The name of an input, where it was given one. */
  readonly name?: string;
}

/** Options of `input`. */
export interface InputOptions {
  /** The shape of one example, without the batch axis. */
  readonly shape: Shape;
  /** How data for it are called where a model has several inputs; default `input`, numbered. */
  readonly name?: string;
}

/**
 * Where a graph of layers begins: stands for a batch of examples of a shape. Throws for a shape that holds anything but positive
 * integers.
 *
 * @example
 * ```ts
 * import { connect, dense, input } from "neurite/nn";
 *
 * const x = input({ shape: [784] });
 * const y = connect(x, dense({ units: 10 }));
 * y.shape; // [10]
 * ```
 */
export function input(options: InputOptions): SymbolicTensor {
  checkOptions("input", options, ["shape", "name"]);
  const { shape, name } = options;
  if (!Array.isArray(shape) || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new NeuriteError({
      operation: "input",
      got: `shape: ${JSON.stringify(shape) ?? "nothing"}`,
      expected: "a list of positive integers, without the batch axis",
    });
  }
  const outputs: SymbolicTensor[] = [];
  const made: SymbolicTensor = { shape, outputs, ...(name !== undefined && { name }) };
  outputs.push(made);
  return made;
}

/**
 * The output of layers that follow one another, applied to symbolic tensors: `connect(x, dense({ units: 8 }))` is what Keras writes
 * as `Dense(8)(x)`.
 *
 * Several inputs stand in a list. A layer that is used in more than one place has one set of weights for all of them; a penalty
 * on weights counts once for each place. Of a layer with several outputs the first is returned; all of them are its `outputs`.
 * Throws for shapes that do not fit, naming the layer.
 *
 * @example
 * ```ts
 * import { connect, dense, input, lstm, merge } from "neurite/nn";
 *
 * const text = input({ shape: [20, 8] });
 * const price = input({ shape: [1] });
 * const [read, state] = connect(text, lstm({ units: 16, returnState: true })).outputs;
 * const y = connect([read, price], merge.concatenate(), dense({ units: 4, activation: "relu" }), dense({ units: 1 }));
 * y.shape; // [1]
 * ```
 */
export function connect(
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  ...layers: readonly [Layer, ...Layer[]]
): SymbolicTensor {
  const given = listOf(inputs);
  if (given.length === 0) {
    throw new NeuriteError({
      operation: "connect",
      got: "no inputs",
      expected: "at least one, from input or connect",
    });
  }
  return layers.reduce(call, given)[0];
}

/** One or several as a list. */
export function listOf(given: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] {
  return isList(given) ? given : [given];
}

function isList(given: SymbolicTensor | readonly SymbolicTensor[]): given is readonly SymbolicTensor[] {
  return Array.isArray(given);
}

function call(inputs: readonly SymbolicTensor[], layer: Layer): readonly SymbolicTensor[] {
  const shapes = inputs.map(({ shape }) => shape);
  const outputs: SymbolicTensor[] = [];
  const made: LayerCall = { layer, inputs, outputs };
  for (const shape of outputShapesOf(layer, shapes)) outputs.push({ shape, outputs, call: made });
  return outputs;
}

// Shapes are known while a program is recorded; nothing is computed.
function outputShapesOf(layer: Layer, inputShapes: readonly Shape[]): readonly Shape[] {
  let shapes: readonly Shape[] = [];
  programOf((key: Tensor) => {
    shapes = inLayer(layer.name ?? layer.type, () => {
      checkInput(layer, inputShapes);
      return layer.init(key, inputShapes, "f32");
    }).outputShapes;
    return key;
  }, random.key(0));
  return shapes;
}
