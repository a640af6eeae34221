import { type DType, isFloat, roundTo } from "../../base/dtype.ts";
import type { ScalarOp } from "./expression.ts";
import type { Combine } from "./kernel.ts";

/** A scalar instruction as a function of numbers; operands that it does not have are ignored. */
export type ScalarFunction = (x: number, y: number, z: number) => number;

// Brings the exact result of an operation back into its type: floats round, integers keep their low bits.
const wrapTo: Readonly<Record<DType, (value: number) => number>> = {
  f32: Math.fround,
  f64: (value) => value,
  i32: (value) => value | 0,
  u32: (value) => value >>> 0,
  u8: (value) => value & 255,
  bool: (value) => (value !== 0 ? 1 : 0),
};

/**
 * The meaning of an instruction with a result of `dtype` and operands of type `from` (of a select: of its last two).
 * `fma` rounds x·y + z once in f64, so for f32 it is fused up to double rounding, and for f64 it is not fused.
 */
export function scalarFunction(op: ScalarOp, dtype: DType, from: DType): ScalarFunction {
  const wrap = wrapTo[dtype];
  const float = isFloat(dtype);
  switch (op) {
    case "add":
      return (x, y) => wrap(x + y);
    case "sub":
      return (x, y) => wrap(x - y);
    case "mul":
      // A product of 32-bit integers does not fit in an f64.
      return float ? (x, y) => wrap(x * y) : (x, y) => wrap(Math.imul(x, y));
    case "div":
      return float ? (x, y) => wrap(x / y) : (x, y) => (y === 0 ? 0 : wrap(x / y));
    case "rem":
      return float ? (x, y) => x % y : (x, y) => (y === 0 ? 0 : wrap(x % y));
    case "fma":
      return float ? (x, y, z) => wrap(x * y + z) : (x, y, z) => wrap(Math.imul(x, y) + z);
    case "neg":
      return (x) => wrap(-x);
    case "abs":
      return (x) => wrap(Math.abs(x));
    case "min":
      return (x, y) => Math.min(x, y);
    case "max":
      return (x, y) => Math.max(x, y);
    case "sqrt":
      return (x) => wrap(Math.sqrt(x));
    case "floor":
      return Math.floor;
    case "ceil":
      return Math.ceil;
    case "trunc":
      return Math.trunc;
    case "round":
      return roundHalfToEven;
    case "and":
      return (x, y) => wrap(x & y);
    case "or":
      return (x, y) => wrap(x | y);
    case "xor":
      return (x, y) => wrap(x ^ y);
    case "not":
      return dtype === "bool" ? (x) => 1 - x : (x) => wrap(~x);
    case "shl":
      return (x, y) => wrap(x << y);
    case "shr":
      return dtype === "i32" ? (x, y) => x >> y : (x, y) => x >>> y;
    case "eq":
      return (x, y) => (x === y ? 1 : 0);
    case "ne":
      return (x, y) => (x !== y ? 1 : 0);
    case "lt":
      return (x, y) => (x < y ? 1 : 0);
    case "le":
      return (x, y) => (x <= y ? 1 : 0);
    case "gt":
      return (x, y) => (x > y ? 1 : 0);
    case "ge":
      return (x, y) => (x >= y ? 1 : 0);
    case "select":
      return (condition, x, y) => (condition !== 0 ? x : y);
    case "cast":
      return isFloat(from) ? (x) => roundTo(dtype, x) : wrap;
    case "bitcast":
      return bitcast(dtype, from);
    case "exponent":
      return exponentField;
    case "powerOfTwo":
      return shiftedPower;
  }
}

/** The value that a reduction of a type starts from: integers from their limits, truth values from false and true. */
export function startOf(combine: Combine, dtype: DType): number {
  switch (combine) {
    case "sum":
      return 0;
    case "prod":
      return 1;
    case "max":
      return dtype === "bool" ? 0 : roundTo(dtype, -Infinity);
    case "min":
      return dtype === "bool" ? 1 : roundTo(dtype, Infinity);
  }
}

/**
 * One step of a reduction; floats accumulate in f64 and the caller rounds once at the end,
 * because each device has an order of its own and all are compared with the exact value.
 */
export function combineFunction(combine: Combine, dtype: DType): (sum: number, value: number) => number {
  if (combine === "max") return Math.max;
  if (combine === "min") return Math.min;
  if (!isFloat(dtype)) {
    const step = scalarFunction(combine === "sum" ? "add" : "mul", dtype, dtype);
    return (sum, value) => step(sum, value, 0);
  }
  return combine === "sum" ? (sum, value) => sum + value : (product, value) => product * value;
}

function roundHalfToEven(x: number): number {
  // Above 2⁵² every f64 is an integer; adding 2⁵² rounds everything below to one.
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const rounded = Math.abs(x) + 4503599627370496 - 4503599627370496;
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}

const bytes = new DataView(new ArrayBuffer(8));

function bitcast(to: DType, from: DType): ScalarFunction {
  if (to !== "f32" && from !== "f32") return wrapTo[to];
  if (to === "f32") {
    return (x) => {
      bytes.setInt32(0, x);
      return bytes.getFloat32(0);
    };
  }
  return (x) => {
    bytes.setFloat32(0, x);
    return to === "i32" ? bytes.getInt32(0) : bytes.getUint32(0);
  };
}

function exponentField(x: number): number {
  bytes.setFloat64(0, x);
  return ((bytes.getInt32(0) >>> 20) & 0x7ff) - 1023;
}

// bits(x + (1.5·2⁵² + 1023)) << 52: the low 12 bits become sign and exponent.
function shiftedPower(x: number): number {
  bytes.setFloat64(0, x + (6755399441055744 + 1023));
  bytes.setInt32(0, bytes.getInt32(4) << 20);
  bytes.setInt32(4, 0);
  return bytes.getFloat64(0);
}
