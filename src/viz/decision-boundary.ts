import { checkOptions, NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { requireFinite } from "./image-grid.ts";
import { drawPlot, numberAxis } from "./plot.ts";
import { arrange, colorOf, headed, legend, type Picture, placed, toSvg } from "./svg.ts";

/** A part of the plane with the places at which a model is asked. */
export interface Plane {
  /** f32 [size · size, 2]: row by row from the lowest, each from the left. */
  readonly places: Tensor;
  /** Places along each side. */
  readonly size: number;
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
}

/** What a model said about the places of a plane. */
export interface Stage {
  /** For instance "after 30 steps". */
  readonly title: string;
  /** Probabilities at `plane.places`: [places, 1] of class 1, or [places, classes]. */
  readonly outputs: Tensor;
}

/** Options of `drawDecisionBoundary`. */
export interface DecisionBoundaryOptions {
  /** The names of the axes. Default ["x₁", "x₂"]. */
  readonly axes?: readonly [x: string, y: string];
  /** The names of the classes. Default "class 0" and so on. */
  readonly classes?: readonly string[];
}

/** Places along each side: steps of a few pixels. */
const size = 80;
const side = 236;
/** The darker, the surer. */
const levels = [0.5, 0.7, 0.9];

/**
 * The part of the plane that holds points [n, 2], with a margin of a tenth, and 80 × 80 places on it for a model to be asked
 * at. Throws a NeuriteError for points of another shape.
 *
 * @example
 * ```ts
 * import { planeAround } from "neurite/viz";
 *
 * const { places } = planeAround(tensor([[0, 0], [1, 2]]));
 * places.shape; // [6400, 2]
 * ```
 */
export function planeAround(points: Tensor): Plane {
  const [count, width] = points.shape;
  if (points.shape.length !== 2 || width !== 2 || count === 0) {
    throw new NeuriteError({
      operation: "planeAround",
      got: formatType(points),
      expected: "points [examples, 2], at least one",
    });
  }
  const values = points.dataSync();
  requireFinite("planeAround", values);
  const range = (axis: 0 | 1): readonly [number, number] => {
    let [low, high] = [values[axis], values[axis]];
    for (let i = axis; i < values.length; i += 2) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    const margin = 0.1 * (high - low || 1);
    return [low - margin, high + margin];
  };
  const [x, y] = [range(0), range(1)];
  const at = ([low, high]: readonly [number, number], i: number): number =>
    low + ((high - low) * (i + 0.5)) / size;
  const places = Float32Array.from({ length: 2 * size * size }, (_, i) => {
    const place = i >> 1;
    return i % 2 === 0 ? at(x, place % size) : at(y, Math.floor(place / size));
  });
  return { places: tensor(places, { shape: [size * size, 2] }), size, x, y };
}

/**
 * How a model divides the plane as SVG, a panel for each stage of its training: where a class has a probability above 0.5
 * (0.7, 0.9) the plane has its colour (a stronger one), and the points [n, 2] with their labels [n] lie on it. Needs the
 * optional packages of `drawLearningCurves`.
 *
 * Throws a NeuriteError for outputs that are not those at the places of the plane, and for labels that do not fit.
 *
 * @example
 * ```ts
 * import { drawDecisionBoundary, planeAround } from "neurite/viz";
 *
 * const points = tensor([[-1, 0], [1, 0]]);
 * const plane = planeAround(points);
 * const outputs = sigmoid(matmul(plane.places, tensor([[4], [0]]))); // or model.predict(plane.places)
 * const svg = await drawDecisionBoundary(plane, [{ title: "at once", outputs }], points, tensor([0, 1]));
 * ```
 */
export async function drawDecisionBoundary(
  plane: Plane,
  stages: readonly Stage[],
  points: Tensor,
  labels: Tensor,
  options: DecisionBoundaryOptions = {},
): Promise<string> {
  checkOptions("drawDecisionBoundary", options, ["axes", "classes"]);
  const surfaces = stages.map((stage) => readSurfaces(plane, stage));
  const dots = readDots(points, labels);
  const count = Math.max(0, ...surfaces.map(({ length }) => length));
  const odd = dots.find(({ label }) => !(label >= 0 && label < count && Number.isInteger(label)));
  if (stages.length === 0 || odd !== undefined) {
    throw new NeuriteError({
      operation: "drawDecisionBoundary",
      got: stages.length === 0 ? "no stage" : `the label ${odd?.label}`,
      expected: stages.length === 0 ? "at least one" : `a class from 0 to ${count - 1}`,
    });
  }
  const { axes = ["x₁", "x₂"], classes = Array.from({ length: count }, (_, i) => `class ${i}`) } = options;
  const panels = await Promise.all(
    stages.map(async ({ title }, i) => headed(title, await drawPanel(plane, surfaces[i], dots, axes))),
  );
  const names = legend(classes);
  const grid = arrange(panels, panels.length === 4 ? 2 : 3, 16);
  const picture: Picture = {
    width: Math.max(grid.width, names.width),
    height: names.height + 10 + grid.height,
    content: `${names.content}${placed(grid, 0, names.height + 10)}`,
  };
  return toSvg(picture, `decision boundary: ${stages.map(({ title }) => title).join(", ")}`);
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

async function drawPanel(
  { size, x, y }: Plane,
  surfaces: readonly Float64Array[],
  dots: readonly Dot[],
  axes: readonly [string, string],
): Promise<Picture> {
  const place = { width: size, height: size, x1: x[0], x2: x[1], y1: y[0], y2: y[1] };
  return await drawPlot("drawDecisionBoundary", (plot) => ({
    width: side + 60,
    height: side + 66,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 24,
    marginBottom: 42,
    x: { ...numberAxis(axes[0], x), labelAnchor: "center" },
    y: numberAxis(axes[1], y),
    marks: [
      ...surfaces.map((surface, k) =>
        plot.contour(surface, {
          ...place,
          thresholds: levels,
          stroke: "none",
          fill: colorOf(k),
          fillOpacity: 0.22,
        }),
      ),
      plot.dot(dots, {
        x: "x",
        y: "y",
        r: 2.8,
        fill: ({ label }: Dot) => colorOf(label),
        stroke: "currentColor",
        strokeWidth: 0.6,
      }),
      plot.frame({ strokeOpacity: 0.4 }),
    ],
  }));
}

/** For each class its probability at the places. */
function readSurfaces({ size }: Plane, { title, outputs }: Stage): Float64Array[] {
  const [places, width = 1] = outputs.shape;
  if (places !== size * size || outputs.shape.length > 2) {
    throw new NeuriteError({
      operation: "drawDecisionBoundary",
      got: `outputs ${formatType(outputs)} of the stage '${title}'`,
      expected: `[${size * size}, classes], the probabilities at plane.places`,
    });
  }
  const values = outputs.dataSync();
  requireFinite("drawDecisionBoundary", values);
  const surface = (at: (place: number) => number): Float64Array =>
    Float64Array.from({ length: places }, (_, i) => at(i));
  if (width === 1) return [surface((i) => 1 - values[i]), surface((i) => values[i])];
  return Array.from({ length: width }, (_, k) => surface((i) => values[i * width + k]));
}

function readDots(points: Tensor, labels: Tensor): Dot[] {
  const [values, truths] = [points.dataSync(), labels.dataSync()];
  if (points.shape.length !== 2 || points.shape[1] !== 2 || truths.length !== points.shape[0]) {
    throw new NeuriteError({
      operation: "drawDecisionBoundary",
      got: `points ${formatType(points)}, labels ${formatType(labels)}`,
      expected: "points [examples, 2] and a label for each",
    });
  }
  return Array.from(truths, (label, i) => ({ x: values[2 * i], y: values[2 * i + 1], label }));
}
