// Where the optional packages are not installed, the errors say what to install.
import { expect, test, vi } from "vitest";
import { dense } from "../nn/index.ts";
import { drawArchitecture, drawConfusionMatrix, drawLearningCurves, toPng } from "./index.ts";

vi.mock("@observablehq/plot", () => {
  throw new Error("Cannot find package '@observablehq/plot'");
});
vi.mock("@resvg/resvg-js", () => {
  throw new Error("Cannot find package '@resvg/resvg-js'");
});

test("charts need Observable Plot", async () => {
  await expect(drawLearningCurves({ loss: [1] })).rejects.toThrow(
    /^drawLearningCurves: got no package '@observablehq\/plot'.*; npm install @observablehq\/plot$/s,
  );
  await expect(drawConfusionMatrix([[1]])).rejects.toThrow("npm install @observablehq/plot");
});

test("PNG needs resvg", async () => {
  await expect(toPng("<svg/>")).rejects.toThrow("npm install @resvg/resvg-js");
});

test("what Neurite draws itself needs nothing", () => {
  expect(() => drawArchitecture([dense({ units: 1 })], [1])).not.toThrow();
});
