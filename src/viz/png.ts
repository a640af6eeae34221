import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { loadOptional } from "../base/optional.ts";
import { fixTheme, type Theme } from "./svg.ts";

/** Options of `toPng`. */
export interface PngOptions {
  /** Dark on white, or light on near-black. Default "light". */
  readonly theme?: Theme;
  /** Pixels of the PNG for each pixel of the drawing. Default 2. */
  readonly scale?: number;
}

/**
 * A drawing of this library as the bytes of a PNG file, in Node. Needs the optional package `@resvg/resvg-js`; throws a
 * NeuriteError without it.
 *
 * @example
 * ```ts
 * import { drawConfusionMatrix, toPng } from "neurite/viz";
 *
 * const bytes = await toPng(await drawConfusionMatrix([[3, 0], [1, 2]]), { theme: "dark" });
 * ```
 */
export async function toPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  checkOptions("toPng", options, ["theme", "scale"]);
  const { theme = "light", scale = 2 } = options;
  if (theme !== "light" && theme !== "dark") throw unknownName("toPng: theme", theme, ["light", "dark"]);
  if (!(scale > 0 && scale <= 16)) {
    throw new NeuriteError({
      operation: "toPng",
      got: `scale: ${scale}`,
      expected: "a number above 0, at most 16",
    });
  }
  // The name in a variable keeps the package, which is for Node, out of bundles for browsers.
  const name = "@resvg/resvg-js";
  const { Resvg } = await loadOptional<typeof import("@resvg/resvg-js")>(
    "toPng",
    name,
    () => import(/* @vite-ignore */ name),
  );
  const { svg: themed, background } = fixTheme(svg, theme);
  try {
    const fitTo = { mode: "zoom", value: scale } as const;
    return new Resvg(themed, { background, fitTo, font: { loadSystemFonts: true } }).render().asPng();
  } catch (error) {
    throw new NeuriteError({
      operation: "toPng",
      got: `a text that is no SVG (${error instanceof Error ? error.message : String(error)})`,
      expected: "what a draw function returns",
    });
  }
}
