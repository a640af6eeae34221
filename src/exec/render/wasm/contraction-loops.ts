import type { Expression } from "../../../lang/kernel/expression.ts";
import type { Contraction, LoopNest } from "../../../lang/kernel/kernel.ts";
import { mul } from "../../../lang/kernel/scalar.ts";

/** A contraction as a loop nest: the depth is reduced at each point of batch, rows and columns. */
export function contractionAsLoops(contraction: Contraction): LoopNest {
  const { name, batch, rows, columns, depth, buffers, left, right, epilogue } = contraction;
  const value: Expression = mul(left, right);
  return {
    kind: "loops",
    name,
    space: [...batch, ...rows, ...columns],
    inner: depth,
    buffers,
    statements: [{ kind: "reduce", combine: "sum", value }, ...epilogue],
  };
}
