import type { TextRenderer } from "../../../lang/kernel/rendered.ts";
import { renderContraction } from "./contraction.ts";
import { driver } from "./driver.ts";
import { renderLoopNest } from "./loops.ts";
import { prelude } from "./prelude.ts";

/** The renderer of the native device. */
export const textRenderer: TextRenderer = {
  render: (kernel, target) =>
    kernel.kind === "loops" ? renderLoopNest(kernel) : renderContraction(kernel, target),
  prelude,
  driver,
};
