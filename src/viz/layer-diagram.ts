import { boxOf, drawNode, drawRoute } from "./graph-drawing.ts";
import { type LayerGraph, type LayerNode, shapeWords } from "./layer-graph.ts";
import { layOut, type Place } from "./layered-layout.ts";
import { escapeText, type Picture, palette, placed, rounded } from "./svg.ts";

/** Kept free between a frame and what is in it. */
const padding = 14;
/** The height of the two lines at the head of a frame. */
const head = 44;
const dot = 3;

/** Layers from top to bottom, those that are made of others as frames around these. */
export function drawLayerGraph(graph: LayerGraph): Picture {
  const { width, height, content } = drawParts(graph);
  // Room for the strokes at the border.
  return { width: width + 2, height: height + 2, content: `<g transform="translate(1 1)">${content}</g>` };
}

/** A picture, and where its only input is from the left. */
interface Parts extends Picture {
  readonly entry: number | undefined;
}

function drawParts({ nodes, edges }: LayerGraph): Parts {
  const pictures = nodes.map(drawLayer);
  const { width, height, places, routes } = layOut(pictures, edges);
  const contents = pictures.map((picture, i) => {
    const [x, y] = places[i];
    return placed(picture, x - picture.width / 2, y - picture.height / 2);
  });
  const entries = places.filter((_, i) => nodes[i].kind === "input");
  return {
    width,
    height,
    content: [...routes.map(drawRoute), ...contents].join("\n"),
    entry: entries.length === 1 ? entries[0][0] : undefined,
  };
}

function drawLayer(node: LayerNode): Picture {
  const { kind, name, inside, learns } = node;
  const color = learns ? palette[0] : "currentColor";
  if (inside !== undefined) return drawFrame(node, inside, color);
  if (name === "") {
    const content = `<circle cx="${dot}" cy="${dot}" r="${dot}" fill="currentColor" fill-opacity="0.6"/>`;
    return { width: 2 * dot, height: 2 * dot, content };
  }
  const words = kind === "sum" ? [name] : [name, ...wordsOf(node)];
  const box = boxOf(words);
  const middle: Place = [box.width / 2, box.height / 2];
  const fillOpacity = kind === "layer" ? (learns ? 0.14 : 0.05) : 0;
  return { ...box, content: drawNode(words, middle, { color, isRound: kind !== "layer", fillOpacity }) };
}

/** The type and the parameters of a layer, and the shape that it gives. */
function wordsOf(node: LayerNode): string[] {
  const { type = [], parameters = [] } = node;
  return [[type, parameters].flat().join(" · "), shapeWords(node)].filter((line) => line !== "");
}

/** What a layer is made of, under its name; the line that comes from above goes on within. */
function drawFrame(node: LayerNode, graph: LayerGraph, color: string): Picture {
  const inside = drawParts(graph);
  const { entry = inside.width / 2 } = inside;
  const half = Math.max(entry, inside.width - entry);
  const words = [node.name, wordsOf(node).join(" · ")];
  const width = Math.max(2 * half, boxOf(words).width - 18) + 2 * padding;
  const height = head + inside.height + padding;
  const frame = `<rect width="${rounded(width)}" height="${rounded(height)}" rx="8" fill="${color}" fill-opacity="0.05" stroke="${color}" stroke-opacity="0.6"/>`;
  const texts = words.map((line, i) => {
    const look = i === 0 ? 'font-weight="600"' : 'font-size="11" fill-opacity="0.8"';
    return `<text x="${padding}" y="${18 + 15 * i}" ${look}>${escapeText(line)}</text>`;
  });
  return { width, height, content: `${frame}${texts.join("")}${placed(inside, width / 2 - entry, head)}` };
}
