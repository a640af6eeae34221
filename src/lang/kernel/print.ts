import type { Coordinate, Guard } from "./coordinate.ts";
import type { Expression, ScalarOp } from "./expression.ts";
import type { Check, Contraction, Kernel, KernelBuffer, LoopNest, Reduce, Store } from "./kernel.ts";

// Infix instructions with their precedence; all others print as calls.
const infix: { readonly [op in ScalarOp]?: readonly [symbol: string, precedence: number] } = {
  or: ["|", 1],
  xor: ["^", 2],
  and: ["&", 3],
  eq: ["==", 4],
  ne: ["!=", 4],
  lt: ["<", 5],
  le: ["<=", 5],
  gt: [">", 5],
  ge: [">=", 5],
  shl: ["<<", 6],
  shr: [">>", 6],
  add: ["+", 7],
  sub: ["-", 7],
  mul: ["*", 8],
  div: ["/", 8],
  rem: ["%", 8],
};
const prefix: { readonly [op in ScalarOp]?: string } = { neg: "-", not: "~" };
const prefixPrecedence = 9;
const atom = 10;

/**
 * A kernel as readable text: what a device computes, and how.
 *
 *     loops rowSums over [i0: 2] inner [i1: 3]
 *       b0: f32 read, b1: f32 write
 *       r0 = sum b0[3*i0 + i1]
 *       b1[i0] = r0
 *
 * @example
 * ```ts
 * const lowered = jit((x: Tensor) => sum(x, { axis: 1 })).lower(ones([2, 3]));
 * for (const kernel of lowered.kernels()) console.log(printKernel(kernel));
 * ```
 */
export function printKernel(kernel: Kernel): string {
  switch (kernel.kind) {
    case "loops":
      return printLoopNest(kernel);
    case "contraction":
      return printContraction(kernel);
    case "routine": {
      const buffers = kernel.buffers.map((buffer, i) => {
        const shape = kernel.types[i] === undefined ? "" : `[${kernel.types[i].shape.join(", ")}]`;
        return `b${i}: ${buffer.dtype}${shape} ${buffer.access}`;
      });
      return `routine ${kernel.name}\n  ${buffers.join(", ")}`;
    }
  }
}

/** An expression as a formula, after the definitions of what it uses more than once: `t0 = b0[i0] + 1; t0 * t0`. */
export function printExpression(expression: Expression): string {
  const printer = new Printer("r");
  const lines: string[] = [];
  printer.visit(expression);
  lines.push(printer.root(expression, lines, ""));
  return lines.map((line) => line.trim()).join("; ");
}

/** A coordinate as a sum: `3 + 4*i0 + i1`. */
export function printCoordinate(coordinate: Coordinate): string {
  return new Printer("r").coordinate(coordinate);
}

function printLoopNest(nest: LoopNest): string {
  const printer = new Printer("r");
  for (const statement of nest.statements) printer.count(statement);
  const inner = nest.inner.length === 0 ? "" : ` inner [${axes(nest.inner, nest.space.length)}]`;
  const lines = [
    `loops ${nest.name} over [${axes(nest.space, 0)}]${inner}`,
    `  ${printBuffers(nest.buffers)}`,
  ];
  let reductions = 0;
  for (const statement of nest.statements) {
    const text =
      statement.kind === "reduce"
        ? printer.root(statement.value, lines, `r${reductions++} = ${statement.combine} `)
        : printer.statement(statement, lines);
    lines.push(`  ${text}`);
  }
  return lines.join("\n");
}

function printContraction(contraction: Contraction): string {
  const printer = new Printer("sum");
  printer.visit(contraction.left);
  printer.visit(contraction.right);
  for (const statement of contraction.epilogue) printer.count(statement);
  const groups: string[] = [];
  let first = 0;
  for (const group of ["batch", "rows", "columns", "depth"] as const) {
    if (contraction[group].length > 0) groups.push(`${group} [${axes(contraction[group], first)}]`);
    first += contraction[group].length;
  }
  const lines = [
    `contraction ${contraction.name}: ${contraction.dtype} over ${groups.join(" ")}`,
    `  ${printBuffers(contraction.buffers)}`,
  ];
  lines.push(`  ${printer.root(contraction.left, lines, "left = ")}`);
  lines.push(`  ${printer.root(contraction.right, lines, "right = ")}`);
  for (const statement of contraction.epilogue) lines.push(`  ${printer.statement(statement, lines)}`);
  return lines.join("\n");
}

function axes(extents: readonly number[], first: number): string {
  return extents.map((extent, k) => `i${first + k}: ${extent}`).join(", ");
}

function printBuffers(buffers: readonly KernelBuffer[]): string {
  return buffers.map((buffer, i) => `b${i}: ${buffer.dtype} ${buffer.access}`).join(", ");
}

class Printer {
  readonly #resultName: string;
  readonly #uses = new Map<Expression, number>();
  readonly #names = new Map<Expression, string>();

  constructor(resultName: string) {
    this.#resultName = resultName;
  }

  /** Counts the uses of every node, so that shared ones get a name. */
  visit(node: Expression): void {
    const uses = this.#uses.get(node) ?? 0;
    this.#uses.set(node, uses + 1);
    if (uses > 0) return;
    for (const child of childrenOf(node)) this.visit(child);
  }

  count(statement: Store | Check | Reduce): void {
    for (const root of rootsOf(statement)) this.visit(root);
  }

  /** The statement's text; definitions of shared nodes that it is the first to use go to `lines`. */
  statement(statement: Store | Check, lines: string[]): string {
    const level = statement.level === "inner" ? "inner " : "";
    if (statement.kind === "check") {
      return this.root(statement.condition, lines, `${level}check ${statement.code} if `);
    }
    for (const root of rootsOf(statement)) this.#define(root, lines);
    const target = `b${statement.buffer}[${this.coordinate(statement.index)}]`;
    const guards = statement.guards.length === 0 ? "" : ` if ${this.guards(statement.guards)}`;
    const assign = statement.mode === "add" ? "+=" : "=";
    return `${level}${target} ${assign} ${this.format(statement.value, 0)}${guards}`;
  }

  root(expression: Expression, lines: string[], start: string): string {
    this.#define(expression, lines);
    return start + this.format(expression, 0);
  }

  #define(node: Expression, lines: string[]): void {
    if (this.#names.has(node)) return;
    for (const child of childrenOf(node)) this.#define(child, lines);
    if ((this.#uses.get(node) ?? 0) < 2 || isShort(node)) return;
    const text = this.format(node, 0);
    const name = `t${this.#names.size}`;
    this.#names.set(node, name);
    lines.push(`  ${name} = ${text}`);
  }

  format(node: Expression, outer: number): string {
    const name = this.#names.get(node);
    if (name !== undefined) return name;
    const [text, precedence] = this.#text(node);
    return precedence < outer ? `(${text})` : text;
  }

  #text(node: Expression): readonly [text: string, precedence: number] {
    switch (node.kind) {
      case "constant":
        return [printNumber(node.dtype, node.value), atom];
      case "coordinate":
        return [`i32(${this.coordinate(node.coordinate)})`, atom];
      case "result":
        return [this.#resultName === "r" ? `r${node.reduction}` : this.#resultName, atom];
      case "inside":
        return [`inside(${this.guards(node.guards)})`, atom];
      case "load": {
        const fill = printNumber(node.dtype, node.fill);
        const guards = node.guards.length === 0 ? "" : ` if ${this.guards(node.guards)} else ${fill}`;
        return [`b${node.buffer}[${this.coordinate(node.index)}${guards}]`, atom];
      }
      case "scalar": {
        const [x, y] = node.operands;
        const operator = infix[node.op];
        if (operator !== undefined && node.operands.length === 2) {
          const [symbol, precedence] = operator;
          // Left-associative: a right operand of equal precedence needs parentheses.
          return [`${this.format(x, precedence)} ${symbol} ${this.format(y, precedence + 1)}`, precedence];
        }
        const sign = prefix[node.op];
        if (sign !== undefined) return [sign + this.format(x, prefixPrecedence + 1), prefixPrecedence];
        const typed =
          node.op === "cast" ? node.dtype : node.op === "bitcast" ? `${node.dtype}.bits` : node.op;
        return [`${typed}(${node.operands.map((operand) => this.format(operand, 0)).join(", ")})`, atom];
      }
    }
  }

  coordinate(coordinate: Coordinate): string {
    const terms: string[] = coordinate.offset === 0 ? [] : [String(coordinate.offset)];
    const term = (factor: number, name: string): void => {
      if (factor !== 0) terms.push(factor === 1 ? name : factor === -1 ? `-${name}` : `${factor}*${name}`);
    };
    coordinate.coefficients.forEach((coefficient, axis) => {
      term(coefficient, `i${axis}`);
    });
    for (const { stride, value } of coordinate.dynamic) term(stride, this.format(value, prefixPrecedence));
    return terms.length === 0 ? "0" : terms.join(" + ").replaceAll("+ -", "- ");
  }

  guards(guards: readonly Guard[]): string {
    return guards
      .map(({ coordinate, extent }) => `0 <= ${this.coordinate(coordinate)} < ${extent}`)
      .join(" and ");
  }
}

// Leaves as short as a name are repeated rather than named.
function isShort(node: Expression): boolean {
  if (node.kind === "load") return node.guards.length === 0 && node.index.dynamic.length === 0;
  return node.kind === "constant" || node.kind === "coordinate" || node.kind === "result";
}

function rootsOf(statement: Store | Check | Reduce): Expression[] {
  switch (statement.kind) {
    case "reduce":
      return [statement.value];
    case "check":
      return [statement.condition];
    case "store":
      return [...dynamicOf(statement.index), ...statement.guards.flatMap(guardDynamic), statement.value];
  }
}

/** The expressions that an expression is computed from, also those inside its coordinates and guards. */
export function childrenOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case "constant":
    case "result":
      return [];
    case "coordinate":
      return dynamicOf(node.coordinate);
    case "inside":
      return node.guards.flatMap(guardDynamic);
    case "load":
      return [...dynamicOf(node.index), ...node.guards.flatMap(guardDynamic)];
    case "scalar":
      return node.operands;
  }
}

function dynamicOf(coordinate: Coordinate): Expression[] {
  return coordinate.dynamic.map((term) => term.value);
}

function guardDynamic(guard: Guard): Expression[] {
  return dynamicOf(guard.coordinate);
}

// f32 literals print as the shortest decimal that reads back to the same f32.
function printNumber(dtype: string, value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype !== "f32" || !Number.isFinite(value)) return String(value);
  const rounded = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(rounded.toPrecision(digits));
    if (Math.fround(short) === rounded) return String(short);
  }
  return String(rounded);
}
