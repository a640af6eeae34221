import type { FunctionBuilder, Operand } from "./encoder-function.ts";
import type { PlainOpcode } from "./encoder-opcodes.ts";

type Unary = (x: Operand) => Operand;
type Binary = (x: Operand, y: Operand) => Operand;

/** i32 formulas as operands: `f.set(end, add(start, multiply(count, 4)))`. */
export interface Integers {
  readonly add: Binary;
  readonly subtract: Binary;
  readonly multiply: Binary;
  readonly divide: Binary;
  readonly remainder: Binary;
  readonly and: Binary;
  readonly shiftLeft: Binary;
  readonly shiftRight: Binary;
  readonly equal: Binary;
  readonly less: Binary;
  readonly lessUnsigned: Binary;
  readonly greater: Binary;
  readonly greaterOrEqual: Binary;
  readonly isZero: Unary;
  /** The smaller of two; both must be cheap and without effects, each is evaluated twice. */
  readonly minimum: Binary;
  /** The larger of two; both must be cheap and without effects, each is evaluated twice. */
  readonly maximum: Binary;
  /** x if the condition is not 0, else y; all are evaluated. */
  readonly select: (condition: Operand, x: Operand, y: Operand) => Operand;
  /** The word at an address plus a constant number of bytes. */
  readonly load: (address: Operand, offset?: number) => Operand;
  readonly store: (address: Operand, offset: number, value: Operand) => void;
}

/** Formulas of a function; unsigned division and remainder, signed comparisons unless they say otherwise. */
export function integers(f: FunctionBuilder): Integers {
  const binary =
    (operation: PlainOpcode): Binary =>
    (x, y) =>
    () => {
      f.push(x);
      f.push(y);
      f.emit(operation);
    };
  const choose =
    (operation: PlainOpcode): Binary =>
    (x, y) =>
    () => {
      f.push(x);
      f.push(y);
      f.push(binary(operation)(x, y));
      f.emit("select");
    };
  return {
    add: binary("i32.add"),
    subtract: binary("i32.sub"),
    multiply: binary("i32.mul"),
    divide: binary("i32.div_u"),
    remainder: binary("i32.rem_u"),
    and: binary("i32.and"),
    shiftLeft: binary("i32.shl"),
    shiftRight: binary("i32.shr_u"),
    equal: binary("i32.eq"),
    less: binary("i32.lt_s"),
    lessUnsigned: binary("i32.lt_u"),
    greater: binary("i32.gt_s"),
    greaterOrEqual: binary("i32.ge_s"),
    isZero: (x) => () => {
      f.push(x);
      f.emit("i32.eqz");
    },
    minimum: choose("i32.lt_s"),
    maximum: choose("i32.gt_s"),
    select: (condition, x, y) => () => {
      for (const operand of [x, y, condition]) f.push(operand);
      f.emit("select");
    },
    load:
      (address, offset = 0) =>
      () => {
        f.push(address);
        f.memory("i32.load", offset);
      },
    store: (address, offset, value) => {
      f.push(address);
      f.push(value);
      f.memory("i32.store", offset);
    },
  };
}
