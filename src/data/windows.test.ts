import { expect, test } from "vitest";
import { random, tensor, zeros } from "../tensor/index.ts";
import { windows } from "./index.ts";

test.each([
  [10, 3, 1],
  [10, 3, 2],
  [10, 10, 4],
  [11, 4, 4],
])("%d steps in windows of %d, every %d", (steps, length, stride) => {
  const x = random.normal(random.key(0), [steps, 2, 3]);
  const rows = x.toArray();
  const expected: unknown[] = [];
  for (let start = 0; start + length <= steps; start += stride) {
    expected.push(Array.isArray(rows) ? rows.slice(start, start + length) : []);
  }
  const cut = windows(x, { length, stride });
  expect(cut.shape).toEqual([expected.length, length, 2, 3]);
  expect(cut.toArray()).toEqual(expected);
});

test("keeps the dtype", () => {
  expect(windows(tensor([1, 2, 3], { dtype: "i32" }), { length: 2 }).dtype).toBe("i32");
});

test.each([
  [{ length: 0 }, "got length: 0, expected a whole number ≥ 1"],
  [{ length: 2, stride: 1.5 }, "got stride: 1.5"],
  [{ length: 5 }, "got f32[4, 2], expected [steps, ...features] with at least 5 steps"],
])("refuses %j", (options, message) => {
  expect(() => windows(zeros([4, 2]), options)).toThrow(message);
});
