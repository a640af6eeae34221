import { encodeSafetensors } from "../io/index.ts";
import { losses } from "../losses/index.ts";
import { metrics } from "../metrics/index.ts";
import { describeLayer, type Json, type Layer } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { formatVersion, optimizerPrefix } from "./file-format.ts";
import type { Network } from "./network.ts";
import type { Objective } from "./objective.ts";
import type { Trainer } from "./trainer.ts";

/** What a model is made of. */
export interface ModelParts {
  readonly layers: readonly Layer[];
  readonly seed: number;
  readonly network: Network;
  readonly objective: Objective | undefined;
  readonly trainer: Trainer | undefined;
}

/** A model as bytes of the safetensors format: weights and optimizer state by path, all else as JSON in the metadata. */
export async function encodeModel(
  { layers, seed, network, objective, trainer }: ModelParts,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const compiled = objective === undefined ? undefined : describeObjective(objective);
  const training =
    compiled === undefined || trainer === undefined
      ? undefined
      : { stepCount: trainer.stepCount, learningRate: trainer.learningRate };
  const model = {
    layers: layers.map(describeLayer),
    inputShape: network.inputShape,
    dtype: network.dtype,
    seed,
    ...(compiled && { compiled }),
    ...(training && { training }),
  };
  const tensors = new Map<string, Tensor>(network.paths());
  if (training && trainer) {
    for (const [path, tensor] of trainer.optimizerTensors()) tensors.set(optimizerPrefix + path, tensor);
  }
  return await encodeSafetensors(Object.fromEntries(tensors), {
    ...metadata,
    format: "neurite",
    formatVersion: String(formatVersion),
    model: JSON.stringify(model),
  });
}

/** Losses and metrics by name; undefined where a function of the user's own has none. */
function describeObjective({ optimizer, goals: [{ loss, metrics: measured }] }: Objective): Json | undefined {
  const lossName = nameIn(losses, loss);
  const metricNames = measured.flatMap(({ measure }) => nameIn(metrics, measure) ?? []);
  if (lossName === undefined || metricNames.length < measured.length) return undefined;
  const { type, config } = optimizer;
  return { optimizer: JSON.parse(JSON.stringify({ type, config })), loss: lossName, metrics: metricNames };
}

function nameIn<T>(table: Readonly<Record<string, T>>, wanted: T): string | undefined {
  return Object.keys(table).find((name) => table[name] === wanted);
}
