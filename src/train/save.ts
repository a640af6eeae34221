import { encodeSafetensors } from "../io/index.ts";
import { type Loss, losses } from "../losses/index.ts";
import { metrics } from "../metrics/index.ts";
import type { Json, LayerDescription } from "../nn/index.ts";
import type { Shape, Tensor } from "../tensor/index.ts";
import { formatVersion, optimizerPrefix } from "./file-format.ts";
import type { Network } from "./network.ts";
import type { Objective } from "./objective.ts";
import type { Trainer } from "./trainer.ts";

/** The layers of a model as JSON: one after the other, or a graph. */
export type Architecture =
  | { readonly layers: readonly LayerDescription[]; readonly inputShape: Shape }
  | { readonly graph: LayerDescription };

/** What a model is made of. */
export interface ModelParts {
  readonly architecture: Architecture;
  readonly seed: number;
  /** Paths of what does not learn. */
  readonly frozen: ReadonlySet<string>;
  readonly network: Network;
  readonly objective: Objective | undefined;
  readonly trainer: Trainer | undefined;
}

/** A model as bytes of the safetensors format: weights and optimizer state by path, all else as JSON in the metadata. */
export async function encodeModel(
  { architecture, seed, frozen, network, objective, trainer }: ModelParts,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const compiled = objective === undefined ? undefined : describeObjective(objective);
  const training =
    compiled === undefined || trainer === undefined
      ? undefined
      : { stepCount: trainer.stepCount, learningRate: trainer.learningRate };
  const model = {
    ...architecture,
    dtype: network.dtype,
    seed,
    ...(frozen.size > 0 && { frozen: [...frozen] }),
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

/** Losses and metrics by name, those of the user's own as `{ custom: name }`. */
function describeObjective({ optimizer, goals }: Objective): Json {
  const { type, config } = optimizer;
  return {
    optimizer: JSON.parse(JSON.stringify({ type, config })),
    goals: goals.map(({ output, loss, weight, metrics: measured }) => ({
      output,
      loss: describeLoss(loss),
      weight,
      metrics: measured.map(({ name, measure }) => nameIn(metrics, measure) ?? { custom: name }),
    })),
  };
}

function describeLoss(loss: Loss): Json {
  const name = nameIn(losses, loss);
  if (name !== undefined) return name;
  const made = loss.madeFrom;
  const from = made && nameIn(losses, made.loss);
  const options = Object.entries(made?.options ?? {});
  if (from !== undefined && options.every(([, value]) => isPlain(value))) {
    return { name: from, options: JSON.parse(JSON.stringify(made?.options)) };
  }
  return { custom: loss.name };
}

function nameIn(table: Readonly<Record<string, unknown>>, wanted: unknown): string | undefined {
  return Object.keys(table).find((name) => table[name] === wanted);
}

function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean";
}
