import type { TextRenderer } from "../../../lang/kernel/rendered.ts";
import { contractionAsLoops } from "../wasm/contraction-loops.ts";
import { driver } from "./driver.ts";
import { renderLoopNest } from "./loops.ts";
import { prelude } from "./prelude.ts";

/** The renderer of the native device. */
export const textRenderer: TextRenderer = {
  render: (kernel) => renderLoopNest(kernel.kind === "loops" ? kernel : contractionAsLoops(kernel)),
  prelude,
  driver,
};
