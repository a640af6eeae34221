import { type DType, isFloat } from "../../../base/dtype.ts";
import type { LaneNode, LaneOp } from "./nodes.ts";

type Apply = (op: LaneOp, dtype: DType, operands: readonly LaneNode[], count?: number) => LaneNode;

/** A cheaper node with the same bits, if there is one; `apply` makes nodes. */
export function simplify(
  apply: Apply,
  op: LaneOp,
  dtype: DType,
  operands: readonly LaneNode[],
): LaneNode | undefined {
  switch (op) {
    case "select":
      return simplifySelect(apply, dtype, operands[0], operands[1], operands[2]);
    case "max":
    case "min":
      return isFloat(dtype) ? simplifyExtreme(apply, op, dtype, operands[0], operands[1]) : undefined;
    case "shl":
    case "shr": {
      const [value, count] = operands;
      if (count.kind === "zero") return value;
      if (count.kind !== "literal") return undefined;
      return apply(op === "shl" ? "shlBy" : "shrBy", dtype, [value], count.value & 31);
    }
    case "fma": {
      // No fused instruction is portable: x · y + z in two roundings.
      const product = apply("mul", dtype, [operands[0], operands[1]]);
      return apply("add", dtype, [product, operands[2]]);
    }
    default:
      return undefined;
  }
}

function simplifySelect(
  apply: Apply,
  dtype: DType,
  condition: LaneNode,
  x: LaneNode,
  y: LaneNode,
): LaneNode | undefined {
  if (x === y) return x;
  if (condition.kind === "apply") {
    const { op, operands } = condition;
    const swapped = op === "gt" || op === "ge";
    const [p, q] = swapped ? [operands[1], operands[0]] : operands;
    const strict = op === "lt" || op === "gt";
    const ordered = strict || op === "le" || op === "ge";
    // p ≤ q differs from p < q where p = q; only zeros are then not the same bits.
    if (ordered && isFloat(p.dtype) && (strict || isNonzeroLiteral(p) || isNonzeroLiteral(q))) {
      if (x === p && y === q) return apply("pmin", dtype, [q, p]);
      if (x === q && y === p) return apply("pmax", dtype, [p, q]);
    }
  }
  if (y.kind === "zero") return apply("keep", dtype, [condition, x]);
  if (x.kind === "zero") return apply("clear", dtype, [condition, y]);
  return undefined;
}

// pmax(x, c) = x < c ? c : x keeps a NaN in x; only the sign of a zero can differ from max.
function simplifyExtreme(
  apply: Apply,
  op: "max" | "min",
  dtype: DType,
  a: LaneNode,
  b: LaneNode,
): LaneNode | undefined {
  const aKnown = a.kind === "zero" || a.kind === "literal";
  const [x, c] = aKnown ? [b, a] : [a, b];
  if (c.kind !== "zero" && c.kind !== "literal") return undefined;
  if (c.kind === "literal" && Number.isNaN(c.value)) return undefined;
  if (op === "max") {
    const larger = apply("pmax", dtype, [x, c]);
    // −0 + 0 = +0, the larger zero.
    return c.kind === "zero" ? apply("add", dtype, [larger, c]) : larger;
  }
  if (c.kind === "literal" && c.value === 0) return undefined;
  return apply("pmin", dtype, [x, c]);
}

function isNonzeroLiteral(node: LaneNode): boolean {
  return node.kind === "literal" && node.value !== 0 && !Number.isNaN(node.value);
}
