import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { type CustomLayers, type Layer, nameLayers, stack } from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { type Data, readInputs } from "./data.ts";
import { evaluateSource } from "./evaluate.ts";
import type { Logs } from "./figures.ts";
import { type FitArguments, fitModel, readFit } from "./fit.ts";
import { Network } from "./network.ts";
import { type CompileOptions, type Objective, readObjective } from "./objective.ts";
import { requireCount } from "./options.ts";
import type { History } from "./run.ts";
import { tableSource } from "./source.ts";
import { summarize } from "./summary.ts";
import { Trainer } from "./trainer.ts";
import type { TensorsByPath } from "./trees.ts";
import { Turns } from "./yielding.ts";

/** Options of `Sequential`. */
export interface SequentialOptions {
  /** The layers in order; more can be added. Default none. */
  readonly layers?: readonly Layer[];
  /** Decides the initial weights, the order of examples and what random layers do. Default 0. */
  readonly seed?: number;
  /** The dtype of weights and computation. Default "f32". */
  readonly dtype?: "f32" | "f64";
}

/** Options of `save` and `toBytes`. */
export interface SaveOptions {
  /** Texts to be kept in the file's metadata. Default none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Options of `load` and `fromBytes`. */
export interface LoadOptions {
  /** Makers of layers of a user's own, by type. Default none. */
  readonly customLayers?: CustomLayers;
}

/** Options of `evaluate` and `predict`. */
export interface BatchOptions {
  /** Examples computed at once. Default 32. */
  readonly batchSize?: number;
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
export class Sequential {
  private stacked: readonly Layer[] = [];
  private readonly seed: number;
  private readonly dtype: "f32" | "f64";
  private objective: Objective | undefined;
  private network: Network | undefined;
  private trainer: Trainer | undefined;

  constructor(options: SequentialOptions = {}) {
    checkOptions("Sequential", options, ["layers", "seed", "dtype"]);
    const { layers = [], seed = 0, dtype = "f32" } = options;
    if (dtype !== "f32" && dtype !== "f64") throw unknownName("Sequential: dtype", dtype, ["f32", "f64"]);
    this.seed = seed;
    this.dtype = dtype;
    for (const layer of layers) this.add(layer);
  }

  /** The layers in order. */
  get layers(): readonly Layer[] {
    return this.stacked;
  }

  /** Adds a layer at the end; the others keep their weights. Throws for a name that is taken and a shape that does not fit. */
  add(layer: Layer): void {
    const layers = [...this.stacked, layer];
    nameLayers(layers);
    if (this.network !== undefined) {
      const weights = this.network.getWeights();
      const longer = new Network(stack(layers), this.network.inputShape, this.dtype, this.seed);
      longer.setWeights(weights);
      this.network = longer;
      this.trainer = undefined;
    }
    this.stacked = layers;
  }

  /** Says how to train; the optimizer starts afresh, the weights stay. Throws for unknown names. */
  compile(options: CompileOptions): void {
    this.objective = readObjective(options);
    this.trainer = undefined;
  }

  /** The learning rate η of the next step; setting it compiles nothing. */
  get learningRate(): number {
    return this.trainer?.learningRate ?? this.requireObjective("learningRate").optimizer.learningRate;
  }

  set learningRate(rate: number) {
    if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
      throw new NeuriteError({
        operation: "learningRate",
        got: String(rate),
        expected: "a number, at least 0",
      });
    }
    this.trainerFor("learningRate").learningRate = rate;
  }

  /**
   * One step of training on a batch: loss and metrics of the batch before the update.
   *
   * Throws where loss or gradient are not finite, naming the layer in which that began; the weights are then those before.
   */
  trainOnBatch(x: Data, y: Data): Logs {
    const trainer = this.trainerFor("trainOnBatch", x);
    return trainer.train(trainer.read("trainOnBatch", x, y)).read();
  }

  /**
   * Learns from examples, `fit(x, y, options)`, from a dataset, `fit(dataset, options)`, or from batches that come one by
   * one, `fit(batches, options)`: goes through them `epochs` times; resolves to the figures of each epoch.
   *
   * Means are exact over all examples, also where the last batch is smaller. The same seed gives the same numbers. The
   * event loop has its turns on the way. Throws, before anything is learned, for options, shapes and labels that do not
   * fit; and at a step whose loss or gradient are not finite, naming the layer in which that began. The weights are then
   * those before that step.
   */
  async fit(...given: FitArguments): Promise<History> {
    const request = readFit(given);
    const [x] = Array.isArray(request.data) ? request.data : [];
    return await fitModel(this, this.trainerFor("fit", x), request, this.seed);
  }

  /** Loss and metrics of examples, without learning from them; exact means, whatever the `batchSize` (default 32). */
  async evaluate(x: Data, y: Data, options: BatchOptions = {}): Promise<Logs> {
    checkOptions("evaluate", options, ["batchSize"]);
    const { batchSize = 32 } = options;
    requireCount("evaluate", "batchSize", batchSize);
    const trainer = this.trainerFor("evaluate", x);
    const examples = trainer.read("evaluate", x, y);
    const source = tableSource(examples, { batchSize, shuffle: false, seed: this.seed });
    return await evaluateSource(trainer, source, new Turns());
  }

  /** The outputs for inputs, computed in batches of `batchSize` (default 32). */
  predict(x: Data, options: BatchOptions = {}): Tensor {
    checkOptions("predict", options, ["batchSize"]);
    const { batchSize = 32 } = options;
    requireCount("predict", "batchSize", batchSize);
    const network = this.networkFor("predict", x);
    return network.predict(readInputs("predict", x, network.inputShape, this.dtype), batchSize);
  }

  /** Loss and metrics of a batch. */
  testOnBatch(x: Data, y: Data): Logs {
    const trainer = this.trainerFor("testOnBatch", x);
    return trainer.test(trainer.read("testOnBatch", x, y)).read();
  }

  /** Copies of all parameters and state by path, `hidden.weights`. */
  getWeights(): Record<string, Tensor> {
    return this.networkFor("getWeights").getWeights();
  }

  /** Replaces the weights with these paths. Throws, before anything changes, for unknown paths and other shapes. */
  setWeights(weights: TensorsByPath): void {
    this.networkFor("setWeights").setWeights(weights);
  }

  /** Prints the layers with their output shapes and numbers of parameters, line by line. */
  summary(print: (line: string) => void = console.log): void {
    for (const line of summarize(this.layers, this.networkFor("summary"))) print(line);
  }

  /** Writes the model to a file, whole or not at all; as `toBytes`. */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    const bytes = await this.toBytes(options);
    const { writeWhole } = await import("../io/index.ts");
    await writeWhole(path, bytes);
  }

  /**
   * The model as a safetensors file: weights under their paths, `hidden.weights`, what training goes on with, and the
   * layers as JSON. Losses and metrics that are functions of the user's own are left out: compile the model again.
   */
  async toBytes(options: SaveOptions = {}): Promise<Uint8Array> {
    checkOptions("save", options, ["metadata"]);
    const { encodeModel } = await import("./save.ts");
    const { stacked: layers, seed, objective, trainer } = this;
    const parts = { layers, seed, objective, trainer, network: this.networkFor("save") };
    return await encodeModel(parts, options.metadata ?? {});
  }

  /** Reads a model that `save` wrote. Throws for files that hold none, and for weights that do not fit its layers. */
  static async load(path: string, options: LoadOptions = {}): Promise<Sequential> {
    const { readBytes } = await import("../io/index.ts");
    return await Sequential.fromBytes(await readBytes(path), options);
  }

  /** Reads a model that `toBytes` wrote: it predicts, and learns on, as the one that was saved. */
  static async fromBytes(bytes: Uint8Array, options: LoadOptions = {}): Promise<Sequential> {
    checkOptions("load", options, ["customLayers"]);
    const { decodeModel } = await import("./load.ts");
    const saved = decodeModel(bytes, options.customLayers);
    const { layers, seed, dtype, inputShape, compiled, training } = saved;
    const model = new Sequential({ layers, seed, dtype });
    model.network = new Network(stack(layers), inputShape, dtype, seed);
    model.network.setAllWeights(saved.weights);
    if (compiled !== undefined) model.compile(compiled);
    if (training !== undefined) {
      const { stepCount, learningRate } = training;
      model.trainerFor("load").resume(stepCount, learningRate, saved.optimizerState);
    }
    return model;
  }

  private networkFor(operation: string, x?: Data): Network {
    if (this.network !== undefined) return this.network;
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
    this.network = new Network(stack(this.stacked), inputShape, this.dtype, this.seed);
    return this.network;
  }

  private trainerFor(operation: string, x?: Data): Trainer {
    if (this.trainer !== undefined) return this.trainer;
    const objective = this.requireObjective(operation);
    this.trainer = new Trainer(this.networkFor(operation, x), objective, this.seed);
    return this.trainer;
  }

  private requireObjective(operation: string): Objective {
    if (this.objective !== undefined) return this.objective;
    throw new NeuriteError({
      operation,
      got: "a model that is not compiled",
      expected: "compile before training",
      hint: 'model.compile({ optimizer: "adam", loss: "meanSquaredError" })',
    });
  }
}
