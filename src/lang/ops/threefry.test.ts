import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import { bind } from "../program/trace.ts";
import { threefryPrimitive } from "./threefry.ts";

// Known answers of the Random123 library: key, counter, output.
test.each([
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344],
    [0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
])("key %j, counter %j", (key, counter, expected) => {
  const operands = [...key, ...counter].map((word) => tensor(word, { dtype: "u32" }));
  const run = (word: "first" | "second" | "both"): number =>
    bind(threefryPrimitive, operands, { word })[0].item();
  expect([run("first"), run("second")]).toEqual(expected);
  expect(run("both")).toBe((expected[0] ^ expected[1]) >>> 0);
});
