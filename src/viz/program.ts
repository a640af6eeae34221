import { NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { type Equation, Literal, type Program, type Var } from "../tensor/index.ts";
import { type Edge, layOut, type Place } from "./layered-layout.ts";
import { colorOf, escapeText, legend, type Picture, placed, rounded, toSvg, widthOf } from "./svg.ts";

/** A quantity, or an equation that computes one. */
interface Node {
  readonly words: readonly string[];
  readonly kind: "input" | "equation" | "output";
  /** The outermost layer or function that it belongs to. */
  readonly scope: string;
}

/** Larger graphs cannot be read, and take a browser long to show. */
const most = 600;
const margin = 4;

/**
 * A computation graph as SVG, from top to bottom: inputs, equations with the types of their results, outputs. Equations have
 * the colour of the layer they were written in.
 *
 * Throws a NeuriteError for programs of more than 600 equations.
 *
 * @example
 * ```ts
 * import { drawProgram } from "neurite/viz";
 *
 * const { program } = jit((x: Tensor) => sum(square(mul(x, 3)))).lower(tensor([1, 2]));
 * const svg = drawProgram(program);
 * ```
 */
export function drawProgram(program: Program): string {
  if (program.equations.length > most) {
    throw new NeuriteError({
      operation: "drawProgram",
      got: `${program.equations.length} equations`,
      expected: `at most ${most}`,
      hint: "draw a part of the network, or print the program",
    });
  }
  const { nodes, edges } = toGraph(program);
  const scopes = [...new Set(nodes.map(({ scope }) => scope))].filter((scope) => scope !== "");
  const boxes = nodes.map(({ words }) => ({
    width: Math.max(...words.map(widthOf)) + 18,
    height: 12 + 15 * words.length,
  }));
  const layout = layOut(boxes, edges);
  const lines = layout.routes.map(drawRoute);
  const figures = nodes.map((node, i) =>
    drawNode(node, boxes[i], layout.places[i], scopes.indexOf(node.scope)),
  );
  const graph: Picture = {
    width: layout.width + 2 * margin,
    height: layout.height + 2 * margin,
    content: `<g transform="translate(${margin} ${margin})">${lines.join("")}\n${figures.join("\n")}</g>`,
  };
  const names = legend(scopes);
  const top = scopes.length === 0 ? 0 : names.height + 12;
  const picture: Picture = {
    width: Math.max(graph.width, names.width),
    height: top + graph.height,
    content: `${names.content}${placed(graph, 0, top)}`,
  };
  return toSvg(picture, `computation graph of ${program.equations.length} equations`);
}

function toGraph({ inputs, equations, outputs }: Program): { nodes: Node[]; edges: Edge[] } {
  const nodes: Node[] = [];
  const edges: Edge[] = [];
  const makers = new Map<Var, number>();
  for (const input of inputs) {
    makers.set(input, nodes.length);
    nodes.push({ words: ["input", formatType(input.type)], kind: "input", scope: "" });
  }
  for (const equation of equations) {
    for (const input of equation.inputs) {
      const maker = input instanceof Literal ? undefined : makers.get(input);
      if (maker !== undefined) edges.push([maker, nodes.length]);
    }
    for (const output of equation.outputs) makers.set(output, nodes.length);
    nodes.push({
      words: [wordsOf(equation), ...equation.outputs.map(({ type }) => formatType(type))],
      kind: "equation",
      scope: equation.scope.split("/")[0],
    });
  }
  for (const output of outputs) {
    const maker = makers.get(output);
    if (maker !== undefined) edges.push([maker, nodes.length]);
    nodes.push({ words: ["output"], kind: "output", scope: "" });
  }
  return { nodes, edges };
}

/** The name of the operation, with the numbers that are written in it: `mul 3`. */
function wordsOf({ primitive, inputs, parameters }: Equation): string {
  const numbers = inputs.flatMap((input) => (input instanceof Literal ? [String(input.value)] : []));
  const name = primitive.name === "mark" ? [`“${String(parameters.name)}”`] : [];
  return [primitive.name, ...name, ...numbers].join(" ");
}

function drawNode(
  { words, kind }: Node,
  { width, height }: { readonly width: number; readonly height: number },
  [x, y]: Place,
  scope: number,
): string {
  const color = scope < 0 ? "currentColor" : colorOf(scope);
  const fill = `fill="${color}" fill-opacity="${kind === "equation" ? 0.14 : 0}" stroke="${color}" stroke-opacity="0.8"`;
  const round = kind === "equation" ? 4 : height / 2;
  const box = `<rect x="${rounded(x - width / 2)}" y="${rounded(y - height / 2)}" width="${rounded(width)}" height="${height}" rx="${round}" ${fill}/>`;
  const texts = words.map((word, i) => {
    const look = i === 0 ? 'font-weight="600"' : 'font-size="11" fill-opacity="0.8"';
    return `<text x="${rounded(x)}" y="${rounded(y - height / 2 + 17 + 15 * i)}" text-anchor="middle" ${look}>${escapeText(word)}</text>`;
  });
  return `${box}${texts.join("")}`;
}

/** A smooth line with an arrow head: straight down at each of its places. */
function drawRoute(route: readonly Place[]): string {
  const [[startX, startY], ...rest] = route;
  let path = `M${rounded(startX)} ${rounded(startY)}`;
  let y = startY;
  let x = startX;
  for (const [nextX, nextY] of rest) {
    const half = rounded((y + nextY) / 2);
    path += `C${rounded(x)} ${half} ${rounded(nextX)} ${half} ${rounded(nextX)} ${rounded(nextY)}`;
    [x, y] = [nextX, nextY];
  }
  const head = `M${rounded(x - 4)} ${rounded(y - 6)}L${rounded(x)} ${rounded(y)}L${rounded(x + 4)} ${rounded(y - 6)}`;
  return `<path d="${path}${head}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>`;
}
