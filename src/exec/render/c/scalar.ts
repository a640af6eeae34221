import { type DType, isFloat } from "../../../base/dtype.ts";
import type { Combine } from "../../../lang/kernel/kernel.ts";
import type { LaneOp } from "../nest/nodes.ts";

const operators: Partial<Record<LaneOp, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  and: "&",
  or: "|",
  xor: "^",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};

const pairOf: Readonly<Record<Combine, "add" | "mul" | "max" | "min">> = {
  sum: "add",
  prod: "mul",
  max: "max",
  min: "min",
};

/** An instruction of the scalar language in C, on operands of type `from` (of a select: of its last two); `count` is that of `shlBy` and `shrBy`. */
export function scalarText(
  op: LaneOp,
  dtype: DType,
  from: DType,
  operands: readonly string[],
  count: number,
): string {
  const [x, y, z] = operands;
  switch (op) {
    case "select":
      return `${x} ? ${y} : ${z}`;
    case "keep":
      return keepText(dtype, x, y);
    case "clear":
      return keepText(dtype, `!${x}`, y);
    case "pmin":
      return y === zeroText(dtype) ? keepText(dtype, `!(0 < ${x})`, x) : `${y} < ${x} ? ${y} : ${x}`;
    case "pmax":
      return y === zeroText(dtype) ? keepText(dtype, `!(${x} < 0)`, x) : `${x} < ${y} ? ${y} : ${x}`;
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return `${x} ${operators[op]} ${y}`;
    case "cast":
      return castText(dtype, from, x);
    case "bitcast":
      if (dtype === "f32") return `f32_of_bits((u32)${x})`;
      return from === "f32" ? `(${dtype})bits_of_f32(${x})` : `(${dtype})${x}`;
    default:
      if (isFloat(dtype)) return floatText(op, dtype, x, y);
      return dtype === "bool" ? boolText(op, x, y) : integerText(op, dtype, x, y, count);
  }
}

/** Two partial values of a reduction combined. */
export function combineText(combine: Combine, dtype: DType, x: string, y: string): string {
  return scalarText(pairOf[combine], dtype, dtype, [x, y], 0);
}

/** The zero of a type. */
export function zeroText(dtype: DType): string {
  return `(${dtype})0`;
}

/** A number as a literal of a type. */
export function literalText(dtype: DType, value: number): string {
  if (value === Infinity) return "__builtin_inf()";
  if (value === -Infinity) return "-__builtin_inf()";
  if (dtype === "i32") return `(i32)${value >>> 0}u`;
  return dtype === "u32" ? `${value}u` : String(value);
}

function castText(to: DType, from: DType, x: string): string {
  if (to === "bool") return `${x} != 0`;
  return isFloat(from) && !isFloat(to) ? `${to}_of_${from}(${x})` : `(${to})${x}`;
}

// y where a condition holds, else 0, for floats without a branch: gcc may move what follows into the branches, and then
// vectorises no longer.
function keepText(dtype: DType, condition: string, y: string): string {
  if (!isFloat(dtype)) return `${condition} ? ${y} : 0`;
  const bits = dtype === "f32" ? "u32" : "u64";
  return `${dtype}_of_bits(bits_of_${dtype}(${y}) & -(${bits})(${condition}))`;
}

function floatText(op: LaneOp, dtype: "f32" | "f64", x: string, y: string): string {
  const suffix = dtype === "f32" ? "f" : "";
  switch (op) {
    case "add":
    case "sub":
    case "mul":
    case "div":
      return `${x} ${operators[op]} ${y}`;
    case "neg":
      return `-${x}`;
    case "min":
    case "max":
      return `${op}_${dtype}(${x}, ${y})`;
    case "abs":
      return `__builtin_fabs${suffix}(${x})`;
    case "rem":
      return `__builtin_fmod${suffix}(${x}, ${y})`;
    case "round":
      return `__builtin_rint${suffix}(${x})`;
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
      return `__builtin_${op}${suffix}(${x})`;
    case "exponent":
      return `exponent_f64(${x})`;
    case "powerOfTwo":
      return `power_of_two_f64(${x})`;
    default:
      throw unknownInstruction(op, dtype);
  }
}

function boolText(op: LaneOp, x: string, y: string): string {
  switch (op) {
    case "and":
    case "min":
    case "mul":
      return `${x} & ${y}`;
    case "or":
    case "max":
    case "add":
      return `${x} | ${y}`;
    case "xor":
      return `${x} ^ ${y}`;
    case "not":
      return `!${x}`;
    default:
      throw unknownInstruction(op, "bool");
  }
}

// Through u32 and back: the low bits are the result.
function integerText(op: LaneOp, dtype: DType, x: string, y: string, count: number): string {
  const wrapped = (text: string): string => (dtype === "u32" ? text : `(${dtype})(${text})`);
  switch (op) {
    case "add":
    case "sub":
    case "mul":
    case "and":
    case "or":
    case "xor":
      return wrapped(`(u32)${x} ${operators[op]} (u32)${y}`);
    case "neg":
      return wrapped(`0u - (u32)${x}`);
    case "not":
      return wrapped(`~(u32)${x}`);
    case "abs":
      return dtype === "i32" ? `${x} < 0 ? (i32)(0u - (u32)${x}) : ${x}` : x;
    case "max":
      return `${x} > ${y} ? ${x} : ${y}`;
    case "min":
      return `${x} < ${y} ? ${x} : ${y}`;
    case "div":
    case "rem":
      return `${op}_${dtype}(${x}, ${y})`;
    case "shl":
      return wrapped(`(u32)${x} << ((u32)${y} & 31)`);
    case "shlBy":
      return wrapped(`(u32)${x} << ${count}`);
    case "shr":
      return `${x} >> ((u32)${y} & 31)`;
    case "shrBy":
      return `${x} >> ${count}`;
    default:
      throw unknownInstruction(op, dtype);
  }
}

function unknownInstruction(op: LaneOp, dtype: DType): TypeError {
  return new TypeError(`no instruction ${op} for ${dtype}`);
}
