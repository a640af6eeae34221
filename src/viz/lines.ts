import { NeuriteError } from "../base/error.ts";
import { drawPlot, formatPower, formatTick } from "./plot.ts";
import { colorOf, dashesOf, legend, type Picture, placed } from "./svg.ts";

/** One line of a chart. */
export interface Line {
  readonly name: string;
  /** One value for each step, the first at 1; values that are not finite leave a gap. */
  readonly values: readonly number[];
}

/** What the axes of a chart of lines say. */
export interface LineAxes {
  readonly x: string;
  readonly y: string;
  /** A logarithmic vertical axis: values that are not positive leave a gap. Default false. */
  readonly isLogarithmic?: boolean;
}

const width = 420;
const height = 260;
/** Up to this many steps each is a dot too: one step alone is no line. */
const mostDots = 30;
/** Beyond these a logarithmic axis counts in powers of ten. */
const narrow = [1e-2, 1e3];

/** Lines over the same steps, with their names above them. */
export async function drawLines(operation: string, lines: readonly Line[], axes: LineAxes): Promise<Picture> {
  const { x, y, isLogarithmic = false } = axes;
  const isShown = (value: number): boolean => Number.isFinite(value) && (!isLogarithmic || value > 0);
  const steps = Math.max(0, ...lines.map(({ values }) => values.length));
  const shown = lines.flatMap(({ values }) => values.filter(isShown));
  if (shown.length === 0) {
    throw new NeuriteError({
      operation,
      got: `no ${isLogarithmic ? "positive" : "finite"} value of ${y}`,
      expected: "at least one",
    });
  }
  const isWide = isLogarithmic && shown.some((value) => value < narrow[0] || value > narrow[1]);
  const chart = await drawPlot(operation, (plot) => ({
    width,
    height,
    marginLeft: 60,
    marginTop: 28,
    marginBottom: 42,
    marginRight: 24,
    grid: true,
    x: {
      label: x,
      labelAnchor: "center",
      labelArrow: "none",
      domain: stepDomain(steps),
      ticks: ticksUpTo(steps),
      tickFormat: formatTick,
    },
    y: {
      label: y,
      labelArrow: "none",
      nice: true,
      ticks: 5,
      tickFormat: isWide ? formatPower : formatTick,
      ...(isLogarithmic && { type: "log" }),
    },
    marks: lines.flatMap(({ values }, i) => {
      const points = values.map((value, step) => ({
        step: step + 1,
        value: isShown(value) ? value : Number.NaN,
      }));
      const place = { x: "step", y: "value" };
      return [
        plot.line(points, { ...place, stroke: colorOf(i), strokeWidth: 2, strokeDasharray: dashesOf(i) }),
        ...(steps <= mostDots ? [plot.dot(points, { ...place, fill: colorOf(i), r: 2.5 })] : []),
      ];
    }),
  }));
  if (lines.length === 1) return chart;
  const names = legend(lines.map(({ name }) => name));
  return {
    width: Math.max(chart.width, names.width),
    height: chart.height + names.height,
    content: `${placed(names, 8, 0)}${placed(chart, 0, names.height)}`,
  };
}

/** One step alone gets some room. */
function stepDomain(steps: number): [first: number, last: number] {
  return steps === 1 ? [0, 2] : [1, steps];
}

/** About six whole numbers: 1, and multiples of 1, 2 or 5 times a power of ten. */
function ticksUpTo(steps: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, steps / 6)));
  const every = [1, 2, 5, 10].map((factor) => factor * power).find((step) => steps / step <= 7) ?? steps;
  const multiples = Array.from({ length: Math.floor(steps / every) }, (_, i) => (i + 1) * every);
  return every === 1 ? multiples : [1, ...multiples];
}
