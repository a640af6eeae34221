import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { type Layer, nameLayers, stack } from "../nn/index.ts";
import { Tensor, type TensorData } from "../tensor/index.ts";
import { type Data, readInputs } from "./data.ts";
import { evaluateExamples } from "./evaluate.ts";
import { divide, type FitOptions, fitExamples, type History, readCourse, requireCount } from "./fit.ts";
import { Network } from "./network.ts";
import { type CompileOptions, type Objective, readObjective } from "./objective.ts";
import { type Logs, Trainer } from "./trainer.ts";
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
  private readonly stacked: Layer[] = [];
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

  /** Adds a layer at the end; the others keep their weights. Throws for a name that is taken. */
  add(layer: Layer): void {
    nameLayers([...this.stacked, layer]);
    this.stacked.push(layer);
    if (this.network === undefined) return;
    const { inputShape } = this.network;
    const weights = this.network.getWeights();
    this.network = new Network(stack(this.stacked), inputShape, this.dtype, this.seed);
    this.network.setWeights(weights);
    this.trainer = undefined;
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
    this.trainerFor("learningRate").learningRate = rate;
  }

  /**
   * One step of training on a batch: loss and metrics of the batch before the update.
   *
   * Throws where the loss is not finite, naming the layer in which that began; the weights are then those before.
   */
  trainOnBatch(x: Data, y: Data): Logs {
    const trainer = this.trainerFor("trainOnBatch", x);
    const batch = trainer.read("trainOnBatch", x, y);
    return trainer.train(batch.x, batch.y);
  }

  /**
   * Learns from examples: goes through them `epochs` times in batches; resolves to the figures of each epoch.
   *
   * Means are exact over all examples, also where the last batch is smaller. The same seed gives the same numbers. The
   * event loop has its turns on the way. Throws, before anything is learned, for options, shapes and labels that do not
   * fit; and at a step whose loss is not finite, naming the layer in which that began. The weights are then those before
   * that step.
   */
  async fit(x: Data, y: Data, options: FitOptions = {}): Promise<History> {
    const course = readCourse(options, this.seed);
    const trainer = this.trainerFor("fit", x);
    const { training, validation } = divide(trainer, x, y, options);
    return await fitExamples(trainer, training, validation, course);
  }

  /** Loss and metrics of examples, without learning from them; exact means, whatever the `batchSize` (default 32). */
  async evaluate(x: Data, y: Data, options: BatchOptions = {}): Promise<Logs> {
    checkOptions("evaluate", options, ["batchSize"]);
    const { batchSize = 32 } = options;
    requireCount("evaluate", "batchSize", batchSize);
    const trainer = this.trainerFor("evaluate", x);
    return await evaluateExamples(trainer, trainer.read("evaluate", x, y), batchSize, new Turns());
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
    const batch = trainer.read("testOnBatch", x, y);
    return trainer.test(batch.x, batch.y);
  }

  /** Copies of all parameters and state by path, `hidden.weights`. */
  getWeights(): Record<string, Tensor> {
    return this.networkFor("getWeights").getWeights();
  }

  /** Replaces the weights with these paths. Throws, before anything changes, for unknown paths and other shapes. */
  setWeights(weights: Readonly<Record<string, Tensor | TensorData>>): void {
    this.networkFor("setWeights").setWeights(weights);
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
