import { describe, expect, it, test } from "vitest";
import { dense } from "../nn/index.ts";
import { sgd } from "../optim/index.ts";
import { Sequential } from "../train/index.ts";
import { batchesInWorker, prefetch } from "./index.ts";

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("prefetch", () => {
  it("gives the same batches in order, and has made the next ones meanwhile", async () => {
    const made: number[] = [];
    async function* source() {
      for (let i = 0; i < 6; i++) {
        made.push(i);
        yield i;
      }
    }
    const got: number[] = [];
    for await (const i of prefetch(source(), { ahead: 2 })) {
      got.push(i);
      await pause(1);
      expect(made.length).toBe(Math.min(6, i + 3));
    }
    expect(got).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("throws an error where its batch would have come, and ends the source", async () => {
    async function* source() {
      yield 1;
      yield 2;
      throw new Error("no third");
    }
    const got: number[] = [];
    const run = (async () => {
      for await (const i of prefetch(source(), { ahead: 5 })) got.push(i);
    })();
    await expect(run).rejects.toThrow("no third");
    expect(got).toEqual([1, 2]);
  });

  it("ends the source when the loop is left", async () => {
    let isEnded = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        isEnded = true;
      }
    }
    for await (const i of prefetch(source())) if (i === 3) break;
    expect(isEnded).toBe(true);
  });

  it("refuses other numbers", () => {
    async function* source() {
      yield 1;
    }
    expect(() => prefetch(source(), { ahead: 0 })).toThrow("got ahead: 0, expected a whole number ≥ 1");
    expect(() => prefetch(source(), JSON.parse('{"ahaed": 1}'))).toThrow("did you mean 'ahead'?");
  });
});

/** A module of this text. */
function moduleOf(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

async function all(code: string, argument = 0): Promise<unknown[]> {
  const got: unknown[] = [];
  for await (const [x, y] of batchesInWorker(moduleOf(code), { argument }))
    got.push([x.toArray(), y.toArray()]);
  return got;
}

describe("batchesInWorker", () => {
  const pairs = `export default function* (argument) {
    for (let i = 0; i < 4; i++) {
      const x = { dtype: "f32", shape: [2, 1], data: Float32Array.of(i, argument) };
      yield [x, { dataSync: () => Int32Array.of(i, i + 1), dtype: "i32", shape: [2] }];
    }
  }`;

  it("gives the batches of the module in order", async () => {
    const expected = [0, 1, 2, 3].map((i) => [
      [[i], [7]],
      [i, i + 1],
    ]);
    expect(await all(pairs, 7)).toEqual(expected);
    expect(await all(pairs.replace("function*", "async function*"), 7)).toEqual(expected);
  });

  it("makes them on another thread", async () => {
    const code = `import { threadId } from "node:worker_threads";
    export default function* () {
      const x = { dtype: "i32", shape: [], data: Int32Array.of(threadId) };
      yield [x, x];
    }`;
    const { threadId } = await import("node:worker_threads");
    for await (const [x] of batchesInWorker(moduleOf(code))) expect(x.item()).not.toBe(threadId);
  });

  it("teaches a model, each epoch with a worker of its own, with weights where there are some", async () => {
    const code = `export default function* (epoch) {
      const column = (...values) => ({ dtype: "f32", shape: [2, 1], data: Float32Array.from(values) });
      yield [column(1, 2), column(epoch + 1, 2), { ...column(3, 0), shape: [2] }];
    }`;
    const model = new Sequential({
      layers: [dense({ units: 1, inputShape: [1], kernelInitializer: "zeros" })],
    });
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const epochs = (epoch: number) => batchesInWorker(moduleOf(code), { argument: epoch });
    const { loss } = await model.fit(epochs, { epochs: 3, verbose: 0 });
    expect(loss).toEqual([1, 2, 3].map((y) => (3 * y * y) / 2));
  });

  test.each([
    [
      "an error in the module",
      "export default function* () { throw new Error('broken'); }",
      "the error 'broken'",
    ],
    ["no function", "export default 3;", "a module without a function as its default export"],
    ["a module that does not parse", "export default {", "the error 'Unexpected"],
    ["no pair", "export default function* () { yield [1]; }", "a batch of something else"],
    ["no tensors", "export default function* () { yield [1, 2]; }", "a batch of something else"],
  ])("%s", async (_, code, message) => {
    await expect(all(code)).rejects.toThrow(message);
  });
});
