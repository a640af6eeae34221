import { checkOptions, NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import type { Tensor } from "../tensor/index.ts";
import { drawTiles, lightPixels, requireFinite } from "./image-grid.ts";
import { type Picture, toSvg } from "./svg.ts";

/** Options of `drawMisclassified`. */
export interface MisclassifiedOptions {
  /** The names of the classes. Default their numbers. */
  readonly classes?: readonly string[];
  /** How many are shown at most. Default 24. */
  readonly most?: number;
}

/** An example that was taken for another class. */
export interface Mistake {
  readonly example: number;
  readonly truth: number;
  readonly prediction: number;
  /** The probability that the model gave its prediction. */
  readonly confidence: number;
}

/**
 * The examples whose most probable class is not their label, the most confident mistake first: probabilities
 * [examples, classes], labels [examples].
 *
 * @example
 * ```ts
 * import { findMistakes } from "neurite/viz";
 *
 * const [mistake] = findMistakes(tensor([[0.9, 0.1], [0.8, 0.2]]), tensor([0, 1], { dtype: "i32" }));
 * mistake.example; // 1
 * ```
 */
export function findMistakes(probabilities: Tensor, labels: Tensor): Mistake[] {
  const [examples, classes] = probabilities.shape;
  const truths = labels.dataSync();
  if (probabilities.shape.length !== 2 || classes < 2 || truths.length !== examples) {
    throw new NeuriteError({
      operation: "findMistakes",
      got: `probabilities ${formatType(probabilities)}, labels ${formatType(labels)}`,
      expected: "[examples, classes] of two classes or more, and one label for each example",
    });
  }
  const values = probabilities.dataSync();
  requireFinite("findMistakes", values);
  const mistakes: Mistake[] = [];
  for (let example = 0; example < examples; example++) {
    const row = Array.from(values.subarray(example * classes, (example + 1) * classes));
    const confidence = Math.max(...row);
    const prediction = row.indexOf(confidence);
    const truth = truths[example];
    if (prediction !== truth) mistakes.push({ example, truth, prediction, confidence });
  }
  return mistakes.sort((a, b) => b.confidence - a.confidence);
}

/**
 * The images that a model took for another class as SVG, the most confident mistake first, each with what was predicted,
 * how surely, and what is true. Images [examples, height, width, channels] of one channel or of red, green and blue, on any
 * scale: the darkest value of all is black, the brightest white; probabilities [examples, classes], labels [examples].
 *
 * Throws a NeuriteError for shapes that do not fit, and for values that are not finite.
 *
 * @example
 * ```ts
 * import { drawMisclassified } from "neurite/viz";
 *
 * const images = random.uniform(random.key(0), [2, 8, 8, 1]);
 * const svg = drawMisclassified(images, tensor([[0.9, 0.1], [0.8, 0.2]]), tensor([0, 1], { dtype: "i32" }));
 * ```
 */
export function drawMisclassified(
  images: Tensor,
  probabilities: Tensor,
  labels: Tensor,
  options: MisclassifiedOptions = {},
): string {
  checkOptions("drawMisclassified", options, ["classes", "most"]);
  const { classes, most = 24 } = options;
  const [examples, height, width, channels] = images.shape;
  if (
    images.shape.length !== 4 ||
    (channels !== 1 && channels !== 3) ||
    examples !== probabilities.shape[0]
  ) {
    throw new NeuriteError({
      operation: "drawMisclassified",
      got: `images ${formatType(images)}, probabilities ${formatType(probabilities)}`,
      expected: "[examples, height, width, channels] with one channel or three, and a row for each image",
    });
  }
  const mistakes = findMistakes(probabilities, labels);
  const values = images.dataSync();
  requireFinite("drawMisclassified", values);
  const range = rangeOf(values);
  const nameOf = (label: number): string => classes?.[label] ?? String(label);
  const tiles = mistakes.slice(0, most).map(({ example, truth, prediction, confidence }) => ({
    pixels: lightPixels(
      height,
      width,
      channels,
      (row, column, channel) => values[((example * height + row) * width + column) * channels + channel],
      range,
    ),
    caption: [`${nameOf(prediction)} (${Math.round(100 * confidence)} %)`, `is ${nameOf(truth)}`],
  }));
  const title = `${mistakes.length} of ${examples} examples misclassified`;
  return toSvg(tiles.length === 0 ? nothingWrong : drawTiles(tiles, 72), title);
}

const nothingWrong: Picture = {
  width: 200,
  height: 20,
  content: '<text y="14">no example is misclassified</text>',
};

function rangeOf(values: ArrayLike<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  return [low, high];
}
