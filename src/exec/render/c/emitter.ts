import type { DType } from "../../../base/dtype.ts";
import type { Graph } from "../nest/graph.ts";
import type { Step } from "../nest/lower.ts";
import {
  type Access,
  type CheckNode,
  type Condition,
  type IndexNode,
  isIndex,
  type LaneNode,
  type Node,
  operandsOf,
  type StoreNode,
} from "../nest/nodes.ts";
import { combineText, scalarText, zeroText } from "./scalar.ts";

/** What a block forgets when it ends. */
interface Scope {
  readonly known: Node[];
  readonly bound: number;
  readonly available: number;
}

/**
 * Writes the nodes of a graph as C: each node that more than a name stands for is a constant of the block that computes it
 * first. The caller opens loops and says which variable counts an axis (`bind`); before each inner loop `hoist` computes
 * what does not vary in it.
 */
export class Emitter {
  private readonly graph: Graph;
  private readonly lines: string[] = [];
  private readonly names = new Map<Node, string>();
  private readonly axes: string[] = [];
  private readonly scopes: Scope[] = [];
  private bound = 0;
  private available = 0;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** Everything written so far. */
  get text(): string {
    return this.lines.join("\n");
  }

  /** Writes a line. */
  line(text: string): void {
    this.lines.push("  ".repeat(this.scopes.length) + text);
  }

  /** Writes a block; what is computed in it is forgotten behind it. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`.trimStart());
    const scope: Scope = { known: [], bound: this.bound, available: this.available };
    this.scopes.push(scope);
    body();
    this.scopes.pop();
    for (const node of scope.known) this.names.delete(node);
    this.bound = scope.bound;
    this.available = scope.available;
    this.line("}");
  }

  /** Writes a loop over an axis, whose index the variable `a<axis>` counts. */
  loop(axis: number, from: string, to: string, body: () => void): void {
    const index = `a${axis}`;
    this.block(`for (i64 ${index} = ${from}; ${index} < ${to}; ${index}++)`, () => {
      this.bind(axis, index);
      body();
    });
  }

  /** Says which variable holds the index along an axis, for the rest of the block. */
  bind(axis: number, index: string): void {
    this.axes[axis] = index;
    this.bound |= 1 << axis;
  }

  /** Says what holds the value of a reduction, for the rest of the block. */
  define(result: LaneNode, text: string): void {
    this.remember(result, text);
    this.available |= result.results;
  }

  /** Computes what the roots need and what does not vary in the loops that are still to be opened. */
  hoist(roots: Iterable<Node>): void {
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      const ready = (node.axes & ~this.bound) === 0 && (node.results & ~this.available) === 0;
      if (ready) this.name(node);
      else for (const operand of operandsOf(node)) visit(operand);
    };
    for (const root of roots) visit(root);
  }

  /** The name of a node's value, computed now if it is not yet known. */
  name(node: Node): string {
    const known = this.names.get(node);
    if (known !== undefined) return known;
    const text = isIndex(node) ? this.indexText(node) : this.laneText(node);
    if (!needsName(node)) return text;
    const name = `n${node.id}`;
    this.line(`${isIndex(node) ? this.indexType(node) : node.dtype} const ${name} = ${text};`);
    this.remember(node, name);
    return name;
  }

  /** Where an access reads or writes, as an expression without side effects. */
  place(access: Access, isConstant: boolean): string {
    const { dtype, offsets } = access;
    const type = `${isConstant ? "const " : ""}${dtype === "bool" ? "u8" : dtype}`;
    const address = this.name(access.address);
    if (offsets === undefined) return `*(${type} *)${address}`;
    // Byte offsets wrap modulo 2³², as addresses do.
    return `*(${type} *)(memory + (u32)((u32)(${address} - memory) + (u32)${this.name(offsets)}))`;
  }

  /** A condition as an expression; undefined where it always holds. */
  condition({ all, each }: Condition): string | undefined {
    const names = [all, each].flatMap((node) => (node === undefined ? [] : [this.name(node)]));
    return names.length === 0 ? undefined : names.join(" & ");
  }

  /** Writes a store or a check. */
  statement(statement: StoreNode | CheckNode): void {
    if (statement.kind === "check") {
      this.line(`if (${this.name(statement.condition)}) fail(memory, ${this.name(statement.code)});`);
      return;
    }
    const { access, mode } = statement;
    const value = this.name(statement.value);
    const condition = this.condition(statement.condition);
    const place = this.place(access, false);
    const stored = mode === "add" ? combineText("sum", access.dtype, place, value) : value;
    this.line(`${condition === undefined ? "" : `if (${condition}) `}${place} = ${stored};`);
  }

  /** Says that the points of the loop that follows are independent, unless several may write to one place. */
  independent(steps: readonly Step[]): void {
    const meet = steps.some(
      (step) => step.kind === "store" && (step.access.along === "same" || step.access.offsets !== undefined),
    );
    if (!meet) this.line("INDEPENDENT");
  }

  private indexText(node: IndexNode): string {
    switch (node.kind) {
      case "word":
        return this.isBuffer(node) ? `memory + (u32)args[${node.position}]` : `args[${node.position}]`;
      case "axis":
        return this.axes[node.axis];
      case "scaled":
        return `${this.axes[node.axis]} * ${2 ** node.bits}`;
      case "index": {
        const [left, right] = [this.name(node.left), this.name(node.right)];
        if (node.op === "below") return `(u64)${left} < (u64)${right}`;
        return `${left} ${{ add: "+", mul: "*", and: "&" }[node.op]} ${right}`;
      }
      case "first":
        return this.name(node.value);
    }
  }

  private indexType(node: IndexNode): string {
    if (node.kind === "index" && node.op !== "add") return node.op === "mul" ? "i64" : "bool";
    return this.isAddress(node) ? "char *" : "i64";
  }

  // The address of a buffer is the first term of a sum.
  private isAddress(node: IndexNode): boolean {
    if (node.kind === "index" && node.op === "add") return this.isAddress(node.left);
    return node.kind === "word" && this.isBuffer(node);
  }

  private isBuffer({ position }: { readonly position: number }): boolean {
    return position < this.graph.options.buffers.length;
  }

  private laneText(node: LaneNode): string {
    switch (node.kind) {
      case "zero":
        return zeroText(node.dtype);
      case "literal":
        return literalWord(node.dtype, node.position);
      case "ramp":
        return `(${node.dtype})${this.name(node.base)}`;
      case "truth":
        return this.name(node.condition);
      case "load": {
        const condition = this.condition(node.condition);
        const fill = this.name(node.fill);
        const place = this.place(node.access, true);
        const value = node.dtype === "bool" ? `${place} != 0` : place;
        return condition === undefined ? value : `${condition} ? ${value} : ${fill}`;
      }
      case "apply": {
        const { op, dtype, operands, count } = node;
        const names = operands.map((operand) => this.name(operand));
        return scalarText(op, dtype, operands[operands.length - 1].dtype, names, count);
      }
      case "result":
        throw new TypeError(`result ${node.reduction} is used before it is defined`);
    }
  }

  private remember(node: Node, text: string): void {
    this.names.set(node, text);
    this.scopes.at(-1)?.known.push(node);
  }
}

function needsName(node: Node): boolean {
  return node.kind !== "axis" && node.kind !== "zero";
}

// A literal is a word of the kernel, an f64 two, the low one first; true is a word that is not 0.
function literalWord(dtype: DType, position: number): string {
  switch (dtype) {
    case "f32":
      return `f32_of_bits((u32)args[${position}])`;
    case "f64":
      return `f64_of_bits((u64)(u32)args[${position + 1}] << 32 | (u32)args[${position}])`;
    case "bool":
      return `args[${position}] != 0`;
    default:
      return `(${dtype})args[${position}]`;
  }
}
