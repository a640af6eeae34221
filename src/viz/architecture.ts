import { NeuriteError } from "../base/error.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import { flatten } from "../base/tree.ts";
import { type Layer, nameLayers } from "../nn/index.ts";
import { programOf, random, Tensor } from "../tensor/index.ts";
import { escapeText, type Picture, palette, placed, rounded, toSvg, widthOf } from "./svg.ts";

/** What a picture says of one layer. */
interface Part {
  readonly words: readonly string[];
  readonly shape: Shape;
  /** Layers with parameters are blue. */
  readonly learns: boolean;
}

const widest = 900;
const arrow = 34;
const solid = 112;

/**
 * The architecture of a stack of layers as SVG: after each layer the shape that its outputs have (images as blocks,
 * sequences as sheets, vectors as bars, sizes logarithmic), with the number of its parameters. Layers with parameters are
 * blue. `inputShape`, without the batch axis, is needed where the first layer does not have it.
 *
 * Throws a NeuriteError for no layers, and for layers that do not fit each other.
 *
 * @example
 * ```ts
 * import { conv2d, dense, flatten } from "neurite/nn";
 * import { drawArchitecture } from "neurite/viz";
 *
 * const layers = [conv2d({ filters: 8, kernelSize: 3, inputShape: [28, 28, 1] }), flatten(), dense({ units: 10 })];
 * const svg = drawArchitecture(layers); // also drawArchitecture(model.layers)
 * ```
 */
export function drawArchitecture(layers: readonly Layer[], inputShape?: Shape): string {
  const shape = inputShape ?? layers[0]?.inputShape;
  if (shape === undefined) {
    throw new NeuriteError({
      operation: "drawArchitecture",
      got:
        layers.length === 0
          ? "no layers"
          : `a first layer '${layers[0].name ?? layers[0].type}' without inputShape`,
      expected: "the shape of one input",
      hint: "drawArchitecture(layers, [28, 28, 1])",
    });
  }
  const parts = [{ words: ["input"], shape, learns: false }, ...partsOf(layers, shape)];
  return toSvg(flow(parts.map(drawPart)), `architecture: ${parts.map(({ words }) => words[0]).join(", ")}`);
}

/** Shapes are known while a program is recorded; nothing is computed. */
function partsOf(layers: readonly Layer[], inputShape: Shape): Part[] {
  const names = nameLayers(layers);
  const parts: Part[] = [];
  programOf((key: Tensor) => {
    let shapes: readonly Shape[] = [inputShape];
    for (const [i, layer] of layers.entries()) {
      const { params, outputShapes } = layer.init(key, shapes, "f32");
      const { leaves } = flatten(
        params,
        (value): value is Tensor => value instanceof Tensor,
        "drawArchitecture",
      );
      const count = leaves.reduce((sum, leaf) => sum + sizeOf(leaf.shape), 0);
      const type = names[i] === layer.type ? [] : [layer.type];
      const learned = count === 0 ? [] : [`${count.toLocaleString("en-US")} parameters`];
      parts.push({ words: [names[i], ...type, ...learned], shape: outputShapes[0], learns: count > 0 });
      shapes = outputShapes;
    }
    return key;
  }, random.key(0));
  return parts;
}

/** Parts from left to right with arrows between, in as many rows as they need. */
function flow(pictures: readonly Picture[]): Picture {
  const contents: string[] = [];
  let [x, y, width, tall] = [0, 0, 0, 0];
  for (const [i, picture] of pictures.entries()) {
    const isNewRow = x > 0 && x + arrow + picture.width > widest;
    if (isNewRow) [x, y, tall] = [0, y + tall + 24, 0];
    if (i > 0) {
      const middle = y + solid / 2;
      contents.push(
        `<path d="M${x + 4} ${middle}h${arrow - 12}m-6 -5l7 5l-7 5" fill="none" stroke="currentColor" stroke-opacity="0.6"/>`,
      );
      x += arrow;
    }
    contents.push(placed(picture, x, y));
    x += picture.width;
    width = Math.max(width, x);
    tall = Math.max(tall, picture.height);
  }
  return { width, height: y + tall, content: contents.join("\n") };
}

/** A solid for the shape, and the words under it. */
function drawPart({ words, shape, learns }: Part): Picture {
  const body = drawShape(shape);
  const lines = [...words, shape.length === 0 ? "a number" : shape.join(" × ")];
  const width = Math.max(body.width, ...lines.map((line) => widthOf(line)));
  const texts = lines.map((line, i) => {
    const weight = i === 0 ? ' font-weight="600"' : "";
    return `<text x="${rounded(width / 2)}" y="${solid + 14 + 15 * i}" text-anchor="middle"${weight}>${escapeText(line)}</text>`;
  });
  const color = learns ? palette[0] : palette[5];
  const figure = `<g fill="${color}" fill-opacity="0.28" stroke="${color}">${placed(body, (width - body.width) / 2, (solid - body.height) / 2)}</g>`;
  return { width, height: solid + 20 + 15 * lines.length, content: `${figure}${texts.join("")}` };
}

/** Lengths grow with the logarithm, so that 4 and 4,096 fit on one page. */
function lengthOf(extent: number, most: number): number {
  return Math.min(most, 8 + 8 * Math.log2(Math.max(1, extent)));
}

function drawShape(shape: Shape): Picture {
  if (shape.length < 2) {
    const height = lengthOf(shape[0] ?? 1, solid);
    return rectangle(14, height);
  }
  if (shape.length === 2) return rectangle(lengthOf(shape[0], 80), lengthOf(shape[1], solid));
  const [height, width] = [lengthOf(shape[0], 72), lengthOf(shape[shape.length - 2], 72)];
  const depth = Math.min(36, 2 + 4 * Math.log2(Math.max(1, shape[shape.length - 1])));
  return block(width, height, depth);
}

function rectangle(width: number, height: number): Picture {
  return { width, height, content: `<rect width="${rounded(width)}" height="${rounded(height)}"/>` };
}

/** A block seen from the front, above and the right; its depth stands for the channels. */
function block(width: number, height: number, depth: number): Picture {
  const [w, h, d] = [width, height, depth].map(rounded);
  const top = `<path d="M0 ${d}l${d} ${-d}h${w}l${-d} ${d}z"/>`;
  const right = `<path d="M${w} ${d}l${d} ${-d}v${h}l${-d} ${d}z"/>`;
  return {
    width: width + depth,
    height: height + depth,
    content: `${top}${right}<rect y="${d}" width="${w}" height="${h}"/>`,
  };
}
