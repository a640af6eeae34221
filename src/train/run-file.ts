import { NeuriteError } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { formatType } from "../base/type.ts";
import { decodeSafetensors, encodeSafetensors } from "../io/index.ts";
import type { Json } from "../nn/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import type { CallbackState } from "./callback.ts";
import { formatVersion, optimizerPrefix } from "./file-format.ts";
import type { Run } from "./run.ts";

const format = "neurite checkpoint";

// The first parts of the tensors' names.
const weightsPrefix = "weights/";
const figurePrefix = "figures/";
const historyPrefix = "history/";
const callbackPrefix = (i: number): string => `callbacks/${i}/`;

/** What a checkpoint says besides its tensors. */
interface Description {
  /** What must be the same where the run goes on. */
  readonly identity: Readonly<Record<string, Json>>;
  readonly epoch: number;
  readonly batch: number;
  readonly isStopped: boolean;
  /** The examples of the running epoch so far. */
  readonly examples: number;
  /** How many figures were measured of them. */
  readonly figures: number;
  readonly history: readonly string[];
  readonly stepCount: number;
  readonly learningRate: number;
  /** What each callback remembers; null: nothing. */
  readonly callbacks: readonly ({ readonly values: Json } | null)[];
}

/** A checkpoint that was read. */
export class KeptRun {
  readonly description: Description;
  private readonly tensors: Readonly<Record<string, Tensor>>;

  constructor(description: Description, tensors: Readonly<Record<string, Tensor>>) {
    this.description = description;
    this.tensors = tensors;
  }

  /** The tensors with a prefix, by the rest of their names. */
  part(prefix: string): Record<string, Tensor> {
    const entries = Object.entries(this.tensors).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value]));
  }

  /** Puts a run where this one was. */
  restore(run: Run): void {
    const { epoch, batch, isStopped, examples, figures, stepCount, learningRate } = this.description;
    run.trainer.network.setAllWeights(this.part(weightsPrefix));
    run.trainer.resume(stepCount, learningRate, this.part(optimizerPrefix));
    const sums = Array.from({ length: figures }, (_, i) => this.tensor(figurePrefix + i));
    run.figures.resume(sums, examples);
    const history = new Map(
      this.description.history.map(
        (name) => [name, [...this.tensor(historyPrefix + name).dataSync()]] as const,
      ),
    );
    const states = this.description.callbacks.map((state, i): CallbackState | undefined =>
      state === null ? undefined : { ...state, tensors: this.part(callbackPrefix(i)) },
    );
    run.resume({ epoch, batch, history, isStopped }, states);
  }

  private tensor(name: string): Tensor {
    const found = this.tensors[name];
    if (found === undefined) throw damaged(`no tensor '${name}'`);
    return found;
  }
}

/** All that decides how a run goes on, as bytes of the safetensors format. */
export async function encodeRun(run: Run): Promise<Uint8Array> {
  const { trainer, callbacks } = run;
  const { epoch, batch, history, isStopped } = run.standing;
  const { sums, count } = run.figures;
  const states = callbacks.map((callback) => callback.getState?.());
  const description: Description = {
    identity: identityOf(run),
    epoch,
    batch,
    isStopped,
    examples: count,
    figures: sums.length,
    history: [...history.keys()],
    stepCount: trainer.stepCount,
    learningRate: trainer.learningRate,
    callbacks: states.map((state) => (state === undefined ? null : { values: state.values })),
  };
  const tensors = new Map<string, Tensor>();
  const addAll = (prefix: string, named: Iterable<readonly [string, Tensor]>): void => {
    for (const [name, value] of named) tensors.set(prefix + name, value);
  };
  addAll(
    figurePrefix,
    sums.map((total, i) => [String(i), total] as const),
  );
  addAll(weightsPrefix, trainer.network.paths());
  addAll(optimizerPrefix, trainer.optimizerTensors());
  // Not as JSON, which has no NaN.
  addAll(
    historyPrefix,
    [...history].map(([name, values]) => [name, tensor(Float64Array.from(values))] as const),
  );
  states.forEach((state, i) => {
    addAll(callbackPrefix(i), Object.entries(state?.tensors ?? {}));
  });
  return await encodeSafetensors(Object.fromEntries(tensors), {
    format,
    formatVersion: String(formatVersion),
    run: JSON.stringify(description),
  });
}

/** Reads what `encodeRun` wrote. Throws for bytes that are cut off or something else. */
export function decodeRun(bytes: Uint8Array): KeptRun {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== format || metadata.run === undefined) throw damaged("another kind of file");
  if (!(Number(metadata.formatVersion) <= formatVersion)) {
    throw damaged(`format version ${metadata.formatVersion} of a newer Neurite`);
  }
  const description: unknown = JSON.parse(metadata.run);
  if (!isDescription(description)) throw damaged("an incomplete description");
  return new KeptRun(description, tensors);
}

/** Throws unless a checkpoint is one of this run: of the same model, optimizer, callbacks and batches. */
export function requireSameRun(path: string, kept: KeptRun, run: Run): void {
  const wanted = identityOf(run);
  const { identity, callbacks } = kept.description;
  for (const name of new Set([...Object.keys(identity), ...Object.keys(wanted)])) {
    const [was, is] = [identity[name], wanted[name]].map((value) => JSON.stringify(value));
    if (was !== is) throw otherRun(path, `${name} ${is}`, `${name} ${was}`);
  }
  const { network } = run.trainer;
  const named = new Map<string, Tensor>();
  for (const [name, value] of network.paths()) named.set(weightsPrefix + name, value);
  for (const [name, value] of run.trainer.optimizerTensors()) named.set(optimizerPrefix + name, value);
  const found = new Map<string, Tensor>();
  for (const prefix of [weightsPrefix, optimizerPrefix]) {
    for (const [name, value] of Object.entries(kept.part(prefix))) found.set(prefix + name, value);
  }
  for (const name of new Set([...named.keys(), ...found.keys()])) {
    const [is, was] = [named.get(name), found.get(name)].map((value) => value && formatType(value));
    if (was !== is) throw otherRun(path, describe(name, is), describe(name, was));
  }
  if (callbacks.length !== run.callbacks.length) {
    throw otherRun(path, `${run.callbacks.length} callbacks`, `${callbacks.length} callbacks`);
  }
}

function describe(name: string, type: string | undefined): string {
  return type === undefined ? `no '${name}'` : `'${name}' ${type}`;
}

function identityOf({ trainer, source }: Run): Record<string, Json> {
  const { type, config } = trainer.task.optimizer;
  const optimizer: Json = JSON.parse(JSON.stringify({ type, config }));
  return { ...source.identity, optimizer };
}

function otherRun(path: string, got: string, expected: string): NeuriteError {
  return new NeuriteError({
    operation: "fit: checkpoint",
    got,
    expected: `${expected}, as in '${path}'`,
    hint: "to begin anew, name another file or remove this one",
  });
}

function damaged(got: string): NeuriteError {
  return new NeuriteError({ operation: "checkpoint", got, expected: "what fit wrote" });
}

function isDescription(value: unknown): value is Description {
  if (!isPlainObject(value)) return false;
  const {
    identity,
    epoch,
    batch,
    isStopped,
    examples,
    figures,
    history,
    stepCount,
    learningRate,
    callbacks,
  } = value;
  return (
    isPlainObject(identity) &&
    [epoch, batch, examples, figures, stepCount, learningRate].every(
      (number) => typeof number === "number",
    ) &&
    typeof isStopped === "boolean" &&
    Array.isArray(history) &&
    history.every((name) => typeof name === "string") &&
    Array.isArray(callbacks) &&
    callbacks.every((state) => state === null || (isPlainObject(state) && "values" in state))
  );
}
