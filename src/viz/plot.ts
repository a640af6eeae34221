import { loadOptional } from "../base/optional.ts";
import { type Picture, rounded, widthOf } from "./svg.ts";

/** Observable Plot. */
export type Plot = typeof import("@observablehq/plot");

/** Draws a chart with Observable Plot, which is loaded at the first call; in Node on a document of linkedom. */
export async function drawPlot(
  operation: string,
  describe: (plot: Plot) => import("@observablehq/plot").PlotOptions,
): Promise<Picture> {
  const plot = await loadOptional(operation, "@observablehq/plot", () => import("@observablehq/plot"));
  const options = { ...describe(plot), document: await openDocument(operation), className: "neurite-plot" };
  const { width: planned = 640, marginLeft = 40 } = options;
  const more = Math.max(0, roomOf(plot.plot(options)) - marginLeft);
  const chart = plot.plot({ ...options, width: planned + more, marginLeft: marginLeft + more });
  const [width, height] = ["width", "height"].map((name) => Number(chart.getAttribute(name)));
  // The style of Plot is for pages of its own: the picture around it has one.
  for (const style of Array.from(chart.querySelectorAll("style"))) style.remove();
  return { width, height, content: `<g text-anchor="middle">${shorten(chart.innerHTML)}</g>` };
}

/** An axis of numbers with its name, without an arrow. */
export function numberAxis(
  label: string,
  domain: readonly number[],
): import("@observablehq/plot").ScaleOptions {
  return { domain, label, labelArrow: "none", ticks: 5, tickFormat: formatTick };
}

/** What the numbers at the vertical axis need on its left. */
function roomOf(chart: Element): number {
  const texts = Array.from(chart.querySelectorAll('[aria-label="y-axis tick label"] text'));
  return 14 + Math.max(0, ...texts.map(({ textContent }) => widthOf(textContent ?? "")));
}

/** Numbers of attributes to a hundredth; texts stay as they are. */
function shorten(svg: string): string {
  return svg.replace(/="[^"]*"/g, (value) =>
    value.replace(/-?\d+\.\d{3,}/g, (number) => String(rounded(Number(number)))),
  );
}

/** A number at an axis, with as many decimals as the others need: `1,500`, `0.50`, `−2`; `2 × 10⁻⁵` where one is very small or large. */
export function formatTick(value: number, _index = 0, ticks: readonly number[] = [value]): string {
  const isPlain = ticks.every((tick) => tick === 0 || (Math.abs(tick) >= 1e-3 && Math.abs(tick) < 1e7));
  if (!isPlain) return value === 0 ? "0" : formatPower(value);
  const decimals = Math.max(...ticks.map((tick) => decimalsOf(Number(tick.toPrecision(6)))));
  return withMinus(
    value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
  );
}

/** A number at an axis that spans many powers of ten: `10⁻⁴`, `2 × 10⁻⁴`. */
export function formatPower(value: number): string {
  const [digits, exponent] = Number(value.toPrecision(6)).toExponential().split("e");
  const power = `10${superscript(exponent)}`;
  return withMinus(Number(digits) === 1 ? power : `${digits} × ${power}`);
}

function decimalsOf(value: number): number {
  return String(value).split(".")[1]?.length ?? 0;
}

function superscript(exponent: string): string {
  return Array.from(exponent.replace("+", ""), (sign) =>
    sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)],
  ).join("");
}

/** The sign that is as wide as a digit. */
function withMinus(text: string): string {
  return text.replace("-", "−");
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
