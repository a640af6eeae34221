import { loadOptional } from "../base/optional.ts";
import { type Picture, rounded } from "./svg.ts";

/** Observable Plot. */
export type Plot = typeof import("@observablehq/plot");

/** Draws a chart with Observable Plot, which is loaded at the first call; in Node on a document of linkedom. */
export async function drawPlot(
  operation: string,
  describe: (plot: Plot) => import("@observablehq/plot").PlotOptions,
): Promise<Picture> {
  const plot = await loadOptional(operation, "@observablehq/plot", () => import("@observablehq/plot"));
  const chart = plot.plot({
    ...describe(plot),
    document: await openDocument(operation),
    className: "neurite-plot",
  });
  const [width, height] = ["width", "height"].map((name) => Number(chart.getAttribute(name)));
  // The style of Plot is for pages of its own: the picture around it has one.
  for (const style of Array.from(chart.querySelectorAll("style"))) style.remove();
  return { width, height, content: `<g text-anchor="middle">${shorten(chart.innerHTML)}</g>` };
}

/** Numbers of attributes to a hundredth; texts stay as they are. */
function shorten(svg: string): string {
  return svg.replace(/="[^"]*"/g, (value) =>
    value.replace(/-?\d+\.\d{3,}/g, (number) => String(rounded(Number(number)))),
  );
}

/** A number at an axis: `1,500`, `0.25`, `1e-5`. */
export function formatTick(value: number): string {
  const isPlain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e7);
  if (!isPlain) return value.toExponential().replace("e+", "e");
  return value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
}

async function openDocument(operation: string): Promise<Document> {
  if (typeof document !== "undefined") return document;
  // The name in a variable keeps the package out of bundles for browsers, which have a document.
  const name = "linkedom";
  const { parseHTML } = await loadOptional<typeof import("linkedom")>(
    operation,
    name,
    () => import(/* @vite-ignore */ name),
  );
  return parseHTML("<html><body></body></html>").document;
}
