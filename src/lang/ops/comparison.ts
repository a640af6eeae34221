import * as scalar from "../kernel/scalar.ts";
import { type Binary, elementwise, elementwiseBinary, type Unary } from "./elementwise.ts";

/**
 * x = y elementwise, as bool; NaN equals nothing.
 *
 * @example
 * ```ts
 * eq(tensor([1, 2]), 2); // [false, true]
 * ```
 */
export const eq: Binary = /*#__PURE__*/ elementwiseBinary("eq", {
  dtypes: "any",
  result: "bool",
  lower: scalar.eq,
  reference: (x, y) => Number(x === y),
});

/**
 * x ≠ y elementwise, as bool; NaN differs from everything.
 *
 * @example
 * ```ts
 * ne(tensor([1, 2]), 2); // [true, false]
 * ```
 */
export const ne: Binary = /*#__PURE__*/ elementwiseBinary("ne", {
  dtypes: "any",
  result: "bool",
  lower: scalar.ne,
  reference: (x, y) => Number(x !== y),
});

/**
 * x < y elementwise, as bool.
 *
 * @example
 * ```ts
 * lt(tensor([-1, 2]), 0); // [true, false]
 * ```
 */
export const lt: Binary = /*#__PURE__*/ elementwiseBinary("lt", {
  dtypes: "number",
  result: "bool",
  lower: scalar.lt,
  reference: (x, y) => Number(x < y),
});

/**
 * x ≤ y elementwise, as bool.
 *
 * @example
 * ```ts
 * le(tensor([1, 2]), 1); // [true, false]
 * ```
 */
export const le: Binary = /*#__PURE__*/ elementwiseBinary("le", {
  dtypes: "number",
  result: "bool",
  lower: scalar.le,
  reference: (x, y) => Number(x <= y),
});

/**
 * x > y elementwise, as bool.
 *
 * @example
 * ```ts
 * gt(tensor([-1, 2]), 0); // [false, true]
 * ```
 */
export const gt: Binary = /*#__PURE__*/ elementwiseBinary("gt", {
  dtypes: "number",
  result: "bool",
  lower: scalar.gt,
  reference: (x, y) => Number(x > y),
});

/**
 * x ≥ y elementwise, as bool.
 *
 * @example
 * ```ts
 * ge(tensor([-1, 0]), 0); // [false, true]
 * ```
 */
export const ge: Binary = /*#__PURE__*/ elementwiseBinary("ge", {
  dtypes: "number",
  result: "bool",
  lower: scalar.ge,
  reference: (x, y) => Number(x >= y),
});

/**
 * x ∧ y: of truth values, or of each bit of integers.
 *
 * @example
 * ```ts
 * and(tensor([true, true]), tensor([true, false])); // [true, false]
 * ```
 */
export const and: Binary = /*#__PURE__*/ elementwiseBinary("and", {
  dtypes: "bits",
  lower: scalar.and,
  reference: (x, y) => x & y,
});

/**
 * x ∨ y: of truth values, or of each bit of integers.
 *
 * @example
 * ```ts
 * or(tensor([true, false]), tensor([false, false])); // [true, false]
 * ```
 */
export const or: Binary = /*#__PURE__*/ elementwiseBinary("or", {
  dtypes: "bits",
  lower: scalar.or,
  reference: (x, y) => x | y,
});

/**
 * Exclusive or: of truth values, or of each bit of integers.
 *
 * @example
 * ```ts
 * xor(tensor([true, true]), tensor([true, false])); // [false, true]
 * ```
 */
export const xor: Binary = /*#__PURE__*/ elementwiseBinary("xor", {
  dtypes: "bits",
  lower: scalar.xor,
  reference: (x, y) => x ^ y,
});

/**
 * ¬x: of truth values, or of each bit of integers.
 *
 * @example
 * ```ts
 * not(tensor([true, false])); // [false, true]
 * ```
 */
export const not: Unary = /*#__PURE__*/ elementwise("not", {
  dtypes: "bits",
  lower: scalar.not,
  reference: (x, dtype) => (dtype === "bool" ? 1 - x : ~x),
});

/**
 * x · 2^y of integers, without the bits that leave; y counts modulo 32.
 *
 * @example
 * ```ts
 * shiftLeft(tensor([1, 5], { dtype: "i32" }), 3); // [8, 40]
 * ```
 */
export const shiftLeft: Binary = /*#__PURE__*/ elementwiseBinary("shiftLeft", {
  dtypes: "integer",
  lower: scalar.shl,
  reference: (x, y) => x << y,
});

/**
 * ⌊x / 2^y⌋ of integers (i32 keeps its sign); y counts modulo 32.
 *
 * @example
 * ```ts
 * shiftRight(tensor([8, -8], { dtype: "i32" }), 3); // [1, -1]
 * ```
 */
export const shiftRight: Binary = /*#__PURE__*/ elementwiseBinary("shiftRight", {
  dtypes: "integer",
  lower: scalar.shr,
  reference: (x, y, dtype) => (dtype === "i32" ? x >> y : x >>> y),
});
