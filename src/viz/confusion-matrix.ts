import { checkOptions, NeuriteError } from "../base/error.ts";
import { Tensor } from "../tensor/index.ts";
import { drawPlot } from "./plot.ts";
import { palette, toSvg, widthOf } from "./svg.ts";

/** Options of `drawConfusionMatrix`. */
export interface ConfusionMatrixOptions {
  /** The names of the classes. Default their numbers. */
  readonly classes?: readonly string[];
}

interface Cell {
  readonly truth: string;
  readonly prediction: string;
  readonly count: number;
  /** Of the examples of this class. */
  readonly share: number;
}

/** The strongest colour still lets the number on it be read, in light and dark. */
const strongest = 0.7;
/** The length of "predicted class", in pixels. */
const axisName = 112;
/** The cells of more classes are smaller. */
const mostLarge = 12;
/** Names longer than this are shortened in the picture. */
const longestName = 18;

/**
 * A confusion matrix as SVG: `counts[i][j]` examples of class i were taken for class j, as `confusionMatrix`
 * of `neurite/metrics` gives them. The colour of a cell is its share of
 * the row. Needs the optional packages of `drawLearningCurves`. Throws a NeuriteError for counts that are not square, for
 * numbers below 0, and for another number of names.
 *
 * @example
 * ```ts
 * import { drawConfusionMatrix } from "neurite/viz";
 *
 * const svg = await drawConfusionMatrix([[48, 2], [5, 45]], { classes: ["benign", "malignant"] });
 * ```
 */
export async function drawConfusionMatrix(
  counts: Tensor | readonly (readonly number[])[],
  options: ConfusionMatrixOptions = {},
): Promise<string> {
  checkOptions("drawConfusionMatrix", options, ["classes"]);
  const rows = readRows(counts);
  const classes = readClasses(rows.length, options.classes);
  const cells = rows.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j): Cell => {
      return { truth: classes[i], prediction: classes[j], count, share: total === 0 ? 0 : count / total };
    });
  });
  const longest = Math.max(...classes.map((name) => widthOf(name)));
  const side = Math.max(
    classes.length > mostLarge ? 26 : 40,
    ...cells.map(({ count }) => widthOf(String(count)) + 10),
  );
  const isTurned = longest > side;
  const extent = classes.length * side;
  const [left, bottom] = [longest + 36, (isTurned ? longest * 0.72 : 14) + 32];
  // The names of the axes need room beside a small matrix too.
  const [right, top] = [Math.max(12, (axisName - extent) / 2), Math.max(8, (axisName - extent) / 2)];
  const picture = await drawPlot("drawConfusionMatrix", (plot) => ({
    width: left + extent + right,
    height: top + extent + bottom,
    marginLeft: left,
    marginBottom: bottom,
    marginTop: top,
    marginRight: right,
    padding: 0.04,
    x: {
      domain: classes,
      label: "predicted class",
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0,
      tickRotate: isTurned ? -45 : 0,
    },
    y: { domain: classes, label: "true class", labelAnchor: "center", labelArrow: "none", tickSize: 0 },
    marks: [
      plot.cell(cells, {
        x: "prediction",
        y: "truth",
        fill: palette[0],
        fillOpacity: ({ share }: Cell) => (share === 0 ? 0.04 : 0.1 + (strongest - 0.1) * share),
      }),
      plot.text(cells, {
        x: "prediction",
        y: "truth",
        text: ({ count }: Cell) => (count === 0 ? "" : String(count)),
      }),
    ],
    opacity: { type: "identity" },
  }));
  return toSvg(picture, "confusion matrix: rows are the true classes, columns the predicted ones");
}

function readRows(counts: Tensor | readonly (readonly number[])[]): readonly (readonly number[])[] {
  const shape = counts instanceof Tensor ? counts.shape : [counts.length, counts[0]?.length ?? 0];
  const data = counts instanceof Tensor ? counts.dataSync() : counts.flat();
  const [size] = shape;
  const isSquare = shape.length === 2 && size > 0 && shape[1] === size && data.length === size * size;
  if (!isSquare || !Array.from(data).every((count) => Number.isFinite(count) && count >= 0)) {
    throw new NeuriteError({
      operation: "drawConfusionMatrix",
      got: isSquare ? "counts that are negative or not finite" : `counts of shape [${shape.join(", ")}]`,
      expected: "a row and a column for each class, numbers from 0",
    });
  }
  return Array.from({ length: size }, (_, i) => Array.from(data.slice(i * size, (i + 1) * size)));
}

function readClasses(count: number, names: readonly string[] | undefined): string[] {
  if (names === undefined) return Array.from({ length: count }, (_, i) => String(i));
  if (names.length !== count) {
    throw new NeuriteError({
      operation: "drawConfusionMatrix",
      got: `${names.length} names of classes`,
      expected: `${count}, as the counts have rows`,
    });
  }
  const short = names.map((name) =>
    name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name,
  );
  return new Set(short).size === count ? short : [...names];
}
