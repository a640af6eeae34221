import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { type Materialized, materialize } from "./materialize.ts";
import { isAffine, type OperandAxes, type PackPlan, planPacking } from "./operand.ts";

/** How an operand is packed, and what computes it before if it is no plain load. */
export interface PlannedOperand {
  readonly plan: PackPlan;
  readonly materialized: Materialized | undefined;
}

/** Plans how the packing functions read one operand of a contraction; one that does not `fit` them is computed before. */
export function planOperand(
  contraction: Contraction,
  side: "left" | "right",
  fits: (plan: PackPlan) => boolean = () => true,
): PlannedOperand {
  const { batch, rows, columns, depth, dtype, buffers, name } = contraction;
  const group = (list: readonly number[], first: number): number[] => list.map((_, k) => first + k);
  const rowsFrom = batch.length;
  const columnsFrom = rowsFrom + rows.length;
  const axes: OperandAxes = {
    batch: group(batch, 0),
    panel: side === "left" ? group(rows, rowsFrom) : group(columns, columnsFrom),
    depth: group(depth, columnsFrom + columns.length),
    extents: [...batch, ...rows, ...columns, ...depth],
  };
  const operand = contraction[side];
  if (operand.kind === "load" && isAffine(operand)) {
    const plan = planPacking(operand, axes, dtype);
    if (fits(plan)) return { plan, materialized: undefined };
  }
  const materialized = materialize(operand, axes, buffers, name);
  return { plan: planPacking(materialized.load, axes, dtype), materialized };
}
