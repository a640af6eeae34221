import { checkOptions, NeuriteError } from "../base/error.ts";
import type { Shape } from "../base/shape.ts";
import { isPlainObject } from "../base/tree.ts";
import { decodeSafetensors } from "../io/index.ts";
import { type CrossentropyOptions, type Loss, type LossName, losses, lossWith } from "../losses/index.ts";
import { type Metric, type MetricName, metrics } from "../metrics/index.ts";
import { type CustomLayers, type Graph, type Json, type Layer, layerFromConfig } from "../nn/index.ts";
import { type CustomOptimizers, optimizerFromConfig } from "../optim/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { formatVersion, optimizerPrefix } from "./file-format.ts";
import type { CompileOptions } from "./objective.ts";

/** The layers of a saved model. */
export type SavedArchitecture =
  | { readonly kind: "stack"; readonly layers: readonly Layer[]; readonly inputShape: Shape }
  | { readonly kind: "graph"; readonly graph: Graph };

/** What a saved model says. */
export interface SavedModel {
  readonly architecture: SavedArchitecture;
  readonly dtype: "f32" | "f64";
  readonly seed: number;
  /** Paths of what does not learn. */
  readonly frozen: readonly string[];
  readonly compiled?: CompileOptions;
  readonly training?: { readonly stepCount: number; readonly learningRate: number };
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly optimizerState: Readonly<Record<string, Tensor>>;
}

/** What is the user's own in a saved model, and whether it is taken up as it was compiled. */
export interface LoadOptions {
  /** Makers of layers, by type. Default none. */
  readonly customLayers?: CustomLayers;
  /** Makers of optimizers, and of stages of them, by type. Default none. */
  readonly customOptimizers?: CustomOptimizers;
  /** Losses, by the names of their functions. Default none. */
  readonly customLosses?: Readonly<Record<string, Loss>>;
  /** Metrics, by the names of their functions. Default none. */
  readonly customMetrics?: Readonly<Record<string, Metric>>;
  /**
   * Whether the model is compiled as the saved one was, and learns on from there. Default true; a model of which only
   * predictions are wanted needs no optimizers, losses and metrics of the user's own.
   */
  readonly compile?: boolean;
}

const optionNames: readonly (keyof LoadOptions)[] = [
  "customLayers",
  "customOptimizers",
  "customLosses",
  "customMetrics",
  "compile",
];

/**
 * Reads the bytes of a saved model. Throws for bytes that hold none, for a format that is newer than this version, and for
 * layers, losses and metrics of the user's own that are not given.
 */
export function decodeModel(bytes: Uint8Array, options: LoadOptions): SavedModel {
  checkOptions("load", options, optionNames);
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== "neurite" || metadata.model === undefined) {
    throw new NeuriteError({
      operation: "load",
      got: "a safetensors file without a description of the model",
      expected: "a file that model.save wrote",
    });
  }
  if (!(Number(metadata.formatVersion) <= formatVersion)) {
    throw new NeuriteError({
      operation: "load",
      got: `format version ${metadata.formatVersion}`,
      expected: `at most ${formatVersion}`,
      hint: "the file is of a newer Neurite: update this one",
    });
  }
  const entries = Object.entries(tensors);
  return {
    ...readDescription(metadata.model, options),
    weights: Object.fromEntries(entries.filter(([path]) => !path.startsWith(optimizerPrefix))),
    optimizerState: Object.fromEntries(
      entries.flatMap(([path, tensor]) =>
        path.startsWith(optimizerPrefix) ? [[path.slice(optimizerPrefix.length), tensor]] : [],
      ),
    ),
  };
}

function readDescription(json: string, options: LoadOptions): Omit<SavedModel, "weights" | "optimizerState"> {
  const model = parse(json);
  if (!isPlainObject(model)) throw damaged("no object");
  const { dtype, seed, frozen = [], compiled, training } = model;
  if (dtype !== "f32" && dtype !== "f64") throw damaged("no dtype");
  if (!isNumber(seed)) throw damaged("no seed");
  if (!Array.isArray(frozen) || !frozen.every(isText)) throw damaged("no paths at 'frozen'");
  const isCompiled = compiled !== undefined && options.compile !== false;
  return {
    architecture: readArchitecture(model, options.customLayers),
    dtype,
    seed,
    frozen,
    ...(isCompiled && { compiled: readCompiled(compiled, options) }),
    ...(isCompiled && training !== undefined && { training: readTraining(training) }),
  };
}

function readArchitecture(
  { layers, inputShape, graph }: { readonly [key: string]: Json | undefined },
  custom: CustomLayers | undefined,
): SavedArchitecture {
  if (graph !== undefined) {
    const layer = layerFromConfig(graph, custom);
    if (!isGraph(layer)) throw damaged(`a layer '${layer.type}' in the place of a graph`);
    return { kind: "graph", graph: layer };
  }
  if (!Array.isArray(layers)) throw damaged("no list of layers");
  if (!Array.isArray(inputShape) || !inputShape.every(isNumber)) throw damaged("no inputShape");
  return { kind: "stack", layers: layers.map((layer) => layerFromConfig(layer, custom)), inputShape };
}

function readCompiled(compiled: unknown, options: LoadOptions): CompileOptions {
  if (!isPlainObject(compiled)) throw damaged("no object at 'compiled'");
  const { optimizer, goals } = compiled;
  if (!Array.isArray(goals)) throw damaged("no list of goals");
  const read = goals.map((goal) => readGoal(goal, options));
  return {
    optimizer: optimizerFromConfig(optimizer, options.customOptimizers),
    loss: Object.fromEntries(read.map(({ output, loss }) => [output, loss])),
    lossWeights: Object.fromEntries(read.map(({ output, weight }) => [output, weight])),
    metrics: Object.fromEntries(read.map(({ output, metrics: measured }) => [output, measured])),
  };
}

interface SavedGoal {
  readonly output: string;
  readonly loss: LossName | Loss;
  readonly weight: number;
  readonly metrics: readonly (MetricName | Metric)[];
}

function readGoal(goal: unknown, { customLosses, customMetrics }: LoadOptions): SavedGoal {
  if (!isPlainObject(goal)) throw damaged("a goal that is no object");
  const { output, loss, weight, metrics: measured } = goal;
  if (!isText(output) || !isNumber(weight)) throw damaged("a goal without output and weight");
  if (!Array.isArray(measured)) throw damaged("no list of metrics");
  const metricOf = (metric: unknown): MetricName | Metric => {
    if (isKey(metrics, metric)) return metric;
    if (isCustom(metric)) return given("metric", metric.custom, "customMetrics", customMetrics);
    throw damaged(`the metric ${JSON.stringify(metric)}`);
  };
  return { output, loss: readLoss(loss, customLosses), weight, metrics: measured.map(metricOf) };
}

function readLoss(loss: unknown, custom: LoadOptions["customLosses"]): LossName | Loss {
  if (isKey(losses, loss)) return loss;
  if (isCustom(loss)) return given("loss", loss.custom, "customLosses", custom);
  if (isPlainObject(loss) && isKey(losses, loss.name) && isLossOptions(loss.options)) {
    return lossWith(losses[loss.name], loss.options);
  }
  throw damaged(`the loss ${JSON.stringify(loss)}`);
}

/** What the user gives under the name that the file has. */
function given<T>(kind: string, name: string, option: string, table: Readonly<Record<string, T>> = {}): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new NeuriteError({
    operation: "load",
    got: `the ${kind} '${name}', a function of the user's own`,
    expected: `the function, { ${option}: { ${JSON.stringify(name)}: … } }`,
    hint: "without it, { compile: false } reads layers and weights only",
  });
}

function isCustom(value: unknown): value is { readonly custom: string } {
  return isPlainObject(value) && isText(value.custom);
}

/** What the options are the loss checks itself. */
function isLossOptions(value: unknown): value is CrossentropyOptions {
  return isPlainObject(value);
}

function readTraining(training: unknown): NonNullable<SavedModel["training"]> {
  if (!isPlainObject(training)) throw damaged("no object at 'training'");
  const { stepCount, learningRate } = training;
  if (!isNumber(stepCount) || !isNumber(learningRate)) throw damaged("no numbers at 'training'");
  return { stepCount, learningRate };
}

function parse(json: string): Json {
  try {
    return JSON.parse(json);
  } catch {
    throw damaged("no JSON");
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isGraph(layer: Layer | Graph): layer is Graph {
  return layer.type === "graph" && "outputNames" in layer;
}

function isKey<K extends string>(table: Readonly<Record<K, unknown>>, name: unknown): name is K {
  return typeof name === "string" && Object.hasOwn(table, name);
}

function damaged(got: string): NeuriteError {
  return new NeuriteError({
    operation: "load",
    got: `${got} in the description of the model`,
    expected: "what model.save writes",
  });
}
