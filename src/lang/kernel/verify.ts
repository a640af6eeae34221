import { type DType, dtypeFacts, isFloat, isInteger, roundTo } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import type { Coordinate, Guard } from "./coordinate.ts";
import type { Expression, Scalar, ScalarOp } from "./expression.ts";
import type { Check, Contraction, Kernel, LoopNest, Reduce, Store } from "./kernel.ts";
import { printCoordinate, printExpression } from "./print.ts";

type Family =
  | "arithmetic"
  | "float"
  | "f64"
  | "bits"
  | "shift"
  | "comparison"
  | "select"
  | "cast"
  | "bitcast";

// Arity and typing rule of every instruction.
const rules: Readonly<Record<ScalarOp, readonly [arity: number, family: Family]>> = {
  add: [2, "arithmetic"],
  sub: [2, "arithmetic"],
  mul: [2, "arithmetic"],
  div: [2, "arithmetic"],
  rem: [2, "arithmetic"],
  fma: [3, "arithmetic"],
  neg: [1, "arithmetic"],
  abs: [1, "arithmetic"],
  min: [2, "arithmetic"],
  max: [2, "arithmetic"],
  sqrt: [1, "float"],
  floor: [1, "float"],
  ceil: [1, "float"],
  trunc: [1, "float"],
  round: [1, "float"],
  and: [2, "bits"],
  or: [2, "bits"],
  xor: [2, "bits"],
  not: [1, "bits"],
  shl: [2, "shift"],
  shr: [2, "shift"],
  eq: [2, "comparison"],
  ne: [2, "comparison"],
  lt: [2, "comparison"],
  le: [2, "comparison"],
  gt: [2, "comparison"],
  ge: [2, "comparison"],
  select: [3, "select"],
  cast: [1, "cast"],
  bitcast: [1, "bitcast"],
  exponent: [1, "f64"],
  powerOfTwo: [1, "f64"],
};

/** Throws a NeuriteError unless a kernel is well formed: its axes, buffers, results and element types agree. */
export function verifyKernel(kernel: Kernel): void {
  switch (kernel.kind) {
    case "loops":
      verifyLoopNest(kernel);
      break;
    case "contraction":
      verifyContraction(kernel);
      break;
    case "routine":
      verifyRoutine(kernel);
      break;
  }
}

function verifyRoutine(kernel: Extract<Kernel, { kind: "routine" }>): void {
  const agree = kernel.buffers.length === kernel.types.length;
  if (!agree || !kernel.buffers.every((buffer, i) => buffer.dtype === kernel.types[i].dtype)) {
    throw new NeuriteError({
      operation: `kernel '${kernel.name}'`,
      got: `buffers ${kernel.buffers.map((buffer) => buffer.dtype).join(", ")}`,
      expected: `as its types: ${kernel.types.map((type) => type.dtype).join(", ")}`,
    });
  }
}

function verifyLoopNest(nest: LoopNest): void {
  checkExtents(nest, [...nest.space, ...nest.inner]);
  const results: DType[] = [];
  const spaceAxes = nest.space.map((_, axis) => axis);
  const allAxes = [...spaceAxes, ...nest.inner.map((_, k) => nest.space.length + k)];
  const outer = new Checker(nest, spaceAxes, results, "an outer statement");
  const inner = new Checker(nest, allAxes, results, "an inner statement");
  for (const statement of nest.statements) {
    if (statement.kind === "reduce") {
      inner.reduce(statement);
      results.push(statement.value.dtype);
    } else {
      (statement.level === "inner" ? inner : outer).statement(statement);
    }
  }
}

function verifyContraction(contraction: Contraction): void {
  const { batch, rows, columns, depth } = contraction;
  checkExtents(contraction, [...batch, ...rows, ...columns, ...depth]);
  const group = (extents: readonly number[], first: number): number[] => extents.map((_, k) => first + k);
  const rowsFrom = batch.length;
  const columnsFrom = rowsFrom + rows.length;
  const depthFrom = columnsFrom + columns.length;
  const batchAxes = group(batch, 0);
  const rowAxes = group(rows, rowsFrom);
  const columnAxes = group(columns, columnsFrom);
  const depthAxes = group(depth, depthFrom);
  const { dtype } = contraction;
  const left = new Checker(contraction, [...batchAxes, ...rowAxes, ...depthAxes], [], "the left operand");
  const right = new Checker(
    contraction,
    [...batchAxes, ...columnAxes, ...depthAxes],
    [],
    "the right operand",
  );
  const epilogue = new Checker(
    contraction,
    [...batchAxes, ...rowAxes, ...columnAxes],
    [dtype],
    "the epilogue",
  );
  left.typed(contraction.left, dtype, "the left operand");
  right.typed(contraction.right, dtype, "the right operand");
  for (const statement of contraction.epilogue) {
    if (statement.level === "inner") epilogue.fail("an inner statement", "outer statements in an epilogue");
    epilogue.statement(statement);
  }
}

function checkExtents(kernel: LoopNest | Contraction, extents: readonly number[]): void {
  for (const extent of extents) {
    if (Number.isInteger(extent) && extent >= 0) continue;
    throw new NeuriteError({
      operation: `kernel '${kernel.name}'`,
      got: `extent ${extent}`,
      expected: "a non-negative integer",
    });
  }
}

/** Checks the statements that may use one set of axes. */
class Checker {
  readonly #kernel: LoopNest | Contraction;
  readonly #axes: ReadonlySet<number>;
  readonly #results: readonly DType[];
  readonly #where: string;
  readonly #seen = new Set<Expression>();

  constructor(
    kernel: LoopNest | Contraction,
    axes: readonly number[],
    results: readonly DType[],
    where: string,
  ) {
    this.#kernel = kernel;
    this.#axes = new Set(axes);
    this.#results = results;
    this.#where = where;
  }

  fail(got: string, expected: string): never {
    throw new NeuriteError({ operation: `kernel '${this.#kernel.name}'`, got, expected });
  }

  typed(expression: Expression, dtype: DType, what: string): void {
    this.#expression(expression);
    if (expression.dtype !== dtype) {
      this.fail(`${expression.dtype} ${this.#show(expression)} as ${what}`, dtype);
    }
  }

  reduce(statement: Reduce): void {
    this.#expression(statement.value);
    if (statement.value.dtype === "bool" && (statement.combine === "sum" || statement.combine === "prod")) {
      this.fail(`the ${statement.combine} of a bool`, "max or min, or a cast to a number");
    }
  }

  statement(statement: Store | Check): void {
    if (statement.kind === "check") {
      this.typed(statement.condition, "bool", "the condition of a check");
      if (!Number.isInteger(statement.code) || statement.code < 1) {
        this.fail(`check code ${statement.code}`, "a positive integer");
      }
      return;
    }
    const buffer = this.#buffer(statement.buffer);
    if (buffer.access === "read") this.fail(`a store to b${statement.buffer}`, "access 'write' or 'update'");
    if (statement.mode === "add" && buffer.access !== "update") {
      this.fail(`an add to b${statement.buffer} with access '${buffer.access}'`, "access 'update'");
    }
    if (statement.mode === "add" && buffer.dtype === "bool") this.fail("an add to a bool buffer", "a number");
    this.#coordinate(statement.index);
    this.#guards(statement.guards);
    this.typed(statement.value, buffer.dtype, `the value stored to b${statement.buffer}`);
  }

  #buffer(index: number): LoopNest["buffers"][number] {
    const { buffers } = this.#kernel;
    if (buffers[index] === undefined) this.fail(`buffer b${index}`, `one of ${buffers.length} buffers`);
    return buffers[index];
  }

  #coordinate(coordinate: Coordinate): void {
    const numbers = [
      coordinate.offset,
      ...coordinate.coefficients,
      ...coordinate.dynamic.map((t) => t.stride),
    ];
    if (!numbers.every(Number.isSafeInteger)) this.fail(printCoordinate(coordinate), "integers");
    coordinate.coefficients.forEach((coefficient, axis) => {
      if (coefficient === 0 || this.#axes.has(axis)) return;
      this.fail(
        `axis i${axis} in ${this.#where}`,
        this.#axes.size === 0 ? "no axes" : `only ${[...this.#axes].map((known) => `i${known}`).join(", ")}`,
      );
    });
    for (const term of coordinate.dynamic) this.typed(term.value, "i32", "an index");
  }

  #guards(guards: readonly Guard[]): void {
    for (const guard of guards) {
      if (!Number.isInteger(guard.extent) || guard.extent < 0) {
        this.fail(`a guard of extent ${guard.extent}`, "a non-negative integer");
      }
      this.#coordinate(guard.coordinate);
    }
  }

  #expression(node: Expression): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    switch (node.kind) {
      case "constant":
        this.#literal(node.dtype, node.value);
        break;
      case "coordinate":
        this.#coordinate(node.coordinate);
        break;
      case "inside":
        this.#guards(node.guards);
        break;
      case "load": {
        const buffer = this.#buffer(node.buffer);
        if (buffer.access === "write") this.fail(`a load from b${node.buffer}`, "access 'read' or 'update'");
        if (buffer.dtype !== node.dtype) {
          this.fail(`a load of ${node.dtype} from b${node.buffer}`, `its element type ${buffer.dtype}`);
        }
        this.#coordinate(node.index);
        this.#guards(node.guards);
        this.#literal(node.dtype, node.fill);
        break;
      }
      case "result": {
        const dtype = this.#results[node.reduction];
        if (dtype === undefined) {
          this.fail(
            `result ${node.reduction} in ${this.#where}`,
            `an earlier one of ${this.#results.length}`,
          );
        }
        if (dtype !== node.dtype) this.fail(`${node.dtype} result ${node.reduction}`, dtype);
        break;
      }
      case "scalar":
        for (const operand of node.operands) this.#expression(operand);
        this.#scalar(node);
        break;
    }
  }

  // Floats may be given with more digits than they keep; integers must fit.
  #literal(dtype: DType, value: number): void {
    if (isFloat(dtype) || roundTo(dtype, value) === value) return;
    this.fail(`the literal ${value}`, `a value of ${dtype}`);
  }

  #scalar(node: Scalar): void {
    const [arity, family] = rules[node.op];
    if (node.operands.length !== arity) {
      this.fail(`${node.op} of ${node.operands.length} operands`, `${arity}`);
    }
    const types = node.operands.map((operand) => operand.dtype);
    if (wellTyped(family, node.dtype, types)) return;
    this.fail(`${node.op}(${types.join(", ")}) → ${node.dtype} in ${this.#show(node)}`, expectations[family]);
  }

  #show(expression: Expression): string {
    const text = printExpression(expression);
    return text.length > 120 ? `${text.slice(0, 117)}…` : text;
  }
}

const expectations: Readonly<Record<Family, string>> = {
  arithmetic: "operands and result of one numeric type",
  float: "operand and result of one float type",
  f64: "f64 → f64",
  bits: "operands and result of one integer type or bool",
  shift: "operands and result of one integer type",
  comparison: "operands of one type, result bool",
  select: "(bool, type, type) → type",
  cast: "one operand",
  bitcast: "f32, i32 or u32 → f32, i32 or u32",
};

function wellTyped(family: Family, dtype: DType, types: readonly DType[]): boolean {
  const same = types.every((type) => type === dtype);
  switch (family) {
    case "arithmetic":
      return same && dtype !== "bool";
    case "float":
      return same && isFloat(dtype);
    case "f64":
      return same && dtype === "f64";
    case "bits":
      return same && !isFloat(dtype);
    case "shift":
      return same && isInteger(dtype);
    case "comparison":
      return dtype === "bool" && types[0] === types[1];
    case "select":
      return types[0] === "bool" && types[1] === dtype && types[2] === dtype;
    case "cast":
      return true;
    case "bitcast":
      return dtypeFacts[dtype].bytes === 4 && dtypeFacts[types[0]].bytes === 4;
  }
}
