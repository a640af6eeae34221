import { checkOptions } from "../base/error.ts";
import { drawLines } from "./lines.ts";
import { toSvg } from "./svg.ts";

/** Options of `drawGradientNorms`. */
export interface GradientNormOptions {
  /** What is counted along the horizontal axis. Default "step". */
  readonly over?: "step" | "epoch";
}

/**
 * The norms of the gradients over the steps of training as SVG, on a logarithmic axis: one line for each name.
 * Where they fall from layer to layer the gradient vanishes, where they grow it explodes (lecture 4). Zeros and what is
 * not finite leave gaps. Needs the optional packages of `drawLearningCurves`; throws a NeuriteError without a positive norm.
 *
 * @example
 * ```ts
 * import { drawGradientNorms } from "neurite/viz";
 *
 * const svg = await drawGradientNorms({ "hidden.weights": [0.02, 0.015], "output.weights": [1.2, 0.8] });
 * ```
 */
export async function drawGradientNorms(
  norms: Readonly<Record<string, readonly number[]>>,
  options: GradientNormOptions = {},
): Promise<string> {
  checkOptions("drawGradientNorms", options, ["over"]);
  const { over = "step" } = options;
  const lines = Object.entries(norms).map(([name, values]) => ({ name, values }));
  const axes = { x: over, y: "norm of the gradient", isLogarithmic: true };
  return toSvg(await drawLines("drawGradientNorms", lines, axes), `norms of the gradients over the ${over}s`);
}
