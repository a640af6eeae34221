import { sizeOf } from "../../../base/shape.ts";
import type { Expression, Load } from "../../../lang/kernel/expression.ts";
import type { KernelBuffer, LoopNest } from "../../../lang/kernel/kernel.ts";
import { childrenOf } from "../../../lang/kernel/print.ts";
import type { OperandAxes } from "./operand.ts";

/** An operand that is computed into a buffer of its own before it is packed. */
export interface Materialized {
  /** Computes the operand into the buffer behind those of the contraction. */
  readonly nest: LoopNest;
  readonly load: Load;
  /** The number of elements of the buffer. */
  readonly length: number;
}

/** Turns an operand into a nest that stores it and a load that reads it back. */
export function materialize(
  operand: Expression,
  axes: OperandAxes,
  buffers: readonly KernelBuffer[],
  name: string,
): Materialized {
  const { batch, panel, depth, extents } = axes;
  const { dtype } = operand;
  const order = [
    ...batch,
    ...(readsAlong(operand, panel, depth) ? [...depth, ...panel] : [...panel, ...depth]),
  ];
  // The axes that the operand never mentions stay, with extent 1, so that its own keep their numbers.
  const space = extents.map((extent, axis) => (order.includes(axis) ? extent : 1));
  const coefficients = new Array<number>(space.length).fill(0);
  let stride = 1;
  for (const axis of order.toReversed()) {
    coefficients[axis] = stride;
    stride *= space[axis];
  }
  const index = { offset: 0, coefficients, dynamic: [] };
  const buffer = buffers.length;
  const nest: LoopNest = {
    kind: "loops",
    name,
    space,
    inner: [],
    buffers: [...buffers, { dtype, access: "write" }],
    statements: [{ kind: "store", level: "outer", mode: "set", buffer, index, guards: [], value: operand }],
  };
  return { nest, load: { kind: "load", dtype, buffer, index, guards: [], fill: 0 }, length: sizeOf(space) };
}

// True if most contiguous loads run along the last panel axis rather than along depth.
function readsAlong(operand: Expression, panel: readonly number[], depth: readonly number[]): boolean {
  const seen = new Set<Expression>();
  let balance = 0;
  const visit = (node: Expression): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === "load") {
      const strideAlong = (axes: readonly number[]): number =>
        node.index.coefficients[axes.at(-1) ?? -1] ?? 0;
      balance += Number(strideAlong(panel) === 1) - Number(strideAlong(depth) === 1);
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(operand);
  return balance > 0;
}
