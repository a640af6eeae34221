import { NeuriteError } from "../base/error.ts";
import type { Shape } from "../base/shape.ts";
import type { Graph, Layer } from "../nn/index.ts";
import { drawLayerGraph } from "./layer-diagram.ts";
import { isChain, type LayerGraph, readGraph, readStack } from "./layer-graph.ts";
import { drawLayerSolids } from "./layer-solids.ts";
import { toSvg } from "./svg.ts";

/** Layers one after the other, or a graph of layers; also a model of either. */
export type Architecture =
  | readonly Layer[]
  | Graph
  | { readonly layers: readonly Layer[]; readonly graph?: Graph };

/**
 * The architecture of a network as SVG: its layers with their names, the number of their parameters and the shapes that
 * they give, without the batch axis. Layers with parameters are blue.
 *
 * Layers one after the other stand from left to right, each as a solid of the shape it gives: images as blocks, sequences
 * as sheets, vectors as bars, sizes logarithmic. Graphs, and networks with residual blocks or other layers made of layers,
 * go from top to bottom; what a layer is made of stands in its frame. `inputShape` is needed where the first layer of a
 * stack does not have it. Throws a NeuriteError for no layers, and for layers that do not fit each other.
 *
 * @example
 * ```ts
 * import { conv2d, dense, flatten, residual } from "neurite/nn";
 * import { Sequential } from "neurite/train";
 * import { drawArchitecture } from "neurite/viz";
 *
 * const model = new Sequential();
 * model.add(conv2d({ filters: 8, kernelSize: 3, inputShape: [28, 28, 1] }));
 * model.add(residual([conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" })]));
 * model.add(flatten());
 * model.add(dense({ units: 10 }));
 * const svg = drawArchitecture(model);
 * ```
 */
export function drawArchitecture(network: Architecture, inputShape?: Shape): string {
  const graph = readNetwork(network, inputShape);
  // What leaves the last layer of a chain is its output.
  const begun = graph.nodes.filter(({ kind }) => kind !== "output");
  const picture = isChain(graph) ? drawLayerSolids(begun) : drawLayerGraph(graph);
  return toSvg(picture, `architecture: ${begun.map(({ name }) => name).join(", ")}`);
}

function readNetwork(network: Architecture, inputShape: Shape | undefined): LayerGraph {
  if ("calls" in network) return readGraph(network);
  if ("graph" in network && network.graph !== undefined) return readGraph(network.graph);
  const layers = "layers" in network ? network.layers : network;
  const shape = inputShape ?? layers[0]?.inputShape;
  if (shape !== undefined && layers.length > 0) return readStack(layers, shape);
  throw new NeuriteError({
    operation: "drawArchitecture",
    got:
      layers.length === 0
        ? "no layers"
        : `a first layer '${layers[0].name ?? layers[0].type}' without inputShape`,
    expected: layers.length === 0 ? "at least one" : "the shape of one input",
    hint: "drawArchitecture(layers, [28, 28, 1])",
  });
}
