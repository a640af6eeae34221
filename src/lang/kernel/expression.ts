import type { DType } from "../../base/dtype.ts";
import type { Coordinate, Guard } from "./coordinate.ts";

/**
 * The scalar instructions. Each renderer has one row for each; transcendental functions are written in them (math.ts).
 * - `max`, `min` give NaN when either side is NaN; `round` rounds half to even; `rem` has the dividend's sign.
 * - integer `div` and `rem` by 0 give 0; shifts take their count modulo 32; `shr` is arithmetic for i32 and logical for u32, u8.
 * - `fma` rounds once where the device has it and after each operation otherwise.
 * - comparisons give bool; `and`, `or`, `xor`, `not` work on bool and integers.
 * - `cast` rounds float to integer towards zero, saturating, NaN to 0; integer to integer keeps the low bits; to bool it means ≠ 0; `bitcast` keeps the 32 bits (f32, i32, u32).
 * - `exponent` and `powerOfTwo` exist for f64 only (f32 has `bitcast`) and stay in f64, so that lanes keep their width.
 *   `exponent` is the exponent field minus 1023, sign ignored: floor(log2 |x|) of a normal x, −1023 for 0 and denormals, 1024 for ±inf and NaN;
 *   as bits: (bits(x) >>> 52 & 0x7ff | bits(2⁵²)) − (2⁵² + 1023), the subtraction in f64.
 *   `powerOfTwo` is 2^x of an integral x from −1022 to 1023 and defined elsewhere by its bits: bits(x + (1.5·2⁵² + 1023)) << 52.
 */
export type ScalarOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "fma"
  | "neg"
  | "abs"
  | "min"
  | "max"
  | "sqrt"
  | "floor"
  | "ceil"
  | "trunc"
  | "round"
  | "and"
  | "or"
  | "xor"
  | "not"
  | "shl"
  | "shr"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "select"
  | "cast"
  | "bitcast"
  | "exponent"
  | "powerOfTwo";

/** A literal number. */
export interface Constant {
  readonly kind: "constant";
  readonly dtype: DType;
  readonly value: number;
}

/** A coordinate as an i32 value (iota, arg-reductions). */
export interface CoordinateValue {
  readonly kind: "coordinate";
  readonly dtype: "i32";
  readonly coordinate: Coordinate;
}

/** buffer[index] where every guard holds, else `fill`; a load whose guard fails touches no memory. */
export interface Load {
  readonly kind: "load";
  readonly dtype: DType;
  readonly buffer: number;
  readonly index: Coordinate;
  readonly guards: readonly Guard[];
  readonly fill: number;
}

/** A scalar instruction applied to expressions. */
export interface Scalar {
  readonly kind: "scalar";
  readonly op: ScalarOp;
  readonly dtype: DType;
  readonly operands: readonly Expression[];
}

/** True where every guard holds. */
export interface Inside {
  readonly kind: "inside";
  readonly dtype: "bool";
  readonly guards: readonly Guard[];
}

/** The value of an earlier reduce statement of the nest (by its position among the reduce statements), or a contraction's sum (0). */
export interface Result {
  readonly kind: "result";
  readonly dtype: DType;
  readonly reduction: number;
}

/** A scalar expression over loop axes: a DAG, sharing by object identity. */
export type Expression = Constant | CoordinateValue | Load | Scalar | Inside | Result;
