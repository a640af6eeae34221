import { type DType, dtypeFacts, roundTo } from "../../../base/dtype.ts";
import type { Coordinate, Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression } from "../../../lang/kernel/expression.ts";
import type { Check, KernelBuffer, Store } from "../../../lang/kernel/kernel.ts";
import {
  type Access,
  accessText,
  type CheckNode,
  type Condition,
  dependence,
  type IndexNode,
  isIndex,
  type LaneNode,
  type LaneOp,
  type Node,
  operandsOf,
  type StoreNode,
  statementNodes,
  wordsOf,
} from "./nodes.ts";
import { simplify } from "./simplify.ts";

/** The loops in which a graph is evaluated. */
export interface GraphOptions {
  readonly buffers: readonly KernelBuffer[];
  /** The number of words before the kernel's own (`wordsBefore`). */
  readonly before: number;
  /** The loop axes from outside in. */
  readonly order: readonly number[];
  /** The axis along which lanes lie, −1 if there is none. */
  readonly vectorAxis: number;
  /** For each loop axis the axis of the expressions whose coefficient it takes; by default itself. */
  readonly sources?: readonly number[];
  /** Bit mask of the axes along which results vary. */
  readonly resultAxes: number;
}

/** A linear form over the loop axes: lane l lies at base + l · along, plus offsets from data. */
interface Linear {
  readonly base: IndexNode;
  readonly along: IndexNode | 0 | 1;
  readonly offsets: LaneNode | undefined;
}

type Without<N> = N extends unknown ? Omit<N, "id" | "uses"> : never;

/**
 * Expressions as a graph without duplicates, in which every number is a word that the code reads at run time.
 * `key` spells its structure: graphs with equal keys have equal code.
 */
export class Graph {
  readonly words: number[] = [];
  readonly options: GraphOptions;
  /** True when some access takes its lanes' addresses from data. */
  gathers = false;
  private readonly texts: string[] = [];
  private readonly nodes = new Map<string, Node>();
  private readonly literals = new Map<string, number>();
  private readonly strides = new Map<string, readonly IndexNode[]>();
  private readonly linears = new Map<string, Linear>();
  private readonly depths: number[] = [];
  private readonly fixedResults: LaneNode[] = [];
  private readonly everyAxis: number;
  private readonly versions: number[];
  private readonly pins: number[];
  private readonly make = this.apply.bind(this);
  private lowered = new Map<Expression, LaneNode>();

  constructor(options: GraphOptions) {
    this.options = options;
    options.order.forEach((axis, position) => {
      this.depths[axis] = position + 1;
    });
    this.everyAxis = options.order.reduce((mask, axis) => mask | (1 << axis), 0);
    this.versions = options.buffers.map(() => 0);
    this.pins = options.buffers.map(() => 0);
  }

  /** The structure of everything lowered so far. */
  get key(): string {
    return this.texts.join(";");
  }

  /** A run-time number of its own. */
  word(value: number): IndexNode {
    const position = this.options.before + this.words.push(value | 0) - 1;
    return this.index(`w${position}`, { kind: "word", position, axes: 0, results: 0 });
  }

  /** The address of a buffer. */
  bufferAddress(buffer: number): IndexNode {
    return this.index(`w${buffer}`, { kind: "word", position: buffer, axes: 0, results: 0 });
  }

  /** A literal; +0 is in the code, every other value a word. */
  literal(dtype: DType, value: number): LaneNode {
    const rounded = roundTo(dtype, value);
    if (Object.is(rounded, 0)) return this.lanes(`z${dtype}`, { kind: "zero", dtype, axes: 0, results: 0 });
    const bits = wordsOf(dtype, rounded);
    const known = `${bits.join(",")}`;
    let position = this.literals.get(known);
    if (position === undefined) {
      position = this.options.before + this.words.push(...bits) - bits.length;
      this.literals.set(known, position);
    }
    const text = `l${dtype}${position}`;
    return this.lanes(text, { kind: "literal", dtype, position, value: rounded, axes: 0, results: 0 });
  }

  /** A scalar instruction applied to lanes. */
  apply(op: LaneOp, dtype: DType, operands: readonly LaneNode[], count = 0): LaneNode {
    const simpler = simplify(this.make, op, dtype, operands);
    if (simpler !== undefined) return simpler;
    const text = `${op}:${dtype}:${operands.map((operand) => operand.id).join()}:${count}`;
    return this.lanes(text, { kind: "apply", op, dtype, operands, count, ...dependence(operands) });
  }

  /** Makes `result(reduction)` stand for a value instead of a reduction. */
  fixResult(reduction: number, value: LaneNode): void {
    this.fixedResults[reduction] = value;
  }

  /** Starts a new statement: loads see what earlier statements stored. */
  nextStatement(): void {
    this.lowered = new Map();
  }

  /** Says that loads of a buffer may not be moved out of the loops over these axes. */
  pin(buffer: number, axes: number): void {
    this.pins[buffer] |= axes;
    this.lowered = new Map();
  }

  /** An expression as a node. */
  value(expression: Expression): LaneNode {
    const known = this.lowered.get(expression);
    if (known !== undefined) return known;
    const node = this.lower(expression);
    this.lowered.set(expression, node);
    return node;
  }

  /** A store as nodes; later loads of its buffer are new loads. */
  store(store: Store): StoreNode {
    const { buffer, mode } = store;
    const access = this.access(buffer, store.index);
    const condition = this.condition(store.guards);
    const node: StoreNode = { kind: "store", mode, access, condition, value: this.value(store.value) };
    this.versions[buffer]++;
    return this.statement(node, `s${mode}`);
  }

  /** A check as nodes. */
  check(check: Check): CheckNode {
    const node: CheckNode = {
      kind: "check",
      condition: this.value(check.condition),
      code: this.word(check.code),
    };
    return this.statement(node, "c");
  }

  /** Counts a use of a node by something outside the graph, which `text` describes. */
  use<N extends Node>(node: N, text = "u"): N {
    node.uses++;
    this.texts.push(`${text}${node.id}`);
    return node;
  }

  private statement<S extends StoreNode | CheckNode>(statement: S, text: string): S {
    const nodes = statementNodes(statement);
    for (const node of nodes) node.uses++;
    const along = statement.kind === "store" ? accessText(statement.access, statement.condition) : "";
    this.texts.push(`${text}${along}:${nodes.map((node) => node.id).join()}`);
    return statement;
  }

  private lower(node: Expression): LaneNode {
    switch (node.kind) {
      case "constant":
        return this.literal(node.dtype, node.value);
      case "coordinate":
        return this.ramp(this.linear(node.coordinate, 1));
      case "inside": {
        const { all, each } = this.condition(node.guards);
        if (all === undefined) return each ?? this.literal("bool", 1);
        const truth = this.lanes(`t${all.id}`, {
          kind: "truth",
          condition: all,
          dtype: "bool",
          ...dependence([all]),
        });
        return each === undefined ? truth : this.apply("and", "bool", [truth, each]);
      }
      case "load": {
        const access = this.access(node.buffer, node.index);
        const condition = this.condition(node.guards);
        const fill = this.literal(node.dtype, node.guards.length === 0 ? 0 : node.fill);
        const version = this.versions[node.buffer];
        // What an earlier statement stored is loaded behind it: such a load stays where it is.
        const pinned = version > 0 ? this.everyAxis : this.pins[node.buffer];
        const text = `${accessText(access, condition)}:${fill.id}:v${version}:${pinned}`;
        const { vectorAxis } = this.options;
        const own = access.along === "same" || vectorAxis < 0 ? pinned : pinned | (1 << vectorAxis);
        const load = {
          kind: "load",
          access,
          condition,
          fill,
          dtype: node.dtype,
          axes: 0,
          results: 0,
        } as const;
        const { axes, results } = dependence(operandsOf({ ...load, id: 0, uses: 0 }));
        return this.lanes(text, { ...load, axes: axes | own, results });
      }
      case "result": {
        const { reduction, dtype } = node;
        const fixed = this.fixedResults[reduction];
        if (fixed !== undefined) return fixed;
        if (reduction > 31) throw new RangeError("a loop nest has at most 32 reductions");
        const text = `r${reduction}:${dtype}`;
        const axes = this.options.resultAxes;
        return this.lanes(text, { kind: "result", reduction, dtype, axes, results: 1 << reduction });
      }
      case "scalar": {
        const operands = node.operands.map((operand) => this.value(operand));
        return this.apply(node.op, node.dtype, operands);
      }
    }
  }

  private access(buffer: number, coordinate: Coordinate): Access {
    const { dtype } = this.options.buffers[buffer];
    const { bytes } = dtypeFacts[dtype];
    const { base, along, offsets } = this.linear(coordinate, bytes, this.bufferAddress(buffer));
    if (offsets !== undefined) this.gathers = true;
    return {
      buffer,
      dtype,
      address: base,
      along: along === 0 ? "same" : along === 1 ? "unit" : along,
      offsets,
    };
  }

  private condition(guards: readonly Guard[]): Condition {
    const all: IndexNode[] = [];
    let each: LaneNode | undefined;
    for (const guard of guards) {
      const linear = this.linear(guard.coordinate, 1);
      const extent = this.word(guard.extent);
      if (linear.along === 0 && linear.offsets === undefined) {
        all.push(this.combine("below", linear.base, extent));
      } else {
        const operands = [this.ramp(linear, "u32"), this.splat(extent, "u32")];
        const within = this.apply("lt", "bool", operands);
        each = each === undefined ? within : this.apply("and", "bool", [each, within]);
      }
    }
    all.sort((a, b) => this.depth(a) - this.depth(b));
    return {
      all: all.length === 0 ? undefined : all.reduce((a, b) => this.combine("and", a, b)),
      each,
    };
  }

  // The strides of equal linear forms are the same words, so that their products are computed once.
  private linear(coordinate: Coordinate, scale: number, start?: IndexNode): Linear {
    const { order, sources, vectorAxis } = this.options;
    const coefficients = order.map((axis) => coordinate.coefficients[sources?.[axis] ?? axis] ?? 0);
    const numbers = `${start?.id ?? ""}:${coordinate.offset}:${scale}:${coefficients.join()}`;
    const known = this.linears.get(numbers);
    if (known !== undefined && coordinate.dynamic.length === 0) return known;

    const strides = this.stridesOf(coefficients, scale);
    let along: IndexNode | 0 | 1 = 0;
    let offsets: LaneNode | undefined;
    const terms: IndexNode[] = [];
    order.forEach((axis, k) => {
      if (coefficients[k] === 0) return;
      const unit = axis === vectorAxis && coefficients[k] === 1;
      if (axis === vectorAxis) along = unit ? 1 : strides[k];
      terms.push(
        unit ? this.scaled(axis, Math.log2(scale)) : this.combine("mul", this.axis(axis), strides[k]),
      );
    });
    for (const term of coordinate.dynamic) {
      const value = this.value(term.value);
      const factor = term.stride * scale;
      if (vectorAxis < 0 || (value.axes & (1 << vectorAxis)) === 0) {
        const first = this.index(`f${value.id}`, { kind: "first", value, ...dependence([value]) });
        terms.push(factor === 1 ? first : this.combine("mul", first, this.word(factor)));
      } else {
        const product =
          factor === 1 ? value : this.apply("mul", "i32", [value, this.splat(this.word(factor), "i32")]);
        offsets = offsets === undefined ? product : this.apply("add", "i32", [offsets, product]);
      }
    }
    let base = start;
    if (coordinate.offset !== 0 || (base === undefined && terms.length === 0)) {
      const offset = this.word(coordinate.offset * scale);
      base = base === undefined ? offset : this.combine("add", base, offset);
    }
    // Outer terms first, so that their sum can leave the inner loops.
    terms.sort((a, b) => this.depth(a) - this.depth(b));
    for (const term of terms) base = base === undefined ? term : this.combine("add", base, term);
    if (base === undefined) throw new TypeError("a linear form has at least one term");
    const linear: Linear = { base, along, offsets };
    if (coordinate.dynamic.length === 0) this.linears.set(numbers, linear);
    return linear;
  }

  private stridesOf(coefficients: readonly number[], scale: number): readonly IndexNode[] {
    const { order, vectorAxis } = this.options;
    const needed = coefficients.map((c, k) => c !== 0 && !(c === 1 && order[k] === vectorAxis));
    const known = `${scale}:${coefficients.map((c, k) => (needed[k] ? c : 0)).join()}`;
    let strides = this.strides.get(known);
    if (strides === undefined) {
      const nodes: IndexNode[] = [];
      coefficients.forEach((coefficient, k) => {
        if (needed[k]) nodes[k] = this.word(coefficient * scale);
      });
      strides = nodes;
      this.strides.set(known, strides);
    }
    return strides;
  }

  private ramp({ base, along, offsets }: Linear, dtype: DType = "i32"): LaneNode {
    const { vectorAxis } = this.options;
    const step = typeof along === "number" ? along : along.id;
    const { axes, results } = dependence(typeof along === "number" ? [base] : [base, along]);
    const ramp = this.lanes(`i${dtype}${base.id},${typeof along === "number" ? "c" : ""}${step}`, {
      kind: "ramp",
      base,
      step: along,
      dtype,
      axes: along === 0 ? axes : axes | (1 << vectorAxis),
      results,
    });
    return offsets === undefined ? ramp : this.apply("add", dtype, [ramp, offsets]);
  }

  private splat(base: IndexNode, dtype: DType): LaneNode {
    return this.ramp({ base, along: 0, offsets: undefined }, dtype);
  }

  private axis(axis: number): IndexNode {
    return this.index(`a${axis}`, { kind: "axis", axis, axes: 1 << axis, results: 0 });
  }

  private scaled(axis: number, bits: number): IndexNode {
    if (bits === 0) return this.axis(axis);
    return this.index(`a${axis}<${bits}`, { kind: "scaled", axis, bits, axes: 1 << axis, results: 0 });
  }

  private combine(op: "add" | "mul" | "and" | "below", left: IndexNode, right: IndexNode): IndexNode {
    const text = `${op}${left.id},${right.id}`;
    return this.index(text, { kind: "index", op, left, right, ...dependence([left, right]) });
  }

  private depth(node: Node): number {
    let depth = 0;
    for (const axis of this.options.order) {
      if ((node.axes & (1 << axis)) !== 0) depth = Math.max(depth, this.depths[axis]);
    }
    return depth;
  }

  private index(text: string, node: Without<IndexNode>): IndexNode {
    const known = this.nodes.get(text);
    if (known !== undefined && isIndex(known)) return known;
    return this.add(text, { ...node, id: this.nodes.size, uses: 0 });
  }

  private lanes(text: string, node: Without<LaneNode>): LaneNode {
    const known = this.nodes.get(text);
    if (known !== undefined && !isIndex(known)) return known;
    return this.add(text, { ...node, id: this.nodes.size, uses: 0 });
  }

  private add<N extends Node>(text: string, node: N): N {
    for (const operand of operandsOf(node)) operand.uses++;
    this.nodes.set(text, node);
    this.texts.push(text);
    return node;
  }
}
