import type { DType } from "../../../base/dtype.ts";
import type { Coordinate } from "../../../lang/kernel/coordinate.ts";
import type { Expression } from "../../../lang/kernel/expression.ts";
import type { NodeTable } from "./node-table.ts";
import { dependence, type IndexNode, type LaneNode, type Node } from "./nodes.ts";

/** The loops over which linear forms run. */
export interface LoopOrder {
  /** The loop axes from outside in. */
  readonly order: readonly number[];
  /** The axis along which lanes lie, −1 if there is none. */
  readonly vectorAxis: number;
  /** For each loop axis the axis of the expressions whose coefficient it takes; by default itself. */
  readonly sources?: readonly number[];
}

/** A linear form over the loop axes: lane l lies at base + l · along, plus offsets from data. */
export interface Linear {
  readonly base: IndexNode;
  readonly along: IndexNode | 0 | 1;
  readonly offsets: LaneNode | undefined;
}

/** Coordinates as sums of nodes, outer loops first, so that partial sums can leave the inner loops. */
export class LinearForms {
  readonly #nodes: NodeTable;
  readonly #loops: LoopOrder;
  readonly #value: (expression: Expression) => LaneNode;
  readonly #strides = new Map<string, readonly IndexNode[]>();
  readonly #known = new Map<string, Linear>();
  readonly #depths: number[] = [];

  /** `value` gives the node of an index that comes from data. */
  constructor(nodes: NodeTable, loops: LoopOrder, value: (expression: Expression) => LaneNode) {
    this.#nodes = nodes;
    this.#loops = loops;
    this.#value = value;
    loops.order.forEach((axis, position) => {
      this.#depths[axis] = position + 1;
    });
  }

  /** start + scale · coordinate; equal forms are the same nodes. */
  of(coordinate: Coordinate, scale: number, start?: IndexNode): Linear {
    const { order, sources, vectorAxis } = this.#loops;
    const { offset, dynamic } = coordinate;
    const coefficients = order.map((axis) => coordinate.coefficients[sources?.[axis] ?? axis] ?? 0);
    const numbers = `${start?.id ?? ""}:${offset}:${scale}:${coefficients.join()}`;
    const known = dynamic.length === 0 ? this.#known.get(numbers) : undefined;
    if (known !== undefined) return known;

    const nodes = this.#nodes;
    const strides = this.#stridesOf(coefficients, scale);
    const terms: IndexNode[] = [];
    let along: IndexNode | 0 | 1 = 0;
    order.forEach((axis, k) => {
      if (coefficients[k] === 0) return;
      const unit = axis === vectorAxis && coefficients[k] === 1;
      if (axis === vectorAxis) along = unit ? 1 : strides[k];
      const term = unit
        ? nodes.axis(axis, Math.log2(scale))
        : nodes.combine("mul", nodes.axis(axis), strides[k]);
      terms.push(term);
    });
    const offsets = this.#addDynamic(coordinate, scale, terms);
    let base = start;
    if (offset !== 0 || (base === undefined && terms.length === 0)) {
      const distance = nodes.word(offset * scale);
      base = base === undefined ? distance : nodes.combine("add", base, distance);
    }
    terms.sort((a, b) => this.depth(a) - this.depth(b));
    for (const term of terms) base = base === undefined ? term : nodes.combine("add", base, term);
    if (base === undefined) throw new TypeError("a linear form has at least one term");
    const linear: Linear = { base, along, offsets };
    if (dynamic.length === 0) this.#known.set(numbers, linear);
    return linear;
  }

  /** The values of a form in lanes. */
  ramp({ base, along, offsets }: Linear, dtype: DType = "i32"): LaneNode {
    const fixed = typeof along === "number";
    const { axes, results } = dependence(fixed ? [base] : [base, along]);
    const ramp = this.#nodes.lanes(`i${dtype}${base.id},${fixed ? `c${along}` : along.id}`, {
      kind: "ramp",
      base,
      step: along,
      dtype,
      axes: along === 0 ? axes : axes | (1 << this.#loops.vectorAxis),
      results,
    });
    return offsets === undefined ? ramp : this.#nodes.apply("add", dtype, [ramp, offsets]);
  }

  /** An i32 in every lane. */
  splat(base: IndexNode, dtype: DType): LaneNode {
    return this.ramp({ base, along: 0, offsets: undefined }, dtype);
  }

  /** The number of loops around the place where a node can be computed. */
  depth(node: Node): number {
    let depth = 0;
    for (const axis of this.#loops.order) {
      if ((node.axes & (1 << axis)) !== 0) depth = Math.max(depth, this.#depths[axis]);
    }
    return depth;
  }

  // Terms from data: one i32 where all lanes agree, else offsets in lanes, which are returned.
  #addDynamic({ dynamic }: Coordinate, scale: number, terms: IndexNode[]): LaneNode | undefined {
    const nodes = this.#nodes;
    const { vectorAxis } = this.#loops;
    let offsets: LaneNode | undefined;
    for (const term of dynamic) {
      const value = this.#value(term.value);
      const factor = term.stride * scale;
      if (vectorAxis < 0 || (value.axes & (1 << vectorAxis)) === 0) {
        const first = nodes.index(`f${value.id}`, { kind: "first", value, ...dependence([value]) });
        terms.push(factor === 1 ? first : nodes.combine("mul", first, nodes.word(factor)));
      } else {
        const product =
          factor === 1 ? value : nodes.apply("mul", "i32", [value, this.splat(nodes.word(factor), "i32")]);
        offsets = offsets === undefined ? product : nodes.apply("add", "i32", [offsets, product]);
      }
    }
    return offsets;
  }

  // The strides of equal forms are the same words, so that their products are computed once.
  #stridesOf(coefficients: readonly number[], scale: number): readonly IndexNode[] {
    const { order, vectorAxis } = this.#loops;
    const needed = coefficients.map((c, k) => (c === 1 && order[k] === vectorAxis ? 0 : c));
    const text = `${scale}:${needed.join()}`;
    let strides = this.#strides.get(text);
    if (strides === undefined) {
      const words: IndexNode[] = [];
      needed.forEach((coefficient, k) => {
        if (coefficient !== 0) words[k] = this.#nodes.word(coefficient * scale);
      });
      strides = words;
      this.#strides.set(text, strides);
    }
    return strides;
  }
}
