import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { describeLayer, type Layer, nameLayers, stack } from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { BaseModel, type ModelSettings } from "./base-model.ts";
import type { Data, NamedData } from "./data.ts";
import type { LoadOptions } from "./load.ts";
import { Network } from "./network.ts";
import type { Architecture } from "./save.ts";
import { type LayerUse, usesOfStack } from "./summary.ts";

/** Options of `Sequential`. */
export interface SequentialOptions extends ModelSettings {
  /** The layers in order; more can be added. Default none. */
  readonly layers?: readonly Layer[];
}

/**
 * A stack of layers that can be trained, as in Keras.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 * import { adam } from "neurite/optim";
 * import { Sequential } from "neurite/train";
 *
 * const model = new Sequential();
 * model.add(dense({ units: 8, inputShape: [2], activation: "tanh", name: "hidden" }));
 * model.add(dense({ units: 1, activation: "sigmoid", name: "output" }));
 * model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });
 * const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * const y = [[0], [1], [1], [0]];
 * const history = await model.fit(x, y, { epochs: 200, verbose: 0 });
 * ```
 */
export class Sequential extends BaseModel {
  private stacked: readonly Layer[] = [];

  constructor(options: SequentialOptions = {}) {
    checkOptions("Sequential", options, ["layers", "seed", "dtype"]);
    super("Sequential", options);
    for (const layer of options.layers ?? []) this.add(layer);
  }

  /** The layers in order. */
  get layers(): readonly Layer[] {
    return this.stacked;
  }

  /** `output`: there is one. */
  get outputNames(): readonly string[] {
    return ["output"];
  }

  /** Adds a layer at the end; the others keep their weights. Throws for a name that is taken and a shape that does not fit. */
  add(layer: Layer): void {
    const layers = [...this.stacked, layer];
    nameLayers(layers);
    if (this.network !== undefined) {
      const weights = this.network.getWeights();
      const longer = this.networkOf(layers, this.network.inputs[0].shape);
      longer.setWeights(weights);
      this.setNetwork(longer);
    }
    this.stacked = layers;
  }

  /**
   * The layers up to one of them, default that before the last one, as a model that shares their weights: the body without its
   * head, whose outputs are features. Throws for a name that no layer has.
   */
  features(upTo?: string): Sequential {
    const names = nameLayers(this.stacked);
    const count = upTo === undefined ? names.length - 1 : names.indexOf(upTo) + 1;
    if (count < 1 && upTo !== undefined) throw unknownName("features", upTo, names);
    if (count < 1) {
      throw new NeuriteError({
        operation: "features",
        got: `${names.length} layers`,
        expected: "two or more",
      });
    }
    const layers = this.stacked.slice(0, count).map((layer, i) => ({ ...layer, name: names[i] }));
    const body = new Sequential({ layers, seed: this.seed, dtype: this.dtype });
    this.network ??= this.makeNetwork("features");
    body.network = this.network.part(stack(layers), this.network.inputs, this.outputNames);
    return body;
  }

  protected get architecture(): Architecture {
    const [{ shape }] = this.network?.inputs ?? this.makeNetwork("save").inputs;
    return { layers: this.stacked.map(describeLayer), inputShape: shape };
  }

  protected uses(operation: string): readonly LayerUse[] {
    this.network ??= this.makeNetwork(operation);
    return usesOfStack(this.stacked, this.network);
  }

  protected makeNetwork(operation: string, x?: Data | NamedData): Network {
    const [first] = this.stacked;
    if (first === undefined) {
      throw new NeuriteError({
        operation,
        got: "a model without layers",
        expected: "at least one layer",
        hint: "model.add(dense({ units: 10, inputShape: [784] }))",
      });
    }
    const inputShape = first.inputShape ?? (x instanceof Tensor ? x.shape.slice(1) : undefined);
    if (inputShape === undefined) {
      throw new NeuriteError({
        operation,
        got: `a first layer '${first.name ?? first.type}' without inputShape`,
        expected: "the shape of one input",
        hint: `${first.type}({ …, inputShape: [784] })`,
      });
    }
    return this.networkOf(this.stacked, inputShape);
  }

  /** Reads a model that `save` wrote. Throws for files that hold none, and for weights that do not fit its layers. */
  static async load(path: string, options: LoadOptions = {}): Promise<Sequential> {
    const { readBytes } = await import("../io/index.ts");
    return await Sequential.fromBytes(await readBytes(path), options);
  }

  /** Reads a model that `toBytes` wrote: it predicts, and learns on, as the one that was saved. */
  static async fromBytes(bytes: Uint8Array, options: LoadOptions = {}): Promise<Sequential> {
    const { decodeModel } = await import("./load.ts");
    const saved = decodeModel(bytes, options);
    const { architecture, seed, dtype } = saved;
    if (architecture.kind !== "stack") {
      throw new NeuriteError({
        operation: "load",
        got: "a graph of layers",
        expected: "layers one after the other",
        hint: "read it with Model.load",
      });
    }
    const model = new Sequential({ layers: architecture.layers, seed, dtype });
    model.network = model.networkOf(architecture.layers, architecture.inputShape);
    model.restore(saved);
    return model;
  }

  private networkOf(layers: readonly Layer[], shape: readonly number[]): Network {
    const inputs = [{ name: "input", shape }];
    return new Network(
      { layer: stack(layers), inputs, outputNames: this.outputNames, dtype: this.dtype },
      this.seed,
    );
  }
}
