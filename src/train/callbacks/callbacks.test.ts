import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import "../../../test/on-reference.ts";
import { dense } from "../../nn/index.ts";
import type { NeuriteError } from "../../tensor/index.ts";
import * as exported from "../index.ts";
import {
  type Callback,
  csvLogger,
  earlyStopping,
  type FitOptions,
  learningRateScheduler,
  modelCheckpoint,
  reduceLearningRateOnPlateau,
  Sequential,
  tensorBoard,
} from "../index.ts";
import { crc32c } from "./event-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "neurite-callbacks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A model ŷ = wx + b that begins at 0, and examples of y = 2x. */
function line(learningRate = 0.05): Sequential {
  const model = new Sequential({ dtype: "f64" });
  model.add(dense({ units: 1, inputShape: [1], name: "line", kernelInitializer: "zeros" }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  model.learningRate = learningRate;
  return model;
}
const x = [[-1], [0], [1], [2]];
const y = [[-2], [0], [2], [4]];

/** Lets epochs end with given figures. */
function figures(callback: Callback, name: string, values: readonly number[]): Callback {
  return {
    ...callback,
    onEpochEnd: (epoch, logs, training) =>
      callback.onEpochEnd?.(epoch, { ...logs, [name]: values[epoch] }, training),
  };
}

/** The learning rate after each epoch. */
function rates(): Callback & { readonly told: number[] } {
  const told: number[] = [];
  return { told, onEpochEnd: (_, __, { model }) => told.push(model.learningRate) };
}

function train(model: Sequential, epochs: number, callbacks: readonly Callback[], options: FitOptions = {}) {
  return model.fit(x, y, { epochs, callbacks, verbose: 0, ...options });
}

describe("earlyStopping", () => {
  test.each<[string, Parameters<typeof earlyStopping>[0], readonly number[], number]>([
    ["at the first epoch that is no better", { monitor: "loss" }, [3, 2, 2, 1], 3],
    ["after patience epochs without a better one", { monitor: "loss", patience: 2 }, [3, 2, 4, 3, 1], 4],
    ["counting anew from each better one", { monitor: "loss", patience: 2 }, [3, 2, 4, 1, 4, 5, 0], 6],
    ["where the change is less than minDelta", { monitor: "loss", minDelta: 0.5 }, [3, 2, 1.6, 0], 3],
    ["where an accuracy falls", { monitor: "accuracy" }, [0.1, 0.2, 0.1, 1], 3],
    ["where a figure falls that should rise", { monitor: "own", mode: "max" }, [1, 2, 1, 5], 3],
    ["where NaN is no better than nothing", { monitor: "loss", patience: 2 }, [Number.NaN, 4, 5, 6, 1], 4],
    ["never", { monitor: "loss" }, [4, 3, 2, 1], 4],
  ])("stops %s", async (_, options, values, epochs) => {
    const name = options?.monitor ?? "loss";
    const history = await train(line(), values.length, [figures(earlyStopping(options), name, values)]);
    expect(history.loss).toHaveLength(epochs);
  });

  test("restores the weights of the best epoch, also where nothing stopped it", async () => {
    for (const patience of [1, 9]) {
      const model = line();
      const weights: number[] = [];
      const record: Callback = {
        onEpochEnd: () => weights.push(model.getWeights()["line.weights"].item()),
      };
      const stopping = earlyStopping({ monitor: "loss", patience, restoreBestWeights: true });
      await train(model, 3, [record, figures(stopping, "loss", [2, 1, 3])]);
      expect(new Set(weights).size).toBe(3);
      expect(model.getWeights()["line.weights"].item()).toBe(weights[1]);
    }
  });

  test("can be used again", async () => {
    const stopping = figures(earlyStopping({ monitor: "loss" }), "loss", [2, 1, 3]);
    for (let i = 0; i < 2; i++) expect((await train(line(), 9, [stopping])).loss).toHaveLength(3);
  });

  test("says that a figure is not measured", async () => {
    await expect(train(line(), 2, [earlyStopping()])).rejects.toThrow(
      /earlyStopping: monitor: got no 'valLoss', expected examples to validate with; fit\(x, y, { validationSplit/,
    );
    await expect(train(line(), 2, [earlyStopping({ monitor: "los" })])).rejects.toThrow(
      /did you mean 'loss'/,
    );
  });

  test.each<[string, Parameters<typeof earlyStopping>[0], RegExp]>([
    ["patience", { patience: -1 }, /patience: -1, expected a whole number of epochs/],
    ["minDelta", { minDelta: Number.NaN }, /minDelta: NaN/],
    ["mode", JSON.parse('{"mode":"maximum"}'), /got 'maximum', expected one of 'min', 'max'/],
    ["option", JSON.parse('{"patient":1}'), /did you mean 'patience'/],
  ])("refuses a wrong %s", (_, options, message) => {
    expect(() => earlyStopping(options)).toThrow(message);
  });
});

describe("the learning rate", () => {
  test("is what the scheduler says, from epoch and rate", async () => {
    const record = rates();
    await train(line(1), 4, [learningRateScheduler((epoch, rate) => (epoch < 2 ? rate : rate / 4)), record], {
      shuffle: false,
      batchSize: 1,
    }).catch((error: NeuriteError) => error);
    expect(record.told.slice(0, 4)).toEqual([1, 1, 0.25, 0.0625].slice(0, record.told.length));
    expect(record.told).toHaveLength(4);
  });

  test("that a scheduler makes negative is refused", async () => {
    await expect(train(line(), 2, [learningRateScheduler((_, rate) => -rate)])).rejects.toThrow(
      /learningRate: got -0.05, expected a number, at least 0/,
    );
  });

  test.each<[string, Parameters<typeof reduceLearningRateOnPlateau>[0], number[], number[]]>([
    ["after patience epochs", { patience: 2 }, [2, 2, 2, 2, 2], [1, 1, 0.5, 0.5, 0.25]],
    ["not while it gets better", { patience: 1 }, [5, 4, 3, 3, 2], [1, 1, 1, 0.5, 0.5]],
    ["not in a cool-down", { patience: 1, cooldown: 2 }, [2, 2, 2, 2, 2], [1, 0.5, 0.5, 0.25, 0.25]],
    ["not below the least", { patience: 1, minLearningRate: 0.4 }, [2, 2, 2, 2], [1, 0.5, 0.4, 0.4]],
    ["where the change is less than 1e-4", { patience: 1 }, [2, 1.99995, 1.9], [1, 0.5, 0.5]],
  ])("falls on a plateau %s", async (_, options, values, expected) => {
    const record = rates();
    const plateau = reduceLearningRateOnPlateau({ monitor: "own", factor: 0.5, ...options });
    await train(line(1), values.length, [figures(plateau, "own", values), record], { batchSize: 4 });
    expect(record.told).toEqual(expected);
  });

  test.each<[string, Parameters<typeof reduceLearningRateOnPlateau>[0], RegExp]>([
    ["factor", { factor: 1 }, /factor: 1, expected a number between 0 and 1/],
    ["cooldown", { cooldown: 0.5 }, /cooldown: 0.5/],
    ["minLearningRate", { minLearningRate: -1 }, /minLearningRate: -1/],
    ["option", JSON.parse('{"minLr":1}'), /unknown option/],
  ])("refuses a wrong %s", (_, options, message) => {
    expect(() => reduceLearningRateOnPlateau(options)).toThrow(message);
  });
});

describe("modelCheckpoint", () => {
  test("saves after each epoch, under names of their own", async () => {
    const model = line();
    await train(model, 2, [modelCheckpoint((epoch, { loss }) => join(folder, `${epoch}-${loss > 0}`))]);
    expect(readdirSync(folder).sort()).toEqual(["0-true", "1-true"]);
    const saved = await Sequential.load(join(folder, "1-true"));
    expect(saved.getWeights()["line.weights"].item()).toBe(model.getWeights()["line.weights"].item());
  });

  test("saves the best only", async () => {
    const path = join(folder, "best");
    const weights: number[] = [];
    const model = line();
    const record: Callback = { onEpochEnd: () => weights.push(model.getWeights()["line.weights"].item()) };
    const best = modelCheckpoint(path, { monitor: "loss", saveBestOnly: true });
    await train(model, 4, [record, figures(best, "loss", [3, 1, 2, 4])]);
    expect((await Sequential.load(path)).getWeights()["line.weights"].item()).toBe(weights[1]);
  });

  test("says where it cannot write", async () => {
    await expect(train(line(), 1, [modelCheckpoint(join(folder, "no", "model"))])).rejects.toThrow(
      /no such file or folder/,
    );
  });
});

test("csvLogger writes names, then a line for each epoch, and goes on with a checkpoint", async () => {
  const path = join(folder, "log.csv");
  const checkpoint = { path: join(folder, "run") };
  const history = await train(line(), 3, [csvLogger(path)], { validationSplit: 0.5 });
  const lines = history.loss.map((loss, epoch) => `${epoch},${loss},${history.valLoss[epoch]}`);
  expect(readFileSync(path, "utf8")).toBe(`epoch,loss,valLoss\n${lines.join("\n")}\n`);
  await train(line(), 2, [csvLogger(path)], { validationSplit: 0.5, checkpoint });
  await train(line(), 3, [csvLogger(path)], { validationSplit: 0.5, checkpoint });
  expect(readFileSync(path, "utf8")).toBe(`epoch,loss,valLoss\n${lines.join("\n")}\n`);
});

test("callbacks that follow a figure go on with a checkpoint as if never interrupted", async () => {
  const values = [5, 4, 4, 4, 4, 4, 3, 4, 4, 4, 4, 4];
  const callbacks = (): Callback[] => [
    figures(earlyStopping({ monitor: "own", patience: 4, restoreBestWeights: true }), "own", values),
    figures(
      reduceLearningRateOnPlateau({ monitor: "own", factor: 0.5, patience: 2, cooldown: 1 }),
      "own",
      values,
    ),
    figures(modelCheckpoint(join(folder, "best"), { monitor: "own", saveBestOnly: true }), "own", values),
  ];
  const whole = line();
  await train(whole, 12, callbacks());
  const checkpoint = { path: join(folder, "run") };
  for (let epochs = 1; epochs <= 12; epochs++) {
    const model = line();
    await train(model, epochs, callbacks(), { checkpoint });
    if (epochs < 12) continue;
    expect(model.getWeights()["line.weights"].item()).toBe(whole.getWeights()["line.weights"].item());
    expect(model.learningRate).toBe(whole.learningRate);
  }
});

describe("every exported callback", () => {
  /** A maker for each; in folders, because some write files. */
  const makers: Readonly<Record<string, (folder: string) => Callback>> = {
    csvLogger: (folder) => csvLogger(join(folder, "log.csv")),
    earlyStopping: () => earlyStopping({ monitor: "loss", restoreBestWeights: true }),
    learningRateScheduler: () => learningRateScheduler((epoch, rate) => rate / (epoch + 1)),
    modelCheckpoint: (folder) =>
      modelCheckpoint(join(folder, "model"), { monitor: "loss", saveBestOnly: true }),
    reduceLearningRateOnPlateau: () =>
      reduceLearningRateOnPlateau({ monitor: "loss", patience: 1, minDelta: 100 }),
    tensorBoard: (folder) => tensorBoard(join(folder, "board")),
  };

  test("has a maker here", () => {
    const others = ["Model", "Sequential", "ensemble", "layerStatistics"];
    const names = Object.keys(exported).filter((name) => !others.includes(name));
    expect(Object.keys(makers).sort()).toEqual(names.sort());
  });

  test.each(Object.entries(makers))(
    "%s: a run that is interrupted ends as one that is not",
    async (_, make) => {
      mkdirSync(join(folder, "whole"));
      const whole = line();
      const history = await train(whole, 4, [make(join(folder, "whole"))], { seed: 3 });
      const checkpoint = { path: join(folder, "run") };
      await train(line(), 2, [make(folder)], { seed: 3, checkpoint });
      const resumed = line();
      expect(await train(resumed, 4, [make(folder)], { seed: 3, checkpoint })).toEqual(history);
      expect(resumed.learningRate).toBe(whole.learningRate);
      for (const [path, weights] of Object.entries(whole.getWeights()))
        expect(resumed.getWeights()[path].item()).toBe(weights.item());
    },
  );
});

test("a checkpoint with other callbacks is refused", async () => {
  const checkpoint = { path: join(folder, "run") };
  await train(line(), 1, [csvLogger(join(folder, "log"))], { checkpoint });
  await expect(train(line(), 2, [earlyStopping({ monitor: "loss" })], { checkpoint })).rejects.toThrow(
    /earlyStopping: checkpoint: got no number 'best', expected the state of earlyStopping/,
  );
});

describe("tensorBoard", () => {
  // RFC 3720, B.4
  test.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 … 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])("the checksum of %s is that of the standard", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test("writes scalars of training and validation", async () => {
    const history = await train(line(), 2, [tensorBoard(folder)], { validationSplit: 0.5 });
    expect(readdirSync(folder).sort()).toEqual(["train", "validation"]);
    const [trained, validated] = ["train", "validation"].map((part) => {
      const [name, ...others] = readdirSync(join(folder, part));
      expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\.neurite/);
      expect(others).toEqual([]);
      return readRecords(readFileSync(join(folder, part, name)));
    });
    expect(trained[0].text).toContain("brain.Event:2");
    expect(trained.slice(1).map(({ step }) => step)).toEqual([0, 1]);
    for (const [i, loss] of history.loss.entries()) {
      const { bytes, text } = trained[i + 1];
      expect(text).toContain("epoch_learning_rate");
      // Tag, then field 2 of 4 bytes.
      const at = text.indexOf("epoch_loss") + "epoch_loss".length;
      expect(bytes[at]).toBe((2 << 3) | 5);
      expect(bytes.readFloatLE(at + 1)).toBe(Math.fround(loss));
    }
    expect(validated[2].text).toContain("epoch_loss");
  });
});

/** The records of an event file, with their lengths and checksums verified. */
function readRecords(file: Buffer): { bytes: Buffer; text: string; step: number }[] {
  const records = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const bytes = file.subarray(at + 12, at + 12 + length);
    expect(unmasked(file.readUInt32LE(at + 8))).toBe(crc32c(file.subarray(at, at + 8)));
    expect(unmasked(file.readUInt32LE(at + 12 + length))).toBe(crc32c(bytes));
    // wall_time: a byte and a double; step: a byte and a small number
    expect([bytes[0], bytes[9]]).toEqual([9, 16]);
    expect(bytes.readDoubleLE(1)).toBeGreaterThan(1.7e9);
    records.push({ bytes, text: bytes.toString("latin1"), step: bytes[10] });
    at += length + 16;
  }
  return records;
}

function unmasked(checksum: number): number {
  const rotated = (checksum - 0xa282ead8) >>> 0;
  return ((rotated << 15) | (rotated >>> 17)) >>> 0;
}
