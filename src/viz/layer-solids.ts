import type { Shape } from "../base/shape.ts";
import { type LayerNode, shapeWords } from "./layer-graph.ts";
import { escapeText, type Picture, palette, placed, rounded, widthOf } from "./svg.ts";

const widest = 900;
const arrow = 34;
const tallest = 112;
/** Between rows. */
const gap = 28;

/** A layer as a solid for the shape that it gives, with words under it. */
interface Part {
  readonly body: Picture;
  readonly color: string;
  readonly lines: readonly string[];
  readonly width: number;
}

/** Layers from left to right with arrows between, in as few rows as they need, of about the same width. */
export function drawLayerSolids(nodes: readonly LayerNode[]): Picture {
  const parts = nodes.map(toPart);
  const rowsIn = (limit: number): Part[][] => {
    const rows: Part[][] = [[]];
    for (const part of parts) {
      const row = rows[rows.length - 1];
      if (row.length > 0 && rowWidth([...row, part]) > limit) rows.push([part]);
      else row.push(part);
    }
    return rows;
  };
  const { length } = rowsIn(widest);
  let limit = widest;
  while (limit > 10 && rowsIn(limit - 10).length === length) limit -= 10;
  const contents: string[] = [];
  let [y, width] = [0, 0];
  for (const [i, row] of rowsIn(limit).entries()) {
    if (i > 0) y += gap;
    const picture = drawRow(row, i > 0);
    contents.push(placed(picture, 0, y));
    y += picture.height;
    width = Math.max(width, picture.width);
  }
  return { width, height: y, content: contents.join("\n") };
}

function rowWidth(parts: readonly Part[]): number {
  return parts.reduce((sum, { width }) => sum + width + arrow, -arrow);
}

function drawRow(parts: readonly Part[], goesOn: boolean): Picture {
  const solids = Math.max(...parts.map(({ body }) => body.height));
  const contents: string[] = [];
  let x = 0;
  for (const [i, part] of parts.entries()) {
    if (i > 0 || goesOn) {
      const line = `<path d="M${rounded(x + 4)} ${rounded(solids / 2)}h${arrow - 12}m-6 -5l7 5l-7 5" fill="none" stroke="currentColor" stroke-opacity="0.6"/>`;
      contents.push(line);
      x += arrow;
    }
    contents.push(placed(drawPart(part, solids), x, 0));
    x += part.width;
  }
  const lines = Math.max(...parts.map((part) => part.lines.length));
  return { width: x, height: solids + 8 + 15 * lines, content: contents.join("\n") };
}

function toPart(node: LayerNode): Part {
  const { name, type, parameters, shapes, learns } = node;
  const body = drawShape(shapes[0]);
  const lines = [name, type ?? [], parameters ?? [], shapeWords(node)].flat();
  const color = learns ? palette[0] : palette[5];
  return { body, color, lines, width: Math.max(body.width, ...lines.map((line) => widthOf(line))) };
}

function drawPart({ body, color, lines, width }: Part, solids: number): Picture {
  const texts = lines.map((line, i) => {
    const weight = i === 0 ? ' font-weight="600"' : "";
    return `<text x="${rounded(width / 2)}" y="${rounded(solids + 18 + 15 * i)}" text-anchor="middle"${weight}>${escapeText(line)}</text>`;
  });
  const solid = placed(body, (width - body.width) / 2, (solids - body.height) / 2);
  const figure = `<g fill="${color}" fill-opacity="0.28" stroke="${color}">${solid}</g>`;
  return { width, height: solids + 8 + 15 * lines.length, content: `${figure}${texts.join("")}` };
}

/** Lengths grow with the logarithm, so that 4 and 4,096 fit on one page. */
function lengthOf(extent: number, most: number): number {
  return Math.min(most, 8 + 8 * Math.log2(Math.max(1, extent)));
}

function drawShape(shape: Shape): Picture {
  if (shape.length < 2) return rectangle(14, lengthOf(shape[0] ?? 1, tallest));
  if (shape.length === 2) return rectangle(lengthOf(shape[0], 80), lengthOf(shape[1], tallest));
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
