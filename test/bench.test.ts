import { expect, test } from "vitest";
import { readNames, readOptions } from "../bench/options.ts";
import { contest } from "../bench/steps/contest.ts";
import { measure } from "../bench/steps/measure.ts";

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
