import { type Shape, sizeOf } from "../base/shape.ts";
import { flatten } from "../base/tree.ts";
import {
  type Graph,
  type Layer,
  nameLayers,
  type Residual,
  type Stack,
  type SymbolicTensor,
} from "../nn/index.ts";
import { programOf, random, Tensor } from "../tensor/index.ts";
import type { Edge } from "./layered-layout.ts";

/** An input, a use of a layer, an output, or the sum at the end of a residual block. */
export interface LayerNode {
  readonly kind: "input" | "layer" | "output" | "sum";
  /** Empty for the inputs of a layer that is made of others. */
  readonly name: string;
  /** The type of a layer, where it is not its name. */
  readonly type?: string;
  /** Of a layer: `320 parameters`; "shared" where they were counted before. */
  readonly parameters?: string;
  readonly shapes: readonly Shape[];
  readonly learns: boolean;
  /** What a layer is made of. */
  readonly inside?: LayerGraph;
}

/** Nodes, each after those that it needs. */
export interface LayerGraph {
  readonly nodes: readonly LayerNode[];
  readonly edges: readonly Edge[];
}

/** The nodes of layers one after the other, and of an input of this shape. Throws for layers that do not fit. */
export function readStack(layers: readonly Layer[], inputShape: Shape): LayerGraph {
  return recorded((key) => {
    const graph = new Builder(key);
    const input = graph.add({ kind: "input", name: "input", shapes: [inputShape], learns: false });
    graph.chain(layers, nameLayers(layers), [inputShape], input);
    return graph;
  });
}

/** The nodes of a graph of layers. */
export function readGraph(graph: Graph): LayerGraph {
  return recorded((key) => new Builder(key).graph(graph, graph.inputNames));
}

/** Whether a graph is a line of layers none of which is made of others. */
export function isChain({ nodes, edges }: LayerGraph): boolean {
  return nodes.every(({ inside }) => inside === undefined) && edges.every(([from, to]) => to === from + 1);
}

/** The shape of a node's outputs in words. */
export function shapeWords({ shapes }: LayerNode): string {
  return shapes.map((shape) => (shape.length === 0 ? "a number" : shape.join(" × "))).join(", ");
}

/** Shapes are known while a program is recorded; nothing is computed. */
function recorded(read: (key: Tensor) => LayerGraph): LayerGraph {
  let graph: LayerGraph | undefined;
  programOf((key: Tensor) => {
    graph = read(key);
    return key;
  }, random.key(0));
  if (graph === undefined) throw new Error("drawArchitecture: nothing was recorded");
  return graph;
}

class Builder implements LayerGraph {
  readonly nodes: LayerNode[] = [];
  readonly edges: Edge[] = [];
  private readonly key: Tensor;

  constructor(key: Tensor) {
    this.key = key;
  }

  /** The number of a new node, which takes what these others give. */
  add(node: LayerNode, ...sources: readonly number[]): number {
    for (const source of new Set(sources)) this.edges.push([source, this.nodes.length]);
    return this.nodes.push(node) - 1;
  }

  /** Layers one after the other; the last node. */
  chain(
    layers: readonly Layer[],
    names: readonly string[],
    inputShapes: readonly Shape[],
    from: number,
  ): number {
    let shapes = inputShapes;
    let last = from;
    for (const [i, layer] of layers.entries()) {
      const node = this.layerNode(layer, names[i], shapes);
      last = this.add(node, last);
      shapes = node.shapes;
    }
    return last;
  }

  /** Without names for the inputs, they are dots, and what the outputs are is not said. */
  graph({ inputs, outputs, calls, layers, names }: Graph, inputNames?: readonly string[]): this {
    const makers = new Map<SymbolicTensor, number>();
    const nodeOf = (symbol: SymbolicTensor): number => {
      const node = makers.get(symbol);
      if (node === undefined) throw new Error("drawArchitecture: a symbolic tensor that nothing gives");
      return node;
    };
    for (const [i, symbol] of inputs.entries()) {
      const name = inputNames?.[i] ?? "";
      makers.set(symbol, this.add({ kind: "input", name, shapes: [symbol.shape], learns: false }));
    }
    const counted = new Set<Layer>();
    for (const call of calls) {
      const { layer } = call;
      const given = call.inputs.map(({ shape }) => shape);
      const node = this.layerNode(layer, names[layers.indexOf(layer)], given, counted.has(layer));
      counted.add(layer);
      const number = this.add(node, ...call.inputs.map(nodeOf));
      for (const symbol of call.outputs) makers.set(symbol, number);
    }
    if (inputNames !== undefined) {
      for (const symbol of outputs) {
        this.add({ kind: "output", name: "output", shapes: [symbol.shape], learns: false }, nodeOf(symbol));
      }
    }
    return this;
  }

  private layerNode(layer: Layer, name: string, inputShapes: readonly Shape[], isShared = false): LayerNode {
    const { params, outputShapes } = layer.init(this.key, inputShapes, "f32");
    const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
    const { leaves } = flatten(params, isTensor, "drawArchitecture");
    const count = leaves.reduce((sum, leaf) => sum + sizeOf(leaf.shape), 0);
    const words = isShared ? "shared" : `${count.toLocaleString("en-US")} parameters`;
    const inside = this.insideOf(layer, inputShapes);
    return {
      kind: "layer",
      name,
      ...(name !== layer.type && { type: layer.type }),
      ...(count > 0 && { parameters: words }),
      shapes: outputShapes,
      learns: count > 0,
      ...(inside !== undefined && { inside }),
    };
  }

  private insideOf(layer: Layer, shapes: readonly Shape[]): LayerGraph | undefined {
    const inside = new Builder(this.key);
    if (isGraph(layer)) return inside.graph(layer);
    const begin = (): number => inside.add({ kind: "input", name: "", shapes, learns: false });
    if (isStack(layer)) {
      inside.chain(layer.layers, layer.names, shapes, begin());
      return inside;
    }
    if (!isResidual(layer)) return undefined;
    const input = begin();
    const [body, shortcut] = [layer.body, layer.shortcut].map(({ layers, names }) =>
      inside.chain(layers, names, shapes, input),
    );
    inside.add({ kind: "sum", name: "+", shapes: inside.nodes[body].shapes, learns: false }, body, shortcut);
    return inside;
  }
}

function isGraph(layer: Layer): layer is Graph {
  return layer.type === "graph" && "calls" in layer;
}

function isStack(layer: Layer): layer is Stack {
  return layer.type === "stack" && "layers" in layer;
}

function isResidual(layer: Layer): layer is Residual {
  return layer.type === "residual" && "body" in layer;
}
