import { NeuriteError } from "../../base/error.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import { add, random, type Shape, Tensor, withScope } from "../../tensor/index.ts";
import { describeLayer } from "../description.ts";
import type { Applied, Layer, NamedTensorTree } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";

/** Layers one after the other, as one layer. */
export interface Stack extends Layer {
  readonly layers: readonly Layer[];
  /** The name of each layer: its own, or its type with a number. */
  readonly names: readonly string[];
}

/**
 * Layers one after the other, as one layer: each takes the outputs of the one before it.
 *
 * Parameters and state are those of the layers under their names, `{hidden: {weights, biases}}`. A layer without a name
 * gets its type, numbered from the second on: `dense`, `dense_1`. Each layer runs in the scope of its name, with a key of
 * its own; penalties are added. Throws for equal names and for names with "." or "/"; errors of a layer name it.
 *
 * @example
 * ```ts
 * import { dense, stack } from "neurite/nn";
 *
 * const network = stack([dense({ units: 8, activation: "relu", name: "hidden" }), dense({ units: 1 })]);
 * const { params } = network.init(random.key(0), [[2]], "f32"); // {hidden: {weights, biases}, dense: {weights, biases}}
 * ```
 */
export function stack(layers: readonly Layer[], options: LayerOptions = {}): Stack {
  const { name, inputShape = layers[0]?.inputShape } = new OptionsReader("stack", options, []);
  const names = nameLayers(layers);
  return {
    type: "stack",
    ...(name !== undefined && { name }),
    ...(inputShape !== undefined && { inputShape }),
    config: {
      layers: layers.map(describeLayer),
      ...(options.inputShape && { inputShape: options.inputShape }),
    },
    ...(layers[0]?.takesIds && { takesIds: layers[0].takesIds }),
    layers,
    names,
    init: (key, inputShapes, dtype) => {
      const params: Record<string, NamedTensorTree> = {};
      const state: Record<string, NamedTensorTree> = {};
      let shapes = inputShapes;
      for (const [i, layer] of layers.entries()) {
        const initialized = inLayer(names[i], () => {
          checkInput(layer, shapes);
          return layer.init(random.foldIn(key, i), shapes, dtype);
        });
        keep(params, names[i], initialized.params);
        keep(state, names[i], initialized.state);
        shapes = initialized.outputShapes;
      }
      return { params, state, outputShapes: shapes };
    },
    apply: ({ params, state }, inputs, { training = false, key, masks: given } = {}) => {
      const after: Record<string, NamedTensorTree> = {};
      let outputs = inputs;
      let masks = given;
      let logits: Applied["logits"];
      let penalty: Tensor | undefined;
      for (const [i, layer] of layers.entries()) {
        const applied = inLayer(names[i], () => {
          const variables = { params: partOf(params, names[i]), state: partOf(state, names[i]) };
          const keyOfLayer = key === undefined ? {} : { key: random.foldIn(key, i) };
          return layer.apply(variables, outputs, { training, ...keyOfLayer, ...(masks && { masks }) });
        });
        keep(after, names[i], applied.state);
        outputs = applied.outputs;
        masks = applied.masks;
        logits = applied.logits;
        penalty = sumOf(penalty, applied);
      }
      return {
        outputs,
        state: after,
        ...(penalty !== undefined && { penalty }),
        ...(masks !== undefined && { masks }),
        ...(logits !== undefined && { logits }),
      };
    },
  };
}

/**
 * The names under which a stack knows its layers: their own, else their type, numbered where it is taken. Throws for equal
 * names and for names with "." or "/", which separate the parts of paths.
 *
 * @example
 * ```ts
 * import { dense, flatten, nameLayers } from "neurite/nn";
 *
 * const layers = [flatten(), dense({ units: 8, name: "hidden" }), dense({ units: 8 }), dense({ units: 1 })];
 * const [first, second, third, fourth] = nameLayers(layers); // flatten, hidden, dense, dense_1
 * ```
 */
export function nameLayers(layers: readonly Pick<Layer, "name" | "type">[]): string[] {
  const taken = new Set<string>();
  for (const { name } of layers) {
    if (name === undefined) continue;
    if (name === "" || /[./]/.test(name)) {
      throw new NeuriteError({
        operation: "name of a layer",
        got: `'${name}'`,
        expected: "a name without '.' and '/'",
      });
    }
    if (taken.has(name)) {
      throw new NeuriteError({
        operation: "name of a layer",
        got: `two layers with the name '${name}'`,
        expected: "each name once",
      });
    }
    taken.add(name);
  }
  return layers.map(({ name, type }) => {
    if (name !== undefined) return name;
    let numbered = type;
    for (let number = 1; taken.has(numbered); number++) numbered = `${type}_${number}`;
    taken.add(numbered);
    return numbered;
  });
}

/** Runs `f` in the scope of a layer; errors name it. */
export function inLayer<T>(name: string, f: () => T): T {
  try {
    return withScope(name, f);
  } catch (error) {
    if (!(error instanceof NeuriteError)) throw error;
    const { operation, got, expected, hint } = error;
    const place = `in layer '${name}'`;
    const named = new NeuriteError({
      operation,
      got,
      ...(expected !== undefined && { expected }),
      hint: hint === undefined ? place : `${hint}; ${place}`,
    });
    named.cause = error;
    throw named;
  }
}

/** Throws unless the first input has the shape that the layer was given for it. */
export function checkInput({ type, inputShape }: Layer, [shape]: readonly Shape[]): void {
  if (inputShape === undefined || sameShape(shape, inputShape)) return;
  throw new NeuriteError({
    operation: type,
    got: `inputs of shape ${formatShape(shape)}`,
    expected: `${formatShape(inputShape)}, its inputShape`,
  });
}

/** Puts the part of a layer into a tree, unless it is empty. */
export function keep(tree: Record<string, NamedTensorTree>, name: string, part: NamedTensorTree): void {
  if (Object.keys(part).length > 0) tree[name] = part;
}

/** The part of a tree that belongs to a layer: empty where it has none. */
export function partOf(tree: NamedTensorTree, name: string): NamedTensorTree {
  const part = tree[name] ?? {};
  if (!(part instanceof Tensor)) return part;
  throw new NeuriteError({ operation: "stack", got: `a tensor '${name}'`, expected: "the tree of a layer" });
}

/** A penalty with that of another layer. */
export function sumOf(penalty: Tensor | undefined, applied: Applied): Tensor | undefined {
  if (penalty === undefined || applied.penalty === undefined) return penalty ?? applied.penalty;
  return add(penalty, applied.penalty);
}
