import { type DType, dtypeFacts, isFloat, roundTo, type TypedArray } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { Coordinate, Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression, ScalarOp } from "../../../lang/kernel/expression.ts";
import type { KernelBuffer, LoopNest, Statement } from "../../../lang/kernel/kernel.ts";
import { cast } from "../../../lang/kernel/scalar.ts";

/** A random integer from 0 to n − 1. */
export type Pick = (n: number) => number;

/** A random well-formed loop nest with its arrays. */
export interface RandomNest {
  readonly nest: LoopNest;
  readonly arrays: TypedArray[];
  /** True when float sums make the result depend on the order of additions. */
  readonly inexact: boolean;
}

const floatOps: readonly ScalarOp[] = [
  ...(["add", "sub", "mul", "div", "rem", "neg", "abs", "min", "max"] as const),
  ...(["sqrt", "floor", "ceil", "trunc", "round"] as const),
];
const integerOps: readonly ScalarOp[] = [
  ...(["add", "sub", "mul", "div", "rem", "fma", "neg", "abs", "min", "max"] as const),
  ...(["and", "or", "xor", "not", "shl", "shr"] as const),
];
const comparisons: readonly ScalarOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const arity: Partial<Record<ScalarOp, number>> = { fma: 3 };
for (const op of ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "round", "not", "exponent"] as const)
  arity[op] = 1;

/** Makes random loop nests of some element types. */
export class NestGenerator {
  readonly #pick: Pick;
  readonly #types: readonly DType[];
  readonly #buffers: KernelBuffer[] = [];
  readonly #arrays: TypedArray[] = [];
  readonly #extents: number[] = [];
  readonly #results: DType[] = [];
  readonly #loads: Expression[] = [];
  #rank = 0;
  #inexact = false;

  constructor(pick: Pick, types: readonly DType[]) {
    this.#pick = pick;
    this.#types = types;
  }

  nest(): RandomNest {
    const space = this.#shape(3);
    const inner = this.#pick(2) === 0 ? [] : this.#shape(2);
    const all = space.length + inner.length;
    this.#extents.push(...space, ...inner);
    const statements: Statement[] = [];
    const count = 1 + this.#pick(4);
    for (let k = 0; k < count; k++) {
      const kind = this.#pick(inner.length > 0 ? 4 : 2);
      this.#rank = kind < 2 ? space.length : all;
      if (kind === 2) statements.push(this.#reduce());
      else statements.push(this.#store(kind < 2 ? "outer" : "inner"));
    }
    this.#rank = space.length;
    statements.push(this.#store("outer"));
    const nest: LoopNest = {
      kind: "loops",
      name: "random",
      space,
      inner,
      buffers: this.#buffers,
      statements,
    };
    return { nest, arrays: this.#arrays, inexact: this.#inexact };
  }

  #shape(rank: number): number[] {
    return Array.from({ length: this.#pick(rank + 1) }, () =>
      this.#pick(4) === 0 ? 8 + this.#pick(30) : 1 + this.#pick(7),
    );
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#pick(list.length)];
  }

  #reduce(): Statement {
    const dtype = this.#one(this.#types);
    const extremes = ["max", "min"] as const;
    // Products of floats overflow in one order and not in another.
    const sums = isFloat(dtype) ? (["sum", ...extremes] as const) : (["sum", "prod", ...extremes] as const);
    const combine = this.#one(dtype === "bool" ? extremes : sums);
    if (isFloat(dtype) && combine === "sum") this.#inexact = true;
    const value = this.#expression(dtype, 2);
    this.#results.push(dtype);
    return { kind: "reduce", combine, value };
  }

  #store(level: "outer" | "inner"): Statement {
    const dtype = this.#one(this.#types);
    const add = dtype !== "bool" && this.#pick(4) === 0;
    if (add && isFloat(dtype)) this.#inexact = true;
    const order = Array.from({ length: this.#rank }, (_, axis) => axis);
    if (this.#pick(3) === 0) order.reverse();
    const coefficients = new Array<number>(this.#rank).fill(0);
    let stride = this.#pick(5) === 0 ? 2 : 1;
    for (let k = order.length - 1; k >= 0; k--) {
      // An add store may drop axes; the others must not meet.
      if (add && this.#pick(3) === 0) continue;
      coefficients[order[k]] = stride;
      stride *= this.#extents[order[k]];
    }
    const guards = this.#pick(4) === 0 ? this.#guards() : [];
    const index: Coordinate = { offset: this.#pick(3), coefficients, dynamic: [] };
    const buffer = this.#buffer(dtype, this.#span(index), "update");
    const load: Expression = { kind: "load", dtype, buffer, index, guards: [], fill: 0 };
    const usesOld = !add && level === "outer" && this.#pick(2) === 0;
    if (usesOld) this.#loads.push(load);
    let value = this.#expression(dtype, 3);
    if (usesOld) {
      this.#loads.pop();
      if (dtype !== "bool") value = { kind: "scalar", op: "max", dtype, operands: [value, load] };
    }
    return { kind: "store", level, mode: add ? "add" : "set", buffer, index, guards, value };
  }

  #expression(dtype: DType, depth: number): Expression {
    const old = this.#loads.filter((load) => load.dtype === dtype);
    if (old.length > 0 && this.#pick(4) === 0) return this.#one(old);
    if (depth === 0 || this.#pick(5) === 0) return this.#leaf(dtype);
    const other = (): Expression => this.#expression(dtype, depth - 1);
    const kind = this.#pick(5);
    if (kind === 0) {
      const condition = this.#expression("bool", depth - 1);
      return { kind: "scalar", op: "select", dtype, operands: [condition, other(), other()] };
    }
    if (kind === 1) return cast(this.#expression(this.#one(this.#types), depth - 1), dtype);
    if (dtype === "bool") {
      if (this.#pick(3) === 0) return { kind: "inside", dtype, guards: this.#guards() };
      if (kind === 2) return { kind: "scalar", op: "not", dtype, operands: [other()] };
      if (kind === 3) {
        const op = this.#one(["and", "or", "xor"] as const);
        return { kind: "scalar", op, dtype, operands: [other(), other()] };
      }
      const compared = this.#one(this.#types);
      const side = (): Expression => this.#expression(compared, depth - 1);
      return { kind: "scalar", op: this.#one(comparisons), dtype, operands: [side(), side()] };
    }
    if (kind === 2 && isFloat(dtype)) {
      // The shapes that become pmin and pmax.
      const [x, y] = [other(), this.#pick(2) === 0 ? other() : this.#constant(dtype)];
      const condition: Expression = {
        kind: "scalar",
        op: this.#one(comparisons),
        dtype: "bool",
        operands: [x, y],
      };
      const operands = this.#pick(2) === 0 ? [condition, x, y] : [condition, y, x];
      return { kind: "scalar", op: "select", dtype, operands };
    }
    const op = this.#one(
      dtype === "f64" ? [...floatOps, "exponent" as const] : isFloat(dtype) ? floatOps : integerOps,
    );
    const operands = Array.from({ length: arity[op] ?? 2 }, other);
    if ((op === "shl" || op === "shr") && this.#pick(2) === 0) operands[1] = this.#constant(dtype);
    return { kind: "scalar", op, dtype, operands };
  }

  #leaf(dtype: DType): Expression {
    const results = this.#results.flatMap((type, reduction) => (type === dtype ? [reduction] : []));
    if (results.length > 0 && this.#pick(2) === 0)
      return { kind: "result", dtype, reduction: this.#one(results) };
    switch (this.#pick(6)) {
      case 0:
        return this.#constant(dtype);
      case 1:
        return dtype === "i32"
          ? { kind: "coordinate", dtype, coordinate: this.#coordinate() }
          : this.#load(dtype);
      case 2:
        return this.#gather(dtype);
      case 3:
        if (dtype === "u32" && this.#types.includes("f32")) {
          return { kind: "scalar", op: "bitcast", dtype, operands: [this.#load("f32")] };
        }
        return this.#load(dtype);
      default:
        return this.#load(dtype);
    }
  }

  #constant(dtype: DType): Expression {
    return { kind: "constant", dtype, value: this.#number(dtype) };
  }

  #load(dtype: DType): Expression {
    const index = this.#coordinate();
    if (this.#pick(3) > 0) {
      const buffer = this.#buffer(dtype, this.#span(index), "read");
      return { kind: "load", dtype, buffer, index, guards: [], fill: 0 };
    }
    // A padded load: the guard keeps the index inside.
    const padded = { ...index, offset: index.offset - this.#pick(4) };
    const extent = Math.max(0, this.#span(index) - this.#pick(3));
    const buffer = this.#buffer(dtype, extent, "read");
    return {
      kind: "load",
      dtype,
      buffer,
      index: padded,
      guards: [{ coordinate: padded, extent }],
      fill: this.#number(dtype),
    };
  }

  #gather(dtype: DType): Expression {
    const rows = 1 + this.#pick(5);
    const where = this.#coordinate();
    const indices = this.#buffer("i32", this.#span(where), "read", (k) => (k * 7 + 3) % rows);
    const value: Expression = {
      kind: "load",
      dtype: "i32",
      buffer: indices,
      index: where,
      guards: [],
      fill: 0,
    };
    const along = this.#coordinate();
    const width = this.#span(along);
    const index = { ...along, dynamic: [{ stride: width, value }] };
    return {
      kind: "load",
      dtype,
      buffer: this.#buffer(dtype, rows * width, "read"),
      index,
      guards: [],
      fill: 0,
    };
  }

  #guards(): Guard[] {
    return Array.from({ length: 1 + this.#pick(2) }, () => {
      const coordinate = this.#coordinate();
      return {
        coordinate: { ...coordinate, offset: coordinate.offset - this.#pick(3) },
        extent: 1 + this.#pick(this.#span(coordinate)),
      };
    });
  }

  // An affine index whose smallest value is 0.
  #coordinate(): Coordinate {
    const coefficients = new Array<number>(this.#rank).fill(0);
    let stride = 1;
    let offset = 0;
    const last = this.#rank - 1;
    const contiguous = this.#pick(2) === 0;
    for (let axis = last; axis >= 0; axis--) {
      const kind = contiguous ? 9 : this.#pick(10);
      if (kind < 3) continue;
      coefficients[axis] = stride;
      if (kind === 3) coefficients[axis] = -stride;
      if (kind === 4) coefficients[axis] = 1;
      if (kind === 5) coefficients[axis] = 2 * stride;
      if (coefficients[axis] < 0) offset -= coefficients[axis] * (this.#extents[axis] - 1);
      stride *= this.#extents[axis];
    }
    return { offset, coefficients, dynamic: [] };
  }

  // One more than the largest value of a coordinate whose smallest value is not negative.
  #span({ offset, coefficients }: Coordinate): number {
    return (
      coefficients.reduce((sum, c, axis) => sum + Math.max(0, c) * (this.#extents[axis] - 1), offset) + 1
    );
  }

  #buffer(
    dtype: DType,
    length: number,
    access: KernelBuffer["access"],
    value: (k: number) => number = () => this.#number(dtype),
  ): number {
    const values = Array.from({ length: Math.min(length, 11) }, (_, k) => value(k));
    const array = dtypeFacts[dtype].create(length);
    for (let k = 0; k < length; k++) array[k] = values[(k * 5 + (k >> 3)) % values.length];
    this.#arrays.push(array);
    return this.#buffers.push({ dtype, access }) - 1;
  }

  #number(dtype: DType): number {
    const near = this.#pick(9) - 4;
    switch (this.#pick(8)) {
      case 0:
        return isFloat(dtype) ? near / 4 : roundTo(dtype, near);
      case 1:
        return roundTo(dtype, this.#one([0, -0, 1e5, -3e4, 4294967295, -2147483648, 255, 0.3]));
      default:
        return roundTo(dtype, isFloat(dtype) || dtype === "i32" ? near : Math.abs(near));
    }
  }
}

/** The number of points of a nest. */
export function pointsOf(nest: LoopNest): number {
  return sizeOf([...nest.space, ...nest.inner]);
}
