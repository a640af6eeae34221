import { describe, expect, test } from "vitest";
import "../../test/on-reference.ts";
import { takeRows } from "../data/index.ts";
import { connect, dense, input, merge } from "../nn/index.ts";
import { random, type Tensor, tensor } from "../tensor/index.ts";
import { ensemble, Model, Sequential } from "./index.ts";

const x = random.normal(random.key(1), [12, 2]);
const y = random.normal(random.key(2), [12, 1]);
const options = { epochs: 2, batchSize: 4, verbose: 0 } as const;

function makeModel(member: number): Sequential {
  const model = new Sequential({ seed: member, layers: [dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
}

const outputs = (model: { predict(x: Tensor): Tensor }): number[] => [...model.predict(x).dataSync()];

describe("an ensemble", () => {
  test("answers with the mean of members that learned as they do alone", async () => {
    const models = ensemble(makeModel, { members: 3 });
    const histories = await models.fit(x, y, options);
    const alone = await Promise.all(
      [0, 1, 2].map(async (member) => {
        const model = makeModel(member);
        return { model, history: await model.fit(x, y, options) };
      }),
    );
    expect(histories).toEqual(alone.map(({ history }) => history));
    const each = alone.map(({ model }) => outputs(model));
    for (const [i, value] of outputs(models).entries()) {
      expect(value).toBeCloseTo((each[0][i] + each[1][i] + each[2][i]) / 3, 6);
    }
  });

  test("takes options by member, and draws the same for the same key", async () => {
    const told: number[] = [];
    const bag = async (key: number): Promise<number[]> => {
      const models = ensemble(makeModel, { members: 2, bootstrap: true, key: random.key(key) });
      await models.fit(x, y, (member) => ({
        ...options,
        callbacks: [{ onTrainBegin: () => told.push(member) }],
      }));
      return outputs(models);
    };
    const first = await bag(0);
    expect(await bag(0)).toEqual(first);
    expect(await bag(1)).not.toEqual(first);
    expect(told).toEqual([0, 1, 0, 1, 0, 1]);
  });

  test("learns from rows that are drawn", async () => {
    const key = random.key(5);
    const models = ensemble(makeModel, { members: 2, bootstrap: true, key });
    await models.fit(x, y, options);
    for (const [member, model] of models.members.entries()) {
      const rows = random.randint(random.foldIn(key, member), [12], 0, 12).dataSync();
      expect(new Set(rows).size).toBeLessThan(12);
      const alone = makeModel(member);
      const [inputs, targets] = takeRows([x, y] as const, rows);
      await alone.fit(inputs, targets, options);
      expect(outputs(model)).toEqual(outputs(alone));
    }
  });

  test("draws from nested arrays with labels, and from data by name", async () => {
    const inputs = ["left", "right"].map((name) => input({ shape: [1], name }));
    const makePair = (seed: number): Model => {
      const end = connect(inputs, merge.concatenate(), dense({ units: 3, activation: "softmax" }));
      const model = new Model({ inputs, outputs: end, seed });
      model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
      return model;
    };
    const models = ensemble(makePair, { members: 2, bootstrap: true });
    const data = { left: [[1], [2], [3]], right: tensor([[4], [5], [6]]) };
    const histories = await models.fit(data, [0, 1, 2], { verbose: 0 });
    expect(histories).toHaveLength(2);
    expect(models.predict(data).shape).toEqual([3, 3]);
    await expect(models.fit(new Float32Array(3), [0, 1, 2])).rejects.toThrow(
      /ensemble: fit: got data of unknown rows, expected tensors or nested arrays/,
    );
  });

  test.each([1, 0, 2.5])("of %d members is refused", (members) => {
    expect(() => ensemble(makeModel, { members })).toThrow(/expected a whole number, at least 2/);
  });

  test("refuses a checkpoint for all", async () => {
    await expect(
      ensemble(makeModel, { members: 2 }).fit(x, y, { checkpoint: { path: "run" } }),
    ).rejects.toThrow(/one checkpoint for all members/);
  });
});
