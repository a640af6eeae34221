import { type DType, isFloat } from "../../../base/dtype.ts";
import type { LaneNode } from "../nest/nodes.ts";
import type { FunctionBuilder } from "./encoder.ts";
import { remainderFunction } from "./helpers.ts";
import {
  type ApplyNode,
  type FloatPrefix,
  type LaneStack,
  prefixOf,
  signOf,
  splatInteger,
  unknownInstruction,
  widthFor,
  wrap,
  zeroVector,
} from "./lanes-basic.ts";
import { emitByLane, emitInteger, emitIntegerDivision, emitShift } from "./lanes-integer.ts";

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

function emitFloatRemainder(stack: LaneStack, prefix: FloatPrefix): void {
  const { f } = stack;
  const remainder = remainderFunction(stack.module);
  if (prefix === "f64x2") emitByLane(stack, prefix, () => f.call(remainder));
  // The remainder of two f32 is an f32: no rounding happens on the way back.
  else emitByLane(stack, prefix, () => f.call(remainder), "f64.promote_f32", "f32.demote_f64");
}
