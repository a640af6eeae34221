import { expect, test } from "vitest";
import { NeuriteError } from "./error.ts";
import { mapTree, type Tree } from "./tree.ts";

const isNumber = (value: unknown): value is number => typeof value === "number";
const sum = (...numbers: number[]): number => numbers.reduce((total, value) => total + value, 0);

test("mapTree combines the leaves in the same place", () => {
  const one = { a: 1, b: [2, { c: 3 }], none: undefined, nothing: null };
  const other = { a: 10, b: [20, { c: 30 }], none: undefined, nothing: null };
  expect(mapTree(isNumber, sum, one, other)).toEqual({
    a: 11,
    b: [22, { c: 33 }],
    none: undefined,
    nothing: null,
  });
  expect(mapTree(isNumber, String, one)).toEqual({
    a: "1",
    b: ["2", { c: "3" }],
    none: undefined,
    nothing: null,
  });
  expect(mapTree(isNumber, sum, 1, 2, 3)).toBe(6);
});

test.each<[string, Tree<number>, Tree<number>, RegExp]>([
  ["a leaf and a branch", { a: 1 }, { a: [1] }, /trees that differ at 'a'/],
  ["lists of two lengths", { a: [1, 2] }, { a: [1] }, /at 'a'/],
  ["another key", { a: { b: 1 } }, { a: { c: 1 } }, /at 'a.b'/],
  ["a key more", { a: { b: 1 } }, { a: { b: 1, c: 2 } }, /at 'a'/],
  ["a list and an object", [[1]], [{ 0: 1 }], /at '0'/],
])("mapTree refuses %s", (_, one, other, message) => {
  expect(() => mapTree(isNumber, sum, one, other)).toThrow(NeuriteError);
  expect(() => mapTree(isNumber, sum, one, other)).toThrow(message);
});
