import { NeuriteError } from "../base/error.ts";
import type { Shape } from "../base/shape.ts";
import { isPlainObject } from "../base/tree.ts";
import { decodeSafetensors } from "../io/index.ts";
import { type LossName, losses } from "../losses/index.ts";
import { type MetricName, metrics } from "../metrics/index.ts";
import { type CustomLayers, type Graph, type Json, type Layer, layerFromConfig } from "../nn/index.ts";
import { optimizerFromConfig } from "../optim/index.ts";
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

/** Reads the bytes of a saved model. Throws for bytes that hold none, and for a format that is newer than this version. */
export function decodeModel(bytes: Uint8Array, custom: CustomLayers | undefined): SavedModel {
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
    ...readDescription(metadata.model, custom),
    weights: Object.fromEntries(entries.filter(([path]) => !path.startsWith(optimizerPrefix))),
    optimizerState: Object.fromEntries(
      entries.flatMap(([path, tensor]) =>
        path.startsWith(optimizerPrefix) ? [[path.slice(optimizerPrefix.length), tensor]] : [],
      ),
    ),
  };
}

function readDescription(
  json: string,
  custom: CustomLayers | undefined,
): Omit<SavedModel, "weights" | "optimizerState"> {
  const model = parse(json);
  if (!isPlainObject(model)) throw damaged("no object");
  const { dtype, seed, frozen = [], compiled, training } = model;
  if (dtype !== "f32" && dtype !== "f64") throw damaged("no dtype");
  if (!isNumber(seed)) throw damaged("no seed");
  if (!Array.isArray(frozen) || !frozen.every(isText)) throw damaged("no paths at 'frozen'");
  return {
    architecture: readArchitecture(model, custom),
    dtype,
    seed,
    frozen,
    ...(compiled !== undefined && { compiled: readCompiled(compiled) }),
    ...(training !== undefined && { training: readTraining(training) }),
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

function readCompiled(compiled: unknown): CompileOptions {
  if (!isPlainObject(compiled)) throw damaged("no object at 'compiled'");
  const { optimizer, goals } = compiled;
  if (!Array.isArray(goals)) throw damaged("no list of goals");
  const read = goals.map(readGoal);
  return {
    optimizer: optimizerFromConfig(optimizer),
    loss: Object.fromEntries(read.map(({ output, loss }) => [output, loss])),
    lossWeights: Object.fromEntries(read.map(({ output, weight }) => [output, weight])),
    metrics: Object.fromEntries(read.map(({ output, metrics: measured }) => [output, measured])),
  };
}

interface SavedGoal {
  readonly output: string;
  readonly loss: LossName;
  readonly weight: number;
  readonly metrics: readonly MetricName[];
}

function readGoal(goal: unknown): SavedGoal {
  if (!isPlainObject(goal)) throw damaged("a goal that is no object");
  const { output, loss, weight, metrics: measured } = goal;
  const isMetric = (name: unknown): name is MetricName => isKey(metrics, name);
  if (!isText(output) || !isNumber(weight)) throw damaged("a goal without output and weight");
  if (!isKey(losses, loss)) throw damaged(`the loss ${JSON.stringify(loss)}`);
  if (!Array.isArray(measured) || !measured.every(isMetric)) {
    throw damaged(`the metrics ${JSON.stringify(measured)}`);
  }
  return { output, loss, weight, metrics: measured };
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
