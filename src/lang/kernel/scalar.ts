import type { DType } from "../../base/dtype.ts";
import type { Coordinate, Guard } from "./coordinate.ts";
import type { Expression, ScalarOp } from "./expression.ts";

/** Builders of scalar expressions; a number operand takes the dtype of the other. */
type Operand = Expression | number;

/** A literal of a dtype. */
export function literal(dtype: DType, value: number): Expression {
  return { kind: "constant", dtype, value };
}

/** A coordinate as an i32 value. */
export function coordinateValue(coordinate: Coordinate): Expression {
  return { kind: "coordinate", dtype: "i32", coordinate };
}

/** True where every guard holds. */
export function inside(guards: readonly Guard[]): Expression {
  return { kind: "inside", dtype: "bool", guards };
}

/** The value of an earlier reduction of the same nest. */
export function result(dtype: DType, reduction: number): Expression {
  return { kind: "result", dtype, reduction };
}

function apply(op: ScalarOp, dtype: DType, ...operands: Expression[]): Expression {
  return { kind: "scalar", op, dtype, operands };
}

function lift(operand: Operand, like: Operand): Expression {
  if (typeof operand !== "number") return operand;
  if (typeof like === "number")
    throw new TypeError("a scalar expression needs one operand that is not a number");
  return literal(like.dtype, operand);
}

function unary(op: ScalarOp): (x: Expression) => Expression {
  return (x) => apply(op, x.dtype, x);
}

function binary(op: ScalarOp): (x: Operand, y: Operand) => Expression {
  return (x, y) => {
    const left = lift(x, y);
    return apply(op, left.dtype, left, lift(y, x));
  };
}

function comparison(op: ScalarOp): (x: Operand, y: Operand) => Expression {
  return (x, y) => apply(op, "bool", lift(x, y), lift(y, x));
}

export const add: (x: Operand, y: Operand) => Expression = binary("add");
export const sub: (x: Operand, y: Operand) => Expression = binary("sub");
export const mul: (x: Operand, y: Operand) => Expression = binary("mul");
export const div: (x: Operand, y: Operand) => Expression = binary("div");
export const rem: (x: Operand, y: Operand) => Expression = binary("rem");
export const min: (x: Operand, y: Operand) => Expression = binary("min");
export const max: (x: Operand, y: Operand) => Expression = binary("max");
export const and: (x: Operand, y: Operand) => Expression = binary("and");
export const or: (x: Operand, y: Operand) => Expression = binary("or");
export const xor: (x: Operand, y: Operand) => Expression = binary("xor");
export const shl: (x: Operand, y: Operand) => Expression = binary("shl");
export const shr: (x: Operand, y: Operand) => Expression = binary("shr");
export const neg: (x: Expression) => Expression = unary("neg");
export const abs: (x: Expression) => Expression = unary("abs");
export const sqrt: (x: Expression) => Expression = unary("sqrt");
export const floor: (x: Expression) => Expression = unary("floor");
export const ceil: (x: Expression) => Expression = unary("ceil");
export const trunc: (x: Expression) => Expression = unary("trunc");
export const round: (x: Expression) => Expression = unary("round");
export const not: (x: Expression) => Expression = unary("not");
export const exponent: (x: Expression) => Expression = unary("exponent");
export const powerOfTwo: (x: Expression) => Expression = unary("powerOfTwo");
export const eq: (x: Operand, y: Operand) => Expression = comparison("eq");
export const ne: (x: Operand, y: Operand) => Expression = comparison("ne");
export const lt: (x: Operand, y: Operand) => Expression = comparison("lt");
export const le: (x: Operand, y: Operand) => Expression = comparison("le");
export const gt: (x: Operand, y: Operand) => Expression = comparison("gt");
export const ge: (x: Operand, y: Operand) => Expression = comparison("ge");

/** x · y + z */
export function fma(x: Expression, y: Operand, z: Operand): Expression {
  return apply("fma", x.dtype, x, lift(y, x), lift(z, x));
}

/** condition ? x : y, elementwise; both sides are evaluated. */
export function select(condition: Expression, x: Operand, y: Operand): Expression {
  const left = lift(x, y);
  return apply("select", left.dtype, condition, left, lift(y, x));
}

/** Converts to another dtype. */
export function cast(x: Expression, dtype: DType): Expression {
  return x.dtype === dtype ? x : apply("cast", dtype, x);
}

/** Reads the 32 bits of x as another 32-bit dtype. */
export function bitcast(x: Expression, dtype: DType): Expression {
  return x.dtype === dtype ? x : apply("bitcast", dtype, x);
}
