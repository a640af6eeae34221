import { expect, test } from "vitest";
import { killTraining } from "./kills.ts";

test("a training that is killed again and again ends with the bits of one that was not", async () => {
  const { expected, ends, mostFiles } = await killTraining(5);
  expect(new Set(ends)).toEqual(new Set([expected]));
  // The checkpoint, the one before, and one that was being written.
  expect(mostFiles).toBeLessThanOrEqual(3);
}, 120_000);
