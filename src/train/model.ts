import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { describeLayer, type Graph, graph, type Layer, type SymbolicTensor } from "../nn/index.ts";
import { partOfGraph } from "../nn/networks/graph.ts";
import { BaseModel, type ModelSettings } from "./base-model.ts";
import type { Port } from "./data.ts";
import type { LoadOptions } from "./load.ts";
import { Network } from "./network.ts";
import type { Architecture } from "./save.ts";
import { type LayerUse, usesOfGraph } from "./summary.ts";

/** Options of `Model`. */
export type ModelOptions = ModelSettings &
  (
    | {
        /** What `input` made. */
        readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
        /** What the model gives. */
        readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
      }
    | {
        /** A graph of layers, in the place of `inputs` and `outputs`. */
        readonly graph: Graph;
      }
  );

/**
 * A graph of layers that can be trained, as in Keras: with several inputs or outputs, with layers that are used in more than one
 * place, with branches.
 *
 * With several inputs, data are given by name, `{ left, right }`: the name of an input is the one it was given. Targets, losses
 * and metrics of several outputs are called as the layers that give them. Throws for graphs that are not connected, and for
 * names that are not unique.
 *
 * @example
 * ```ts
 * import { connect, dense, input } from "neurite/nn";
 * import { Model } from "neurite/train";
 *
 * const point = input({ shape: [2], name: "point" });
 * const hidden = connect(point, dense({ units: 8, activation: "tanh" }));
 * const side = connect(hidden, dense({ units: 1, activation: "sigmoid", name: "side" }));
 * const distance = connect(hidden, dense({ units: 1, name: "distance" }));
 * const model = new Model({ inputs: point, outputs: [side, distance] });
 * model.compile({
 *   optimizer: "adam",
 *   loss: { side: "binaryCrossentropy", distance: "meanSquaredError" },
 *   lossWeights: { distance: 0.5 },
 *   metrics: { side: ["accuracy"] },
 * });
 * const targets = { side: [[1], [0]], distance: [[2], [1]] };
 * const { loss, sideLoss, sideAccuracy, distanceLoss } = model.trainOnBatch([[1, 2], [0, -1]], targets);
 * ```
 */
export class Model extends BaseModel {
  /** The graph of layers that it trains. */
  readonly graph: Graph;

  constructor(options: ModelOptions) {
    checkOptions("Model", options, ["inputs", "outputs", "graph", "seed", "dtype"]);
    super("Model", options);
    this.graph =
      "graph" in options ? options.graph : graph({ inputs: options.inputs, outputs: options.outputs });
  }

  /** The layers, each once, in an order in which they can be computed. */
  get layers(): readonly Layer[] {
    return this.graph.layers;
  }

  /** The names under which data are given where there are several inputs. */
  get inputNames(): readonly string[] {
    return this.graph.inputNames;
  }

  /** The names under which targets, losses and metrics are given where there are several outputs. */
  get outputNames(): readonly string[] {
    return this.graph.outputNames;
  }

  /**
   * The graph up to a layer, default up to what the layer of the only output takes, as a model that shares the weights: the body
   * without its head, whose outputs are features. Throws for a name that no layer has.
   */
  features(upTo?: string): Model {
    const { outputs, layers, names, calls } = this.graph;
    if (upTo !== undefined && !names.includes(upTo)) throw unknownName("features", upTo, names);
    const ends =
      upTo === undefined
        ? outputs[0].call?.inputs
        : calls.find(({ layer }) => layer === layers[names.indexOf(upTo)])?.outputs;
    if (ends === undefined || (upTo === undefined && outputs.length > 1)) {
      throw new NeuriteError({
        operation: "features",
        got: `a model with the outputs ${this.outputNames.join(", ")}`,
        expected: "the name of a layer",
        hint: `one of ${names.join(", ")}`,
      });
    }
    const part = partOfGraph(this.graph, ends);
    const body = new Model({ graph: part, seed: this.seed, dtype: this.dtype });
    this.network ??= this.makeNetwork();
    body.network = this.network.part(part, portsOf(part), part.outputNames);
    return body;
  }

  protected get architecture(): Architecture {
    return { graph: describeLayer(this.graph) };
  }

  protected uses(): readonly LayerUse[] {
    return usesOfGraph(this.graph);
  }

  protected makeNetwork(): Network {
    const { graph: layer, outputNames, dtype } = this;
    return new Network({ layer, inputs: portsOf(layer), outputNames, dtype }, this.seed);
  }

  /** Reads a model that `save` wrote. Throws for files that hold none, and for weights that do not fit its layers. */
  static async load(path: string, options: LoadOptions = {}): Promise<Model> {
    const { readBytes } = await import("../io/index.ts");
    return await Model.fromBytes(await readBytes(path), options);
  }

  /** Reads a model that `toBytes` wrote: it predicts, and learns on, as the one that was saved. */
  static async fromBytes(bytes: Uint8Array, options: LoadOptions = {}): Promise<Model> {
    const { decodeModel } = await import("./load.ts");
    const saved = decodeModel(bytes, options);
    const { architecture, seed, dtype } = saved;
    if (architecture.kind !== "graph") {
      throw new NeuriteError({
        operation: "load",
        got: "layers one after the other",
        expected: "a graph of layers",
        hint: "read it with Sequential.load",
      });
    }
    const model = new Model({ graph: architecture.graph, seed, dtype });
    model.restore(saved);
    return model;
  }
}

function portsOf({ inputs, inputNames }: Graph): readonly Port[] {
  return inputs.map(({ shape }, i) => ({ name: inputNames[i], shape }));
}
