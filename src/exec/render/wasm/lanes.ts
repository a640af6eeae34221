import { type DType, isFloat } from "../../../base/dtype.ts";
import type { FunctionBuilder, Local, ModuleBuilder, ValueType } from "./encoder.ts";
import { remainderFunction } from "./helpers.ts";
import type { LaneNode } from "./nodes.ts";

/** What the instructions below need: a place for code, and operands on the stack. */
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

type ApplyNode = Extract<LaneNode, { kind: "apply" }>;
type FloatPrefix = "f32x4" | "f64x2";

function prefixOf(dtype: DType): FloatPrefix {
  return dtype === "f64" ? "f64x2" : "f32x4";
}

function widthFor(dtype: DType): 32 | 64 {
  return dtype === "f64" ? 64 : 32;
}

function signOf(dtype: DType): "s" | "u" {
  return dtype === "u32" ? "u" : "s";
}

/** Puts the value of an instruction on the stack. */
export function emitApply(stack: LaneStack, node: ApplyNode, copy: number): void {
  const { op, dtype, operands } = node;
  if (op === "select" || op === "keep" || op === "clear") emitSelect(stack, node, copy);
  else if (op === "cast") emitCast(stack, dtype, operands[0], copy);
  else if (op === "bitcast") stack.push(operands[0], copy);
  else if (dtype === "bool") emitBool(stack, node, copy);
  else if (isFloat(dtype)) emitFloat(stack, node, dtype, copy);
  else if (op === "div" || op === "rem") emitIntegerDivision(stack, node, copy);
  else if (op === "shl" || op === "shr") emitShift(stack, node, op, copy);
  else emitInteger(stack, node, copy);
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

// u8 lives in 32-bit lanes.
function wrap(f: FunctionBuilder, dtype: DType): void {
  if (dtype !== "u8") return;
  splatInteger(f, 255);
  f.emit("v128.and");
}

function emitSelect(stack: LaneStack, node: ApplyNode, copy: number): void {
  const { f } = stack;
  const width = stack.widthOf(node);
  const [condition, ...values] = node.operands;
  for (const value of values) stack.push(value, copy, width);
  stack.push(condition, copy, width);
  f.emit(node.op === "select" ? "v128.bitselect" : node.op === "keep" ? "v128.and" : "v128.andnot");
}

function emitCast(stack: LaneStack, to: DType, operand: LaneNode, copy: number): void {
  const { f } = stack;
  const from = operand.dtype;
  if (to === "bool") {
    stack.push(operand, copy);
    if (from === "bool") return;
    zeroVector(f);
    f.emit(isFloat(from) ? `${prefixOf(from)}.ne` : "i32x4.ne");
  } else if (from === "bool") {
    stack.push(operand, copy, widthFor(to));
    if (isFloat(to)) {
      if (to === "f32") f.f32(1);
      else f.f64(1);
      f.emit(`${prefixOf(to)}.splat`, "v128.and");
    } else {
      f.i32(31);
      f.emit("i32x4.shr_u");
    }
  } else {
    stack.push(operand, copy);
    if (isFloat(from)) castFloat(f, from, to);
    else if (to === "f32") f.emit(`f32x4.convert_i32x4_${signOf(from)}`);
    else if (to === "f64") f.emit(`f64x2.convert_low_i32x4_${signOf(from)}`);
    else wrap(f, to);
  }
}

function castFloat(f: FunctionBuilder, from: "f32" | "f64", to: DType): void {
  if (to === from) return;
  if (to === "f64") f.emit("f64x2.promote_low_f32x4");
  else if (to === "f32") f.emit("f32x4.demote_f64x2_zero");
  else {
    const sign = to === "i32" ? "s" : "u";
    f.emit(from === "f32" ? `i32x4.trunc_sat_f32x4_${sign}` : `i32x4.trunc_sat_f64x2_${sign}_zero`);
    if (to !== "u8") return;
    splatInteger(f, 255);
    f.emit("i32x4.min_u");
  }
}

function emitBool(stack: LaneStack, node: ApplyNode, copy: number): void {
  const { f } = stack;
  const { op, operands } = node;
  switch (op) {
    case "and":
    case "or":
    case "xor":
    case "not":
      for (const operand of operands) stack.push(operand, copy, stack.widthOf(node));
      f.emit(`v128.${op}`);
      return;
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const { dtype } = operands[0];
      // Truth is −1 in a mask: the order of integers is reversed.
      const [left, right] = dtype === "bool" ? [operands[1], operands[0]] : operands;
      stack.push(left, copy, widthFor(dtype));
      stack.push(right, copy, widthFor(dtype));
      if (isFloat(dtype)) f.emit(`${prefixOf(dtype)}.${op}`);
      else f.emit(op === "eq" || op === "ne" ? `i32x4.${op}` : `i32x4.${op}_${signOf(dtype)}`);
      return;
    }
    default:
      throw unknownInstruction(node);
  }
}

function emitFloat(stack: LaneStack, node: ApplyNode, dtype: "f32" | "f64", copy: number): void {
  const { f } = stack;
  const { op, operands } = node;
  const prefix = prefixOf(dtype);
  for (const operand of operands) stack.push(operand, copy);
  switch (op) {
    case "rem":
      emitFloatRemainder(stack, prefix);
      return;
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "neg":
    case "abs":
    case "min":
    case "max":
    case "pmin":
    case "pmax":
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
      f.emit(`${prefix}.${op}`);
      return;
    case "round":
      f.emit(`${prefix}.nearest`);
      return;
    case "exponent":
      // (bits >>> 52 & 0x7ff | bits(2⁵²)) − (2⁵² + 1023)
      f.i32(52);
      f.emit("i64x2.shr_u");
      f.v128([0xff, 7, 0, 0, 0, 0, 0, 0, 0xff, 7, 0, 0, 0, 0, 0, 0]);
      f.emit("v128.and");
      f.v128([0, 0, 0, 0, 0, 0, 0x30, 0x43, 0, 0, 0, 0, 0, 0, 0x30, 0x43]);
      f.emit("v128.or");
      f.f64(2 ** 52 + 1023);
      f.emit("f64x2.splat", "f64x2.sub");
      return;
    case "powerOfTwo":
      // bits(x + (1.5·2⁵² + 1023)) << 52
      f.f64(1.5 * 2 ** 52 + 1023);
      f.emit("f64x2.splat", "f64x2.add");
      f.i32(52);
      f.emit("i64x2.shl");
      return;
    default:
      throw unknownInstruction(node);
  }
}

function emitInteger(stack: LaneStack, node: ApplyNode, copy: number): void {
  const { f } = stack;
  const { op, dtype, operands, count } = node;
  for (const operand of operands) stack.push(operand, copy);
  switch (op) {
    case "add":
    case "mul":
    case "max":
    case "min":
      emitPair(f, op, dtype);
      return;
    case "sub":
    case "neg":
      f.emit(`i32x4.${op}`);
      wrap(f, dtype);
      return;
    case "abs":
      if (dtype === "i32") f.emit("i32x4.abs");
      return;
    case "and":
    case "or":
    case "xor":
      f.emit(`v128.${op}`);
      return;
    case "not":
      f.emit("v128.not");
      wrap(f, dtype);
      return;
    case "shlBy":
      f.i32(count);
      f.emit("i32x4.shl");
      wrap(f, dtype);
      return;
    case "shrBy":
      f.i32(count);
      f.emit(dtype === "i32" ? "i32x4.shr_s" : "i32x4.shr_u");
      return;
    default:
      throw unknownInstruction(node);
  }
}

// Lanes can only be shifted by one common count; different counts go lane by lane.
function emitShift(stack: LaneStack, node: ApplyNode, op: "shl" | "shr", copy: number): void {
  const { f } = stack;
  const { dtype, operands } = node;
  const [value, count] = operands;
  stack.push(value, copy);
  stack.push(count, copy);
  if (stack.isUniform(count)) {
    f.lane("i32x4.extract_lane", 0);
    f.emit(op === "shl" ? "i32x4.shl" : dtype === "i32" ? "i32x4.shr_s" : "i32x4.shr_u");
  } else {
    emitByLane(stack, "i32x4", () =>
      f.emit(op === "shl" ? "i32.shl" : dtype === "i32" ? "i32.shr_s" : "i32.shr_u"),
    );
  }
  if (op === "shl") wrap(f, dtype);
}

function emitFloatRemainder(stack: LaneStack, prefix: FloatPrefix): void {
  const { f } = stack;
  const remainder = remainderFunction(stack.module);
  if (prefix === "f64x2") emitByLane(stack, prefix, () => f.call(remainder));
  // The remainder of two f32 is an f32: no rounding happens on the way back.
  else emitByLane(stack, prefix, () => f.call(remainder), "f64.promote_f32", "f32.demote_f64");
}

// Replaces the two vectors on the stack by what `operation` makes of each pair of their lanes.
function emitByLane(
  stack: LaneStack,
  prefix: "i32x4" | FloatPrefix,
  operation: () => void,
  before?: "f64.promote_f32",
  after?: "f32.demote_f64",
): void {
  const { f, lanes } = stack;
  stack.borrow("v128", (right) => {
    f.set(right);
    stack.borrow("v128", (left) => {
      f.tee(left);
      for (let lane = 0; lane < lanes; lane++) {
        for (const operand of [left, right]) {
          f.get(operand);
          f.lane(`${prefix}.extract_lane`, lane);
          if (before !== undefined) f.emit(before);
        }
        operation();
        if (after !== undefined) f.emit(after);
        f.lane(`${prefix}.replace_lane`, lane);
      }
    });
  });
}

// 32-bit quotients are exact in f64 up to rounding, which never crosses an integer.
function emitIntegerDivision(stack: LaneStack, node: ApplyNode, copy: number): void {
  const { f } = stack;
  const { op, dtype, operands } = node;
  stack.borrow("v128", (left) => {
    stack.borrow("v128", (right) => {
      stack.push(operands[0], copy);
      f.set(left);
      stack.push(operands[1], copy);
      f.set(right);
      if (op === "rem") f.get(left);
      emitQuotient(stack, left, right, signOf(dtype));
      if (dtype === "i32") {
        // −2³¹ / −1 wraps to itself.
        stack.borrow("v128", (quotient) => {
          f.set(quotient);
          f.get(left);
          f.emit("i32x4.neg");
          f.get(quotient);
          f.get(right);
          splatInteger(f, -1);
          f.emit("i32x4.eq", "v128.bitselect");
        });
      }
      if (op === "rem") {
        f.get(right);
        f.emit("i32x4.mul", "i32x4.sub");
      }
      f.get(right);
      zeroVector(f);
      f.emit("i32x4.ne", "v128.and");
    });
  });
}

function emitQuotient(stack: LaneStack, left: Local, right: Local, sign: "s" | "u"): void {
  const { f } = stack;
  const half = (words: readonly number[] | undefined): void => {
    for (const operand of [left, right]) {
      f.get(operand);
      if (words !== undefined) {
        f.get(operand);
        f.shuffleWords(words);
      }
      f.emit(`f64x2.convert_low_i32x4_${sign}`);
    }
    f.emit("f64x2.div", `i32x4.trunc_sat_f64x2_${sign}_zero`);
  };
  half(undefined);
  if (stack.lanes === 2) return;
  half([2, 3, 2, 3]);
  f.shuffleWords([0, 1, 4, 5]);
}

function unknownInstruction({ op, dtype }: ApplyNode): TypeError {
  return new TypeError(`no instruction ${op} for ${dtype}`);
}
