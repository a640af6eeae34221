import { type Shape, sizeOf } from "../base/shape.ts";
import { type Graph, type Layer, nameLayers } from "../nn/index.ts";
import { partOf } from "../nn/networks/stack.ts";
import { programOf, random, type Tensor, zeros } from "../tensor/index.ts";
import { countMultiplyAdds } from "./multiply-adds.ts";
import type { Network } from "./network.ts";
import { isWithin, pathsOf } from "./trees.ts";

/** A use of a layer: a row of a summary. */
export interface LayerUse {
  readonly name: string;
  readonly layer: Layer;
  /** What comes in, without the batch axis, and from where in a graph. */
  readonly inputs: readonly { readonly shape: Shape; readonly from?: string }[];
  readonly outputShapes: readonly Shape[];
}

/** The layers of a stack, each once. */
export function usesOfStack(layers: readonly Layer[], { inputs, dtype }: Network): readonly LayerUse[] {
  const names = nameLayers(layers);
  const uses: LayerUse[] = [];
  // Shapes are known while a program is recorded; nothing is computed.
  programOf((key: Tensor) => {
    let shapes = inputs.map(({ shape }) => shape);
    for (const [i, layer] of layers.entries()) {
      const { outputShapes } = layer.init(key, shapes, dtype);
      uses.push({ name: names[i], layer, inputs: shapes.map((shape) => ({ shape })), outputShapes });
      shapes = [...outputShapes];
    }
    return key;
  }, random.key(0));
  return uses;
}

/** Every use of a layer in a graph. */
export function usesOfGraph({ inputs, inputNames, layers, names, calls }: Graph): readonly LayerUse[] {
  const nameOf = (layer: Layer): string => names[layers.indexOf(layer)];
  return calls.map(({ layer, inputs: given, outputs }) => ({
    name: nameOf(layer),
    layer,
    inputs: given.map((symbol) => {
      const input = inputs.indexOf(symbol);
      const from = input >= 0 ? inputNames[input] : symbol.call && nameOf(symbol.call.layer);
      return { shape: symbol.shape, ...(from !== undefined && { from }) };
    }),
    outputShapes: outputs.map(({ shape }) => shape),
  }));
}

/** The layers of a network as a table: the shapes of their outputs, their parameters, multiply-adds for one example. */
export function summarize(
  uses: readonly LayerUse[],
  network: Network,
  frozen: ReadonlySet<string>,
): readonly string[] {
  const { params } = network.variables;
  const counted = new Set<string>();
  const isGraph = uses.some(({ inputs }) => inputs.some(({ from }) => from !== undefined));
  let [parameters, multiplyAdds] = [0, 0];
  const rows = uses.map((use): readonly string[] => {
    const count = counted.has(use.name) ? 0 : sizeOfTensors(pathsOf(partOf(params, use.name)).values());
    const work = workOf(use, network);
    parameters += count;
    multiplyAdds += work;
    const output = use.outputShapes.map((shape) => `[${["batch", ...shape].join(", ")}]`).join(" and ");
    const isShared = counted.has(use.name);
    counted.add(use.name);
    return [
      `${use.name} (${use.layer.type})`,
      output,
      isShared ? "shared" : formatCount(count),
      formatCount(work),
      ...(isGraph ? [use.inputs.map(({ from }) => from).join(", ")] : []),
    ];
  });
  const header = ["layer (type)", "output", "parameters", "multiply-adds", ...(isGraph ? ["from"] : [])];
  const lines = align([header, ...rows, ["total", "", formatCount(parameters), formatCount(multiplyAdds)]]);
  if (frozen.size === 0) return lines;
  const isFrozen = (path: string): boolean => [...frozen].some((part) => isWithin(path, part));
  const still = [...pathsOf(params)].filter(([path]) => isFrozen(path)).map(([, value]) => value);
  return [...lines, `${formatCount(sizeOfTensors(still))} of the parameters are frozen`];
}

function workOf({ name, layer, inputs }: LayerUse, { variables, dtype }: Network): number {
  const { params, state } = variables;
  const own = { params: partOf(params, name), state: partOf(state, name) };
  const examples = inputs.map(({ shape }, i) => zeros([1, ...shape], layer.takesIds?.[i] ? "i32" : dtype));
  return countMultiplyAdds(
    programOf((given: readonly Tensor[]) => layer.apply(own, given).outputs, examples),
  );
}

function sizeOfTensors(tensors: Iterable<Tensor>): number {
  return [...tensors].reduce((total, { shape }) => total + sizeOf(shape), 0);
}

// Names and shapes stand on the left, counts on the right.
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((text, column) =>
        column === 2 || column === 3 ? text.padStart(widths[column]) : text.padEnd(widths[column]),
      )
      .join("  ")
      .trimEnd(),
  );
}

function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
