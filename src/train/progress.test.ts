import { Writable } from "node:stream";
import * as bars from "cli-progress";
import { afterEach, describe, expect, test, vi } from "vitest";
import { dense } from "../nn/index.ts";
import { Sequential } from "./index.ts";
import { barProgress, formatLogs, Pace } from "./progress.ts";

afterEach(() => vi.restoreAllMocks());

async function train(verbose?: 0 | 1 | 2): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  const model = new Sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const options = { epochs: 2, ...(verbose !== undefined && { verbose }) };
  await model.fit([[1], [2]], [[1], [2]], options);
  return lines;
}

describe("fit", () => {
  test("says nothing with verbose 0", async () => {
    expect(await train(0)).toEqual([]);
  });

  test.each([1, 2] as const)(
    "prints a line for each epoch without a terminal, verbose %d",
    async (verbose) => {
      const lines = await train(verbose);
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/^epoch 1\/2 {2}loss \d\.\d{4} {2}[\d.]+ steps\/s, \d+ s left$/);
      expect(lines[1]).toMatch(/^epoch 2\/2 .* 0 s left$/);
    },
  );
});

test("the bar shows epochs, figures, pace and the time left, and gives the terminal back", () => {
  let text = "";
  const write = (chunk: Buffer, _: BufferEncoding, done: () => void): void => {
    text += chunk.toString();
    done();
  };
  const terminal = Object.assign(new Writable({ write }), { isTTY: true, columns: 200 });
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const progress = barProgress(bars, terminal, 2, 4, new Pace(8));
  for (const batch of [1, 2, 3, 4]) {
    now += 500;
    progress.onBatchEnd?.(batch, { loss: 1 / batch });
  }
  progress.onEpochEnd?.(0, { loss: 0.25, valLoss: 0.5 });
  now += 500;
  progress.onBatchEnd?.(1, { loss: 0.125 });
  progress.stop();
  expect(text).toMatch(/epoch 1\/2 █{5}░{15} 1\/4 {2}loss 1.0000 {2}2.0 steps\/s, 4 s left/);
  expect(text).toMatch(/epoch 1\/2 █{20} 4\/4 {2}loss 0.2500 {2}valLoss 0.5000 {2}2.0 steps\/s, 2 s left/);
  expect(text).toMatch(/epoch 2\/2 █{5}░{15} 1\/4 {2}loss 0.1250 {2}2.0 steps\/s, 2 s left/);
  const [hidden, shown] = ["\u001b[?25l", "\u001b[?25h"].map((code) => text.split(code).length - 1);
  expect([hidden, shown]).toEqual([2, 2]);
});

test.each([
  [{ loss: 0.5, accuracy: 1 }, "loss 0.5000  accuracy 1.0000"],
  [{ loss: 0.00001234 }, "loss 1.23e-5"],
  [{ loss: 0 }, "loss 0.0000"],
])("%o reads %s", (logs, text) => {
  expect(formatLogs(logs)).toBe(text);
});

test.each([
  [100, 10, 5, "2.0 steps/s, 45 s left"],
  [10_000, 100, 1, "100 steps/s, 2 min left"],
  [100_000, 10, 1, "10 steps/s, 2 h 47 min left"],
])("of %d steps, %d done in %d s: %s", (total, done, seconds, text) => {
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const pace = new Pace(total);
  clock.mockReturnValue(1000 * seconds);
  expect(pace.describe(done)).toBe(text);
});
