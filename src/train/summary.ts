import { type Shape, sizeOf } from "../base/shape.ts";
import { type Layer, nameLayers } from "../nn/index.ts";
import { programOf, random, type Tensor } from "../tensor/index.ts";
import type { Network } from "./network.ts";
import { pathsOf } from "./trees.ts";

/** The layers of a network as a table, with the shapes of their outputs and how many parameters they have. */
export function summarize(layers: readonly Layer[], network: Network): string[] {
  const names = nameLayers(layers);
  const shapes = outputShapesOf(layers, network);
  const rows = layers.map((layer, i): Row => {
    const params = network.variables.params[names[i]] ?? {};
    const count = [...pathsOf(params).values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const output = shapes[i].map((shape) => `[${["batch", ...shape].join(", ")}]`).join(" and ");
    return [`${names[i]} (${layer.type})`, output, formatCount(count)];
  });
  const total = [...pathsOf(network.variables.params).values()].reduce(
    (sum, { shape }) => sum + sizeOf(shape),
    0,
  );
  return align([["layer (type)", "output", "parameters"], ...rows, ["total", "", formatCount(total)]]);
}

type Row = readonly [name: string, output: string, parameters: string];

/** Shapes are known while a program is recorded; nothing is computed. */
function outputShapesOf(layers: readonly Layer[], { inputShape, dtype }: Network): (readonly Shape[])[] {
  const all: (readonly Shape[])[] = [];
  programOf((key: Tensor) => {
    let shapes: readonly Shape[] = [inputShape];
    for (const layer of layers) {
      shapes = layer.init(key, shapes, dtype).outputShapes;
      all.push(shapes);
    }
    return key;
  }, random.key(0));
  return all;
}

function align(rows: readonly Row[]): string[] {
  const width = (column: 0 | 1 | 2): number => Math.max(...rows.map((row) => row[column].length));
  const [first, second, third] = [width(0), width(1), width(2)];
  return rows.map(([name, output, parameters]) =>
    [name.padEnd(first), output.padEnd(second), parameters.padStart(third)].join("  "),
  );
}

function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
