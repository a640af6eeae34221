import { type DType, roundTo } from "../../../base/dtype.ts";
import {
  dependence,
  type IndexNode,
  isIndex,
  type LaneNode,
  type LaneOp,
  type Node,
  operandsOf,
  wordsOf,
} from "./nodes.ts";
import { simplify } from "./simplify.ts";

type Without<N> = N extends unknown ? Omit<N, "id" | "uses"> : never;

/** Nodes without duplicates, and the words that they read at run time. */
export class NodeTable {
  readonly words: number[] = [];
  readonly #before: number;
  readonly #texts: string[] = [];
  readonly #nodes = new Map<string, Node>();
  readonly #literals = new Map<string, number>();
  readonly #make = this.apply.bind(this);

  /** `before` words stand before those of the table. */
  constructor(before: number) {
    this.#before = before;
  }

  /** The structure of all nodes and notes. */
  get key(): string {
    return this.#texts.join(";");
  }

  /** Adds to the key what is built from nodes. */
  note(text: string): void {
    this.#texts.push(text);
  }

  /** A run-time number of its own. */
  word(value: number): IndexNode {
    return this.wordAt(this.#before + this.words.push(value | 0) - 1);
  }

  /** The run-time number at a position, where the address of a buffer stands, for instance. */
  wordAt(position: number): IndexNode {
    return this.index(`w${position}`, { kind: "word", position, axes: 0, results: 0 });
  }

  /** The index along an axis, times 2^bits. */
  axis(axis: number, bits = 0): IndexNode {
    const dependent = { axis, axes: 1 << axis, results: 0 };
    if (bits === 0) return this.index(`a${axis}`, { kind: "axis", ...dependent });
    return this.index(`a${axis}<${bits}`, { kind: "scaled", bits, ...dependent });
  }

  /** An i32 operation. */
  combine(op: "add" | "mul" | "and" | "below", left: IndexNode, right: IndexNode): IndexNode {
    const text = `${op}${left.id},${right.id}`;
    return this.index(text, { kind: "index", op, left, right, ...dependence([left, right]) });
  }

  /** A literal; +0 is in the code, every other value a word. */
  literal(dtype: DType, value: number): LaneNode {
    const rounded = roundTo(dtype, value);
    if (Object.is(rounded, 0)) return this.lanes(`z${dtype}`, { kind: "zero", dtype, axes: 0, results: 0 });
    const bits = wordsOf(dtype, rounded);
    const known = bits.join();
    let position = this.#literals.get(known);
    if (position === undefined) {
      position = this.#before + this.words.push(...bits) - bits.length;
      this.#literals.set(known, position);
    }
    const text = `l${dtype}${position}`;
    return this.lanes(text, { kind: "literal", dtype, position, value: rounded, axes: 0, results: 0 });
  }

  /** A scalar instruction applied to lanes. */
  apply(op: LaneOp, dtype: DType, operands: readonly LaneNode[], count = 0): LaneNode {
    const simpler = simplify(this.#make, op, dtype, operands);
    if (simpler !== undefined) return simpler;
    const text = `${op}:${dtype}:${operands.map((operand) => operand.id).join()}:${count}`;
    return this.lanes(text, { kind: "apply", op, dtype, operands, count, ...dependence(operands) });
  }

  /** The node that a text describes, an i32. */
  index(text: string, node: Without<IndexNode>): IndexNode {
    const known = this.#nodes.get(text);
    if (known !== undefined && isIndex(known)) return known;
    return this.#add(text, { ...node, id: this.#nodes.size, uses: 0 });
  }

  /** The node that a text describes, a vector. */
  lanes(text: string, node: Without<LaneNode>): LaneNode {
    const known = this.#nodes.get(text);
    if (known !== undefined && !isIndex(known)) return known;
    return this.#add(text, { ...node, id: this.#nodes.size, uses: 0 });
  }

  #add<N extends Node>(text: string, node: N): N {
    for (const operand of operandsOf(node)) operand.uses++;
    this.#nodes.set(text, node);
    this.#texts.push(text);
    return node;
  }
}
