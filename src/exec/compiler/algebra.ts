import { isFloat, roundTo } from "../../base/dtype.ts";
import type { Expression, Scalar } from "../../lang/kernel/expression.ts";

const done = new WeakMap<Expression, Expression>();

/** Rewrites an expression by rules that change no bit of any result: constant folding, x · 1, select of a constant, … */
export function simplifyExpression(expression: Expression): Expression {
  if (expression.kind !== "scalar") return expression;
  const known = done.get(expression);
  if (known !== undefined) return known;
  const operands = expression.operands.map(simplifyExpression);
  const changed = operands.some((operand, i) => operand !== expression.operands[i]);
  const renewed = changed ? { ...expression, operands } : expression;
  const simplified = applyRules(renewed);
  done.set(expression, simplified);
  done.set(simplified, simplified);
  return simplified;
}

function applyRules(expression: Scalar): Expression {
  const [x, y, z] = expression.operands;
  switch (expression.op) {
    case "add":
      if (isConstant(y, -0) || (isConstant(y, 0) && isNeverNegativeZero(x))) return x;
      if (isConstant(x, -0) || (isConstant(x, 0) && isNeverNegativeZero(y))) return y;
      return fold(expression, (a, b) => a + b) ?? expression;
    case "sub":
      return fold(expression, (a, b) => a - b) ?? (isConstant(y, 0) ? x : expression);
    case "mul":
      return fold(expression, (a, b) => a * b) ?? (isConstant(y, 1) ? x : isConstant(x, 1) ? y : expression);
    case "div":
      // x / 2ᵏ stays: as a product, the code would depend on whether a batch is a power of two.
      return fold(expression, (a, b) => a / b) ?? (isConstant(y, 1) ? x : expression);
    case "neg":
      return fold(expression, (a) => -a) ?? expression;
    case "sqrt":
      return fold(expression, Math.sqrt) ?? expression;
    case "cast":
      return x.kind === "constant" && expression.dtype !== "u8"
        ? { kind: "constant", dtype: expression.dtype, value: roundTo(expression.dtype, x.value) }
        : expression;
    case "select":
      if (x.kind === "constant") return x.value !== 0 ? y : z;
      return y === z ? y : expression;
    default:
      return expression;
  }
}

// Only floats: integers wrap, which the renderers do.
function fold(expression: Scalar, f: (a: number, b: number) => number): Expression | undefined {
  if (!isFloat(expression.dtype)) return undefined;
  const values: number[] = [];
  for (const operand of expression.operands) {
    if (operand.kind !== "constant") return undefined;
    values.push(operand.value);
  }
  const value = roundTo(expression.dtype, f(values[0], values[1] ?? 0));
  return { kind: "constant", dtype: expression.dtype, value };
}

// −0 + 0 = 0, so that adding 0 once more changes nothing.
function isNeverNegativeZero(expression: Expression): boolean {
  return (
    expression.kind === "scalar" &&
    expression.op === "add" &&
    expression.operands.some((operand) => isConstant(operand, 0))
  );
}

function isConstant(expression: Expression, value: number): boolean {
  return expression.kind === "constant" && Object.is(expression.value, value);
}
