import type { Local } from "./encoder.ts";
import {
  type ApplyNode,
  emitPair,
  type FloatPrefix,
  type LaneStack,
  signOf,
  splatInteger,
  unknownInstruction,
  wrap,
  zeroVector,
} from "./lanes-basic.ts";

/** Puts the value of an integer instruction on the stack. */
export function emitInteger(stack: LaneStack, node: ApplyNode, copy: number): void {
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

/** Shifts lanes: by one common count, or lane by lane where the counts differ. */
export function emitShift(stack: LaneStack, node: ApplyNode, op: "shl" | "shr", copy: number): void {
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

/** Replaces the two vectors on the stack by what `operation` makes of each pair of their lanes. */
export function emitByLane(
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

/** Quotient or remainder: 32-bit quotients are exact in f64 up to rounding, which never crosses an integer. */
export function emitIntegerDivision(stack: LaneStack, node: ApplyNode, copy: number): void {
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
