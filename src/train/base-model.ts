import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import type { Layer } from "../nn/index.ts";
import { cast, type Tensor } from "../tensor/index.ts";
import { type Data, type NamedData, readAllInputs } from "./data.ts";
import { evaluateSource } from "./evaluate.ts";
import type { Logs } from "./figures.ts";
import { type FitArguments, fitModel } from "./fit.ts";
import type { SavedModel } from "./load.ts";
import type { Network } from "./network.ts";
import { type CompileOptions, type Objective, readObjective } from "./objective.ts";
import { requireCount } from "./options.ts";
import type { History } from "./run.ts";
import type { Architecture } from "./save.ts";
import { type ExamplesArguments, type Request, readArguments, requireTable, sourceOf } from "./source.ts";
import type { Observation } from "./statistics.ts";
import { type LayerUse, summarize } from "./summary.ts";
import { Trainer } from "./trainer.ts";
import { copyOf, mapNamed, type TensorsByPath } from "./trees.ts";
import { Turns } from "./yielding.ts";

/** Options of every model. */
export interface ModelSettings {
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

/** Options of `evaluate` and `predict`. */
export interface BatchOptions {
  /** Examples computed at once. Default 32. */
  readonly batchSize?: number;
}

/** What `evaluate` is called with: examples that are all there, or batches that come one by one. */
export type EvaluateArguments = ExamplesArguments<BatchOptions>;

/** What all models have in common: they learn, predict, and can be saved. */
export abstract class BaseModel {
  protected readonly seed: number;
  protected readonly dtype: "f32" | "f64";
  /** Paths of what does not learn. */
  protected readonly frozen: Set<string> = new Set();
  protected network: Network | undefined;
  private objective: Objective | undefined;
  private trainer: Trainer | undefined;

  constructor(type: string, { seed = 0, dtype = "f32" }: ModelSettings) {
    if (dtype !== "f32" && dtype !== "f64") throw unknownName(`${type}: dtype`, dtype, ["f32", "f64"]);
    this.seed = seed;
    this.dtype = dtype;
  }

  /** The layers, each once. */
  abstract get layers(): readonly Layer[];

  /** How data for the outputs are called. */
  abstract get outputNames(): readonly string[];

  /** The layers as JSON, which `load` reads. */
  protected abstract get architecture(): Architecture;

  /** The network with fresh weights; `x` are the first inputs, where there are some. */
  protected abstract makeNetwork(operation: string, x?: Data | NamedData): Network;

  /** Every use of a layer, in the order of a summary. */
  protected abstract uses(operation: string): readonly LayerUse[];

  /**
   * Says how to train; the optimizer starts afresh, the weights stay. Throws for unknown names of losses, metrics and
   * outputs.
   */
  compile(options: CompileOptions): void {
    this.objective = readObjective(options, this.outputNames);
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
  trainOnBatch(x: Data | NamedData, y: Data | NamedData): Logs {
    const trainer = this.trainerFor("trainOnBatch", x);
    return trainer.train(trainer.read("trainOnBatch", x, y)).read();
  }

  /**
   * Learns from examples, `fit(x, y, options)`, from a dataset, `fit(dataset, options)`, or from batches that come one by
   * one, `fit(batches, options)`: goes through them `epochs` times; resolves to the figures of each epoch. What `map` makes
   * of a dataset is computed batch by batch, in each epoch anew.
   *
   * Means are exact over all examples, also where the last batch is smaller. The same seed gives the same numbers. The
   * event loop has its turns on the way. A model with several inputs or outputs takes the data of each by name, `{ left,
   * right }`. Throws, before anything is learned, for options, shapes and labels that do not
   * fit; and at a step whose loss or gradient are not finite, naming the layer in which that began. The weights are then
   * those before that step.
   */
  async fit(...given: FitArguments): Promise<History> {
    const request = readArguments("fit", given);
    return await fitModel(this, this.trainerFor("fit", inputsOf(request)), request, this.seed);
  }

  /**
   * Loss and metrics of examples, without learning from them: `evaluate(x, y, options)`, or of a dataset or of batches that
   * come one by one, as `fit` takes them. Exact means, whatever the `batchSize` (default 32).
   */
  async evaluate(...given: EvaluateArguments): Promise<Logs> {
    const request = readArguments("evaluate", given);
    const { supply, options = {} } = request;
    checkOptions("evaluate", options, ["batchSize"]);
    const { batchSize = 32 } = options;
    requireCount("evaluate", "batchSize", batchSize);
    requireTable("evaluate", supply, options, ["batchSize"]);
    const trainer = this.trainerFor("evaluate", inputsOf(request));
    const course = { batchSize, shuffle: false, seed: this.seed };
    const source = sourceOf("evaluate", supply, course, ([x, y, sampleWeight]) =>
      trainer.read("evaluate", x, y, sampleWeight === undefined ? {} : { sampleWeight }),
    );
    return await evaluateSource(trainer, source, new Turns());
  }

  /** The output for inputs, computed in batches of `batchSize` (default 32). Throws where a model has several outputs. */
  predict(x: Data | NamedData, options: BatchOptions = {}): Tensor {
    const outputs = this.predictOutputs(x, options);
    const [name, ...others] = Object.keys(outputs);
    if (others.length === 0) return outputs[name];
    throw new NeuriteError({
      operation: "predict",
      got: `a model with the outputs ${[name, ...others].join(", ")}`,
      expected: "one output",
      hint: "predictOutputs gives each by name",
    });
  }

  /** As `predict`, each output by name. */
  predictOutputs(x: Data | NamedData, options: BatchOptions = {}): Record<string, Tensor> {
    checkOptions("predict", options, ["batchSize"]);
    const { batchSize = 32 } = options;
    requireCount("predict", "batchSize", batchSize);
    const network = this.networkFor("predict", x);
    const outputs = network.predict(readAllInputs("predict", x, network), batchSize);
    return Object.fromEntries(network.outputs.map(({ name }, i) => [name, outputs[i]]));
  }

  /** Loss and metrics of a batch. */
  testOnBatch(x: Data | NamedData, y: Data | NamedData): Logs {
    const trainer = this.trainerFor("testOnBatch", x);
    return trainer.test(trainer.read("testOnBatch", x, y)).read();
  }

  /** Copies of all parameters and state by path, `hidden.weights`. */
  getWeights(): Record<string, Tensor> {
    return this.networkFor("getWeights").getWeights();
  }

  /**
   * Copies of the moving averages of the weights, by path, where the optimizer keeps them (`movingAverage`):
   * `model.setWeights(model.getAveragedWeights())` goes on with them. Throws where it keeps none.
   */
  getAveragedWeights(): Record<string, Tensor> {
    const averages = this.trainerFor("getAveragedWeights").averagedWeights();
    return Object.fromEntries(
      [...averages].map(([path, average]) => [path, copyOf(average.dataSync(), average)]),
    );
  }

  /**
   * What the layers compute on examples, and the derivatives of the loss by it: the z, a and δ of backpropagation by scope and
   * name, `hidden/z`. Nothing is learned; dropout and the like are not active.
   */
  observe(x: Data | NamedData, y: Data | NamedData): Observation {
    const trainer = this.trainerFor("observe", x);
    return trainer.observe(trainer.read("observe", x, y));
  }

  /** Replaces the weights with these paths. Throws, before anything changes, for unknown paths and other shapes. */
  setWeights(weights: TensorsByPath): void {
    this.networkFor("setWeights").setWeights(weights);
  }

  /**
   * Keeps weights as they are while others learn: those of a layer, `freeze("body")`, or a single one, `freeze("hidden.biases")`.
   * State within stays too, such as running means. The optimizer starts afresh. Throws for a path that is not there.
   */
  freeze(...paths: readonly string[]): void {
    for (const path of this.knownPaths("freeze", paths)) this.frozen.add(path);
    this.trainer = undefined;
  }

  /** Lets weights learn again that `freeze` was called with; without paths all of them. The optimizer starts afresh. */
  unfreeze(...paths: readonly string[]): void {
    for (const path of paths.length === 0 ? [...this.frozen] : this.knownPaths("unfreeze", paths)) {
      this.frozen.delete(path);
    }
    this.trainer = undefined;
  }

  /**
   * The model as a layer for other models, which begins with copies of the weights it has now: a trained body for a new head.
   *
   * Models that take it learn weights of their own; `freeze` keeps them as they are.
   */
  asLayer(name?: string): Layer {
    const { layer, variables } = this.networkFor("asLayer");
    const copy = (tensor: Tensor): Tensor => copyOf(tensor.dataSync(), tensor);
    const [params, state] = [mapNamed(copy, variables.params), mapNamed(copy, variables.state)];
    return {
      ...layer,
      ...(name !== undefined && { name }),
      init: (key, inputShapes, dtype) => {
        const { outputShapes } = layer.init(key, inputShapes, dtype);
        const begin = (tensor: Tensor): Tensor => cast(tensor, dtype);
        return { params: mapNamed(begin, params), state: mapNamed(begin, state), outputShapes };
      },
    };
  }

  /** Prints the layers with the shapes of their outputs, their parameters and their multiply-adds for one example. */
  summary(print: (line: string) => void = console.log): void {
    for (const line of summarize(this.uses("summary"), this.networkFor("summary"), this.frozen)) print(line);
  }

  /** Writes the model to a file, whole or not at all; as `toBytes`. */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    const bytes = await this.toBytes(options);
    const { writeWhole } = await import("../io/index.ts");
    await writeWhole(path, bytes);
  }

  /**
   * The model as a safetensors file: weights under their paths, `hidden.weights`, what training goes on with, and the
   * layers as JSON. Of losses and metrics of the user's own there is the name only: `load` is given the functions again.
   */
  async toBytes(options: SaveOptions = {}): Promise<Uint8Array> {
    checkOptions("save", options, ["metadata"]);
    const { encodeModel } = await import("./save.ts");
    const { seed, objective, trainer, frozen, architecture } = this;
    const parts = { architecture, seed, objective, trainer, frozen, network: this.networkFor("save") };
    return await encodeModel(parts, options.metadata ?? {});
  }

  /** Takes up weights and training of a saved model. */
  protected restore({ weights, compiled, frozen, training, optimizerState }: SavedModel): void {
    this.networkFor("load").setAllWeights(weights);
    this.freeze(...frozen);
    if (compiled !== undefined) this.compile(compiled);
    if (training !== undefined) {
      this.trainerFor("load").resume(training.stepCount, training.learningRate, optimizerState);
    }
  }

  /** The network, and its trainer no more. */
  protected setNetwork(network: Network): void {
    this.network = network;
    this.trainer = undefined;
  }

  private networkFor(operation: string, x?: Data | NamedData): Network {
    this.network ??= this.makeNetwork(operation, x);
    return this.network;
  }

  private trainerFor(operation: string, x?: Data | NamedData): Trainer {
    if (this.trainer !== undefined) return this.trainer;
    const objective = this.requireObjective(operation);
    const network = this.networkFor(operation, x);
    this.trainer = new Trainer(network, objective, this.seed, this.frozen);
    return this.trainer;
  }

  private knownPaths(operation: string, paths: readonly string[]): readonly string[] {
    const known = new Set<string>();
    for (const path of this.networkFor(operation).paths().keys()) {
      const parts = path.split(".");
      for (let i = 1; i <= parts.length; i++) known.add(parts.slice(0, i).join("."));
    }
    const unknown = paths.find((path) => !known.has(path));
    if (unknown !== undefined) throw unknownName(operation, unknown, [...known]);
    return paths;
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

/** The inputs of a call whose examples are all there: the first layer may take its shape from them. */
function inputsOf({ supply }: Request<unknown>): Data | NamedData | undefined {
  return Array.isArray(supply) ? supply[0] : undefined;
}
