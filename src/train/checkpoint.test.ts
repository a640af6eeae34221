import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../../test/on-reference.ts";
import { batchNormalization, dense, dropout } from "../nn/index.ts";
import { adam, type OptimizerName } from "../optim/index.ts";
import { random } from "../tensor/index.ts";
import type { Callback, FitOptions, History } from "./index.ts";
import { Sequential } from "./index.ts";

const x = random.normal(random.key(1), [22, 3]);
const y = random.randint(random.key(2), [22], 0, 4);
let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "neurite-checkpoint-"));
  path = join(folder, "run.checkpoint");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

/** A model in which all that a checkpoint must hold matters: state of layers, random keys, moments. */
function makeModel(optimizer: OptimizerName = "adam", seed = 3): Sequential {
  const model = new Sequential({ seed });
  model.add(dense({ units: 5, activation: "tanh", inputShape: [3], name: "hidden" }));
  model.add(batchNormalization({ name: "norm" }));
  model.add(dropout({ rate: 0.3 }));
  model.add(dense({ units: 4, activation: "softmax", name: "output" }));
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

const options: FitOptions = { epochs: 3, batchSize: 6, validationSplit: 0.2, verbose: 0 };

interface Outcome {
  readonly history: History;
  readonly weights: Record<string, number[]>;
  readonly told: readonly string[];
}

/** Slows down at every step, and remembers what it was told. */
function recorder(): Callback & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    onBatchEnd: (batch, { loss, accuracy }, { model }) => {
      told.push(`batch ${batch}: ${loss} ${accuracy}`);
      model.learningRate *= 0.99;
    },
    onEpochEnd: (epoch, logs) => {
      told.push(`epoch ${epoch}: ${JSON.stringify(logs)}`);
    },
    getState: () => ({ values: [...told] }),
    setState: ({ values }) => {
      if (Array.isArray(values)) told.splice(0, told.length, ...values.map(String));
    },
  };
}

async function learn(fitOptions: FitOptions, stopper?: Callback): Promise<Outcome> {
  const model = makeModel();
  const record = recorder();
  const callbacks = [record, ...(stopper ? [stopper] : [])];
  const history = await model.fit(x, y, { ...options, ...fitOptions, callbacks });
  const weights = Object.entries(model.getWeights()).map(([name, value]) => [name, [...value.dataSync()]]);
  return { history, weights: Object.fromEntries(weights), told: record.told };
}

/** Ends a run with an error at the given moment, counted in calls. */
function interruptAt(moment: number): Callback {
  let calls = 0;
  const count = (): void => {
    if (calls++ === moment) throw new Error("interrupted");
  };
  return { onEpochBegin: count, onBatchEnd: count, onEpochEnd: count };
}

describe("a run that is interrupted and goes on", () => {
  test.each([1, 2, 100])("ends with the bits of one that was not, writing every %d steps", async (every) => {
    const whole = await learn({}, {});
    const checkpoint = { path, every };
    // 3 epochs of one beginning, 3 batches and one end each.
    for (let moment = 0; moment < 15; moment++) {
      await expect(learn({ checkpoint }, interruptAt(moment))).rejects.toThrow("interrupted");
      expect(await learn({ checkpoint }, {})).toEqual(whole);
      for (const file of readdirSync(folder)) rmSync(join(folder, file));
    }
  });

  test("may be interrupted again and again", async () => {
    const whole = await learn({}, {});
    const checkpoint = { path, every: 1 };
    let interruptions = 0;
    for (;;) {
      try {
        expect(await learn({ checkpoint }, interruptAt(2))).toEqual(whole);
        break;
      } catch (error) {
        if (!(error instanceof Error && error.message === "interrupted")) throw error;
        interruptions++;
      }
    }
    expect(interruptions).toBeGreaterThan(4);
    expect(readdirSync(folder).sort()).toEqual(["run.checkpoint", "run.checkpoint.previous"]);
  });

  test("gives the same once more when it is done, and learns on for more epochs", async () => {
    const checkpoint = { path };
    const first = await learn({ checkpoint }, {});
    expect(await learn({ checkpoint }, {})).toEqual(first);
    expect(await learn({ checkpoint, epochs: 5 }, {})).toEqual(await learn({ epochs: 5 }, {}));
  });

  test("stays stopped where a callback stopped it, in the middle of an epoch too", async () => {
    const stop: Callback = { onBatchEnd: (batch, _, training) => batch === 2 && training.stop() };
    const whole = await learn({}, stop);
    expect(whole.history.loss).toHaveLength(1);
    expect(whole.history.valLoss).toHaveLength(1);
    const checkpoint = { path, every: 1 };
    const fail: Callback = { onEpochEnd: () => Promise.reject(new Error("interrupted")) };
    await expect(learn({ checkpoint }, { ...stop, ...fail })).rejects.toThrow("interrupted");
    expect(await learn({ checkpoint }, stop)).toEqual(whole);
  });
});

describe("a checkpoint that is damaged", () => {
  test.each([0, 7, 100, 0.5, 0.99])("after %d: the previous one is used, and said so", async (size) => {
    const whole = await learn({}, {});
    const checkpoint = { path, every: 1 };
    await expect(learn({ checkpoint }, interruptAt(8))).rejects.toThrow("interrupted");
    truncateSync(path, size < 1 ? Math.floor(size * readFileSync(path).length) : size);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await learn({ checkpoint }, {})).toEqual(whole);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0][0]).toMatch(
      /^checkpoint '.*run\.checkpoint': .*; training goes on from the previous one$/,
    );
  });

  test("is refused where there is no previous one, and left as it is", async () => {
    writeFileSync(path, "my notes");
    await expect(learn({ checkpoint: { path } }, {})).rejects.toThrow(
      /fit: checkpoint: got '.*run\.checkpoint': .*expected a checkpoint that fit wrote.*name another file/,
    );
    expect(readFileSync(path, "utf8")).toBe("my notes");
  });

  test("is used though a kill left the path without a file", async () => {
    const whole = await learn({}, {});
    const checkpoint = { path, every: 1 };
    await expect(learn({ checkpoint }, interruptAt(8))).rejects.toThrow("interrupted");
    rmSync(path);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await learn({ checkpoint }, {})).toEqual(whole);
    expect(warn.mock.calls[0][0]).toMatch(/it is missing/);
  });
});

describe("a checkpoint of another run is refused:", () => {
  test.each<[string, (model: Sequential) => [Sequential, FitOptions], RegExp]>([
    ["batches", (model) => [model, { batchSize: 5 }], /got batchSize 5, expected batchSize 6, as in/],
    ["seed", (model) => [model, { seed: 9 }], /got seed 9, expected seed 3/],
    ["examples", (model) => [model, { validationSplit: 0.5 }], /got examples 11, expected examples 17/],
    ["optimizer", () => [makeModel("sgd"), {}], /got optimizer .*sgd.*expected optimizer .*adam/],
    ["callbacks", (model) => [model, { callbacks: [{}] }], /got 1 callbacks, expected 0 callbacks/],
    [
      "layers",
      () => {
        const model = new Sequential({
          seed: 3,
          layers: [dense({ units: 4, inputShape: [3], name: "output" })],
        });
        model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
        return [model, {}];
      },
      /got 'weights\/output.weights' f32\[3, 4\], expected 'weights\/output.weights' f32\[5, 4\]/,
    ],
  ])("%s", async (_, change, message) => {
    const checkpoint = { path };
    await makeModel().fit(x, y, { ...options, epochs: 1, checkpoint });
    const [model, changed] = change(makeModel());
    const before = Object.values(model.getWeights()).map((value) => value.toArray());
    await expect(model.fit(x, y, { ...options, checkpoint, ...changed })).rejects.toThrow(message);
    expect(Object.values(model.getWeights()).map((value) => value.toArray())).toEqual(before);
  });

  test.each<[string, FitOptions["checkpoint"], RegExp]>([
    ["a folder that is not there", { path: "/nowhere/run" }, /no such file or folder/],
    ["half a step", { path: "run", every: 0.5 }, /every: 0.5, expected a whole number/],
  ])("%s", async (_, checkpoint, message) => {
    await expect(makeModel().fit(x, y, { ...options, ...(checkpoint && { checkpoint }) })).rejects.toThrow(
      message,
    );
  });
});
