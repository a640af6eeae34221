import { NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { type Equation, Literal, type Program, type Var } from "../tensor/index.ts";
import { boxOf, drawNode, drawRoute } from "./graph-drawing.ts";
import { type Edge, layOut } from "./layered-layout.ts";
import { colorOf, legend, type Picture, placed, toSvg } from "./svg.ts";

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
  const layout = layOut(
    nodes.map(({ words }) => boxOf(words)),
    edges,
  );
  const lines = layout.routes.map(drawRoute);
  const figures = nodes.map(({ words, kind, scope }, i) => {
    const color = scope === "" ? "currentColor" : colorOf(scopes.indexOf(scope));
    const isRound = kind !== "equation";
    return drawNode(words, layout.places[i], { color, isRound, fillOpacity: isRound ? 0 : 0.14 });
  });
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
