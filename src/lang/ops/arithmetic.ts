import { isFloat } from "../../base/dtype.ts";
import * as scalar from "../kernel/scalar.ts";
import { add, type Binary, elementwise, elementwiseBinary, type Unary } from "./elementwise.ts";

export { add };

/** −x; unsigned integers wrap around. */
export const neg: Unary = /*#__PURE__*/ elementwise("neg", {
  dtypes: "number",
  derivative: (dx) => neg(dx),
  transpose: (cotangent) => neg(cotangent),
  lower: scalar.neg,
  reference: (x) => -x,
});

/** x − y, broadcast to one shape. */
export const sub: Binary = /*#__PURE__*/ elementwiseBinary("sub", {
  dtypes: "number",
  derivative: [(dx) => dx, (dy) => neg(dy)],
  transpose: [(cotangent) => cotangent, (cotangent) => neg(cotangent)],
  lower: scalar.sub,
  reference: (x, y) => x - y,
});

/** x · y elementwise, broadcast to one shape. */
export const mul: Binary = /*#__PURE__*/ elementwiseBinary("mul", {
  dtypes: "number",
  derivative: [(dx, _, y) => mul(dx, y), (dy, x) => mul(x, dy)], // ż = ẋ y + x ẏ
  transpose: [(cotangent, _, y) => mul(cotangent, y), (cotangent, x) => mul(x, cotangent)],
  lower: scalar.mul,
  reference: (x, y, dtype) => (isFloat(dtype) ? x * y : Math.imul(x, y)),
});

/** x / y, broadcast to one shape; integers round towards zero and x / 0 = 0. */
export const div: Binary = /*#__PURE__*/ elementwiseBinary("div", {
  dtypes: "number",
  derivative: [(dx, _, y) => div(dx, y), (dy, _, y, z) => neg(mul(div(dy, y), z))], // ż = (ẋ − z ẏ) / y
  transpose: [(cotangent, _, y) => div(cotangent, y)],
  ranges: [
    [-2, 2],
    [0.5, 2],
  ],
  lower: scalar.div,
  reference: (x, y, dtype) => (isFloat(dtype) ? x / y : truncatedQuotient(x, y)),
});

function truncatedQuotient(x: number, y: number): number {
  return y === 0 ? 0 : Math.trunc(x / y);
}
