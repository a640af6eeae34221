import { expect, test } from "vitest";
import { PacedChild } from "../bench/child.ts";
import { leastTime } from "../bench/clock.ts";
import { networkContractions, residualLayers, squareProducts } from "../bench/operations/contractions.ts";
import { elementwise } from "../bench/operations/elementwise.ts";
import { intoRoom } from "../bench/operations/operation.ts";
import { readNames, readOptions } from "../bench/options.ts";
import { bytesOf, mixNames, Probe } from "../bench/probe.ts";
import { leastTimes } from "../bench/rounds.ts";
import { contest } from "../bench/steps/contest.ts";
import { measure } from "../bench/steps/measure.ts";
import { duration, ratio, tableRow } from "../bench/table.ts";
import { mul, type Tensor, tensor } from "../src/index.ts";

const types = { only: "string", json: "boolean" } as const;

test("options are read, and wrong ones refused with the closest name", () => {
  expect(readOptions("bench", ["--only", "mlp", "--json"], types)).toEqual({ only: "mlp", json: true });
  expect(() => readOptions("bench", ["--jsn"], types)).toThrow("did you mean 'json'?");
  expect(() => readOptions("bench", ["--only"], types)).toThrow("got --only alone, expected a value");
  expect(() => readOptions("bench", ["--json=1"], types)).toThrow("got --json 1, expected no value");
  expect(() => readOptions("bench", ["mlp"], types)).toThrow("got 'mlp', expected options only");
});

test("names are those of the list, all of them without one", () => {
  expect(readNames("bench", undefined, ["mlp", "cnn"])).toEqual(["mlp", "cnn"]);
  expect(readNames("bench", "cnn", ["mlp", "cnn"])).toEqual(["cnn"]);
  expect(() => readNames("bench", "cnm", ["mlp", "cnn"])).toThrow("did you mean 'cnn'?");
});

test("the losses are those of the first and the fiftieth step, and each round has a fresh model", () => {
  let models = 0;
  const prepare = (): (() => number) => {
    models++;
    let steps = 0;
    return () => {
      // A round is filled by time: a step must take some.
      for (const end = performance.now() + 5; performance.now() < end; );
      return ++steps;
    };
  };
  const stages = measure(prepare);
  expect(stages.next().value).toMatchObject({ ms: null, loss0: 1, loss50: 50 });
  expect(stages.next().value.ms).toBeGreaterThanOrEqual(5);
  expect(models).toBe(2);
});

/** A program that answers with these lines, one at a time. */
function program(...lines: readonly object[]): string[] {
  const source = `
    const lines = ${JSON.stringify(lines.map((line) => JSON.stringify(line)))};
    console.log(lines.shift());
    process.stdin.on("data", () => (lines.length > 0 ? console.log(lines.shift()) : process.exit()));
  `;
  return [process.execPath, "-e", source];
}

test("a contest keeps the last line of each, and says who could not finish", async () => {
  const known = { step: "mlp", device: "a", threads: 1, compileMs: 1, loss0: 2, loss50: 1 };
  const results = await contest("mlp", 1, [
    { device: "a", command: program({ ...known, ms: null }, { ...known, ms: 3 }, { ...known, ms: 2 }) },
    { device: "b", command: program({ step: "mlp", device: "b", threads: 1, error: "no kernel" }) },
    { device: "c", command: program({ ...known, ms: null }) },
    { device: "d", command: ["no-such-program"] },
  ]);
  expect(results).toEqual([
    { ...known, ms: 2 },
    { step: "mlp", device: "b", threads: 1, error: "no kernel" },
    { step: "mlp", device: "c", threads: 1, error: "ended without a result" },
    { step: "mlp", device: "d", threads: 1, error: "ended without a result" },
  ]);
});

test("a child gets what is asked of it", async () => {
  const source = `console.log("{}"); process.stdin.on("data", (line) => console.log(JSON.stringify([+line])));`;
  const child = new PacedChild([process.execPath, "-e", source]);
  expect(await child.next("not sent, as the first line comes unasked")).toEqual({});
  expect(await child.next("7")).toEqual([7]);
  await child.end();
  expect(await child.next()).toBeUndefined();
});

test("the least time is the mean time of the best trial, by the given clock", () => {
  let now = 0;
  const costs = [3, 3, 1, 3, 3];
  const work = (count: number): void => {
    now += count * (costs.shift() ?? 3);
  };
  expect(leastTime(work, () => now, 12)).toBe(1);
  let calls = 0;
  const short = (count: number): void => {
    calls += count;
    now += count / 64;
  };
  expect(leastTime(short, () => now, 10)).toBe(1 / 64);
  expect(calls).toBeGreaterThanOrEqual(640);
});

test("contestants take turns, and who gives no time has no result", async () => {
  const order: string[] = [];
  const contestant = (name: string, times: unknown[]) => () => {
    order.push(name);
    return times.shift();
  };
  const results = await leastTimes([
    contestant("a", [3, 2, 4, 2, 5]),
    contestant("b", [Promise.resolve(9), 8, 8, 8, 8]),
    contestant("c", []),
  ]);
  expect(results).toEqual([2, 8, undefined]);
  expect(order.join("")).toBe("abc".repeat(5));
});

test("tables align, and figures have four digits", () => {
  expect(tableRow([4, 6], ["a", "b"])).toBe("a          b");
  expect([duration(0.012345), duration(12.345), ratio(3, 2)]).toEqual(["12.35 µs", "12.35 ms", "1.50×"]);
});

test("work compiles once", () => {
  let calls = 0;
  const work = intoRoom(
    (x: Tensor) => {
      calls++;
      return mul(x, 2);
    },
    tensor([1, 2]),
  );
  work(3);
  work(2);
  // For the first room, and for the trace.
  expect(calls).toBe(2);
});

test("operations have names of their own, and the bytes of a mix count reads and writes", () => {
  for (const operations of [elementwise, squareProducts, residualLayers, networkContractions]) {
    const names = operations.map(({ group, name }) => `${group} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  }
  expect(residualLayers).toHaveLength(2 * 7 * 3);
  expect(squareProducts).toHaveLength(6 * 4);
  // p, m, v read and written, g read.
  expect(bytesOf("adam", 10)).toBe(280);
});

test("the smallest operation of each family runs", { timeout: 60_000 }, () => {
  const families = new Map(elementwise.toReversed().map((operation) => [operation.group, operation]));
  const products = squareProducts.filter(({ group }) => group === "64");
  for (const { prepare } of [...families.values(), ...products, ...residualLayers.slice(18, 21)])
    prepare()(2);
});

test("the probe runs every mix on several threads", { timeout: 60_000 }, (context) => {
  const probe = Probe.open(2);
  if (probe === undefined) return context.skip("no C compiler, or koffi is not installed");
  for (const mix of mixNames) probe.bandwidth(mix, 1000).work(3);
  probe.peak().work(1);
  expect(probe.peak().amount).toBe(2 * Probe.open(1)!.peak().amount);
});
