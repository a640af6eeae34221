import { type DType, dtypeFacts } from "../../../base/dtype.ts";
import type { Coordinate, Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression, Load } from "../../../lang/kernel/expression.ts";
import type { Check, KernelBuffer, Store } from "../../../lang/kernel/kernel.ts";
import { LinearForms, type LoopOrder } from "./linear.ts";
import { NodeTable } from "./node-table.ts";
import {
  type Access,
  accessNodes,
  accessText,
  type CheckNode,
  type Condition,
  dependence,
  type IndexNode,
  type LaneNode,
  type Node,
  type StoreNode,
  statementNodes,
} from "./nodes.ts";

/** The loops in which a graph is evaluated, and what it works on. */
export interface GraphOptions extends LoopOrder {
  readonly buffers: readonly KernelBuffer[];
  /** The number of words before the kernel's own (`wordsBefore`). */
  readonly before: number;
  /** Bit mask of the axes along which results vary. */
  readonly resultAxes: number;
}

/**
 * Expressions as a graph without duplicates, in which every number is a word that the code reads at run time.
 * `key` spells its structure: graphs with equal keys have equal code.
 */
export class Graph {
  readonly options: GraphOptions;
  /** True when some access takes its lanes' addresses from data. */
  gathers = false;
  readonly #nodes: NodeTable;
  readonly #linear: LinearForms;
  readonly #extents = new Map<string, IndexNode>();
  readonly #fixedResults: LaneNode[] = [];
  readonly #everyAxis: number;
  readonly #versions: number[];
  readonly #pins: number[];
  #lowered = new Map<Expression, LaneNode>();

  constructor(options: GraphOptions) {
    this.options = options;
    this.#nodes = new NodeTable(options.before);
    this.#linear = new LinearForms(this.#nodes, options, (expression) => this.value(expression));
    this.#everyAxis = options.order.reduce((mask, axis) => mask | (1 << axis), 0);
    this.#versions = options.buffers.map(() => 0);
    this.#pins = options.buffers.map(() => 0);
  }

  /** The structure of everything lowered so far. */
  get key(): string {
    return this.#nodes.key;
  }

  /** The numbers that the code reads. */
  get words(): readonly number[] {
    return this.#nodes.words;
  }

  /** A run-time number of its own. */
  word(value: number): IndexNode {
    return this.#nodes.word(value);
  }

  /** A literal. */
  literal(dtype: DType, value: number): LaneNode {
    return this.#nodes.literal(dtype, value);
  }

  /** Makes `result(reduction)` stand for a value instead of a reduction. */
  fixResult(reduction: number, value: LaneNode): void {
    this.#fixedResults[reduction] = value;
  }

  /** Starts a new statement: loads see what earlier statements stored. */
  nextStatement(): void {
    this.#lowered = new Map();
  }

  /** Says that loads of a buffer may not be moved out of the loops over these axes. */
  pin(buffer: number, axes: number): void {
    this.#pins[buffer] |= axes;
    this.#lowered = new Map();
  }

  /** An expression as a node. */
  value(expression: Expression): LaneNode {
    const known = this.#lowered.get(expression);
    if (known !== undefined) return known;
    const node = this.#lower(expression);
    this.#lowered.set(expression, node);
    return node;
  }

  /** A store as nodes; later loads of its buffer are new loads. */
  store(store: Store): StoreNode {
    const { buffer, mode } = store;
    const access = this.#access(buffer, store.index);
    const condition = this.#condition(store.guards);
    const node: StoreNode = { kind: "store", mode, access, condition, value: this.value(store.value) };
    this.#versions[buffer]++;
    return this.#statement(node, `s${mode}${accessText(access, condition)}`);
  }

  /** A check as nodes. */
  check(check: Check): CheckNode {
    const condition = this.value(check.condition);
    return this.#statement({ kind: "check", condition, code: this.word(check.code) }, "c");
  }

  /** Counts a use of a node by something outside the graph, which `text` describes. */
  use<N extends Node>(node: N, text = "u"): N {
    node.uses++;
    this.#nodes.note(`${text}${node.id}`);
    return node;
  }

  #statement<S extends StoreNode | CheckNode>(statement: S, text: string): S {
    const nodes = statementNodes(statement);
    for (const node of nodes) node.uses++;
    this.#nodes.note(`${text}:${nodes.map((node) => node.id).join()}`);
    return statement;
  }

  #lower(node: Expression): LaneNode {
    switch (node.kind) {
      case "constant":
        return this.literal(node.dtype, node.value);
      case "coordinate":
        return this.#linear.ramp(this.#linear.of(node.coordinate, 1));
      case "inside":
        return this.#inside(node.guards);
      case "load":
        return this.#load(node);
      case "result": {
        const { reduction, dtype } = node;
        const fixed = this.#fixedResults[reduction];
        if (fixed !== undefined) return fixed;
        if (reduction > 31) throw new RangeError("a loop nest has at most 32 reductions");
        const axes = this.options.resultAxes;
        const results = 1 << reduction;
        return this.#nodes.lanes(`r${reduction}:${dtype}`, {
          kind: "result",
          reduction,
          dtype,
          axes,
          results,
        });
      }
      case "scalar": {
        const operands = node.operands.map((operand) => this.value(operand));
        return this.#nodes.apply(node.op, node.dtype, operands);
      }
    }
  }

  #inside(guards: readonly Guard[]): LaneNode {
    const { all, each } = this.#condition(guards);
    if (all === undefined) return each ?? this.literal("bool", 1);
    const facts = { kind: "truth", condition: all, dtype: "bool", ...dependence([all]) } as const;
    const truth = this.#nodes.lanes(`t${all.id}`, facts);
    return each === undefined ? truth : this.#nodes.apply("and", "bool", [truth, each]);
  }

  #load({ buffer, dtype, index, guards, fill: filling }: Load): LaneNode {
    const { vectorAxis } = this.options;
    const access = this.#access(buffer, index);
    const condition = this.#condition(guards);
    const fill = this.literal(dtype, guards.length === 0 ? 0 : filling);
    const version = this.#versions[buffer];
    // What an earlier statement stored is loaded behind it: such a load stays where it is.
    const pinned = version > 0 ? this.#everyAxis : this.#pins[buffer];
    const own = access.along === "same" || vectorAxis < 0 ? pinned : pinned | (1 << vectorAxis);
    const { axes, results } = dependence([...accessNodes(access, condition), fill]);
    const text = `${accessText(access, condition)}:${fill.id}:v${version}:${pinned}`;
    return this.#nodes.lanes(text, {
      kind: "load",
      access,
      condition,
      fill,
      dtype,
      axes: axes | own,
      results,
    });
  }

  #access(buffer: number, coordinate: Coordinate): Access {
    const { dtype } = this.options.buffers[buffer];
    const { bytes } = dtypeFacts[dtype];
    const { base, along, offsets } = this.#linear.of(coordinate, bytes, this.#nodes.wordAt(buffer));
    if (offsets !== undefined) this.gathers = true;
    const distance = along === 0 ? "same" : along === 1 ? "unit" : along;
    return { buffer, dtype, address: base, along: distance, offsets };
  }

  #condition(guards: readonly Guard[]): Condition {
    const all: IndexNode[] = [];
    let each: LaneNode | undefined;
    for (const { coordinate, extent } of guards) {
      const linear = this.#linear.of(coordinate, 1);
      const limit = this.#extent(linear.base, extent);
      if (linear.along === 0 && linear.offsets === undefined) {
        all.push(this.#nodes.combine("below", linear.base, limit));
      } else {
        const operands = [this.#linear.ramp(linear, "u32"), this.#linear.splat(limit, "u32")];
        const within = this.#nodes.apply("lt", "bool", operands);
        each = each === undefined ? within : this.#nodes.apply("and", "bool", [each, within]);
      }
    }
    all.sort((a, b) => this.#linear.depth(a) - this.#linear.depth(b));
    return {
      all: all.length === 0 ? undefined : all.reduce((a, b) => this.#nodes.combine("and", a, b)),
      each,
    };
  }

  // Equal guards of several loads share the word of their extent, and with it the comparison.
  #extent(base: IndexNode, extent: number): IndexNode {
    const text = `${base.id}:${extent}`;
    let word = this.#extents.get(text);
    if (word === undefined) {
      word = this.word(extent);
      this.#extents.set(text, word);
    }
    return word;
  }
}
