import { type DType, isFloat } from "../../../base/dtype.ts";
import type { LaneNode } from "../nest/nodes.ts";
import type { FunctionBuilder, Local, ModuleBuilder, ValueType } from "./encoder.ts";

/** An instruction applied to lanes. */
export type ApplyNode = Extract<LaneNode, { kind: "apply" }>;
/** The prefixes of float instructions. */
export type FloatPrefix = "f32x4" | "f64x2";

/** What the instructions on lanes need: a place for code, and operands on the stack. */
export interface LaneStack {
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly lanes: 2 | 4;
  /** Puts a node on the stack; a mask as wide as `width` says. */
  push(node: LaneNode, copy: number, width?: 32 | 64): void;
  /** The width of a node's lanes. */
  widthOf(node: LaneNode): 32 | 64;
  /** Lends a local. */
  borrow(type: ValueType, body: (local: Local) => void): void;
  /** True when a node is the same in every lane here. */
  isUniform(node: LaneNode): boolean;
}

/** Combines the two vectors on the stack as an instruction would. */
export function emitPair(f: FunctionBuilder, op: "add" | "mul" | "max" | "min", dtype: DType): void {
  if (isFloat(dtype)) f.emit(`${prefixOf(dtype)}.${op}`);
  else if (dtype === "bool") f.emit(op === "max" ? "v128.or" : "v128.and");
  else if (op === "max" || op === "min") f.emit(`i32x4.${op}_${signOf(dtype)}`);
  else {
    f.emit(`i32x4.${op}`);
    wrap(f, dtype);
  }
}

/** Puts one 32-bit integer in every lane. */
export function splatInteger(f: FunctionBuilder, value: number): void {
  f.i32(value);
  f.emit("i32x4.splat");
}

/** Puts a vector of zeros on the stack. */
export function zeroVector(f: FunctionBuilder): void {
  f.v128(new Uint8Array(16));
}

/** Brings the mask on the stack from one lane width to another. */
export function convertMask(f: FunctionBuilder, from: 32 | 64, to: 32 | 64): void {
  if (from === to) return;
  if (to === 64) f.emit("i64x2.extend_low_i32x4_s");
  else {
    zeroVector(f);
    f.shuffleWords([0, 2, 0, 2]);
  }
}

/** Brings the sum on the stack back into its type: u8 lives in 32-bit lanes. */
export function wrap(f: FunctionBuilder, dtype: DType): void {
  if (dtype !== "u8") return;
  splatInteger(f, 255);
  f.emit("v128.and");
}

/** The prefix of a float type's instructions. */
export function prefixOf(dtype: DType): FloatPrefix {
  return dtype === "f64" ? "f64x2" : "f32x4";
}

/** The width of the lanes that hold a type. */
export function widthFor(dtype: DType): 32 | 64 {
  return dtype === "f64" ? 64 : 32;
}

/** The suffix of instructions that tell signed from unsigned integers. */
export function signOf(dtype: DType): "s" | "u" {
  return dtype === "u32" ? "u" : "s";
}

/** What to throw for an instruction that a type does not have. */
export function unknownInstruction({ op, dtype }: ApplyNode): TypeError {
  return new TypeError(`no instruction ${op} for ${dtype}`);
}
