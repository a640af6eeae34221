import type { DType } from "../../../base/dtype.ts";
import type { ScalarOp } from "../../../lang/kernel/expression.ts";

/** What every node of a kernel's graph has; equal nodes are one object. */
interface Common {
  readonly id: number;
  /** Bit mask of the loop axes along which the value varies. */
  readonly axes: number;
  /** Bit mask of the reductions it depends on. */
  readonly results: number;
  /** The number of places that use it. */
  uses: number;
}

/** An i32 computed once for all lanes: addresses, extents, conditions. */
export type IndexNode = Common &
  (
    | { readonly kind: "word"; readonly position: number }
    | { readonly kind: "axis"; readonly axis: number }
    /** axis · 2^bits */
    | { readonly kind: "scaled"; readonly axis: number; readonly bits: number }
    | {
        readonly kind: "index";
        /** `below` is the unsigned comparison 0 ≤ left < right. */
        readonly op: "add" | "mul" | "and" | "below";
        readonly left: IndexNode;
        readonly right: IndexNode;
      }
    /** Lane 0 of a value that is the same in every lane. */
    | { readonly kind: "first"; readonly value: LaneNode }
  );

/**
 * Scalar instructions and what they become in lanes: `pmin` and `pmax` are y < x ? y : x and x < y ? y : x;
 * `keep` is condition ? x : 0, `clear` is condition ? 0 : x, `shlBy` and `shrBy` shift all lanes by one count.
 */
export type LaneOp = ScalarOp | "pmin" | "pmax" | "keep" | "clear" | "shlBy" | "shrBy";

/** Where the lanes of a load or a store lie. */
export interface Access {
  readonly buffer: number;
  readonly dtype: DType;
  /** The byte address of lane 0. */
  readonly address: IndexNode;
  /** How far apart lanes lie: at one address, contiguous, or by a number of bytes. */
  readonly along: "same" | "unit" | IndexNode;
  /** Byte offsets that come from data, one for each lane. */
  readonly offsets: LaneNode | undefined;
}

/** Where an access may touch memory: a condition for all lanes and one for each lane. */
export interface Condition {
  readonly all: IndexNode | undefined;
  readonly each: LaneNode | undefined;
}

/** A value in the lanes of a v128; a value that does not vary along the vector axis is the same in every lane. */
export type LaneNode = Common & { readonly dtype: DType } & (
    | { readonly kind: "zero" }
    /** A literal, read from the kernel's words. */
    | { readonly kind: "literal"; readonly position: number; readonly value: number }
    /** base + lane · step as i32. */
    | { readonly kind: "ramp"; readonly base: IndexNode; readonly step: IndexNode | 0 | 1 }
    /** A condition as a mask. */
    | { readonly kind: "truth"; readonly condition: IndexNode }
    | {
        readonly kind: "load";
        readonly access: Access;
        readonly condition: Condition;
        readonly fill: LaneNode;
      }
    | {
        readonly kind: "apply";
        readonly op: LaneOp;
        readonly operands: readonly LaneNode[];
        /** The count of `shlBy` and `shrBy`. */
        readonly count: number;
      }
    | { readonly kind: "result"; readonly reduction: number }
  );

/** A store in the kernel's graph. */
export interface StoreNode {
  readonly kind: "store";
  readonly mode: "set" | "add";
  readonly access: Access;
  readonly condition: Condition;
  readonly value: LaneNode;
}

/** A check in the kernel's graph. */
export interface CheckNode {
  readonly kind: "check";
  readonly condition: LaneNode;
  readonly code: IndexNode;
}

export type Node = IndexNode | LaneNode;

/** True for the nodes that live in an i32. */
export function isIndex(node: Node): node is IndexNode {
  switch (node.kind) {
    case "word":
    case "axis":
    case "scaled":
    case "index":
    case "first":
      return true;
    default:
      return false;
  }
}

/** The nodes that an access reads. */
export function accessNodes(access: Access, condition: Condition): Node[] {
  const { address, along, offsets } = access;
  const nodes: (Node | undefined)[] = [address, offsets, condition.all, condition.each];
  if (typeof along !== "string") nodes.push(along);
  return nodes.filter((node) => node !== undefined);
}

/** The nodes that a node reads. */
export function operandsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "word":
    case "axis":
    case "scaled":
    case "zero":
    case "literal":
    case "result":
      return [];
    case "index":
      return [node.left, node.right];
    case "first":
      return [node.value];
    case "ramp":
      return typeof node.step === "number" ? [node.base] : [node.base, node.step];
    case "truth":
      return [node.condition];
    case "load":
      return [...accessNodes(node.access, node.condition), node.fill];
    case "apply":
      return node.operands;
  }
}

/** The nodes that some nodes are made of, and they themselves, each once. */
export function nodesOf(roots: Iterable<Node>): Node[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const operand of operandsOf(node)) visit(operand);
  };
  for (const root of roots) visit(root);
  return [...seen];
}

/** The nodes that a statement reads. */
export function statementNodes(statement: StoreNode | CheckNode): readonly Node[] {
  return statement.kind === "check"
    ? [statement.condition, statement.code]
    : [...accessNodes(statement.access, statement.condition), statement.value];
}

/** What a value made of these nodes varies with. */
export function dependence(nodes: readonly Node[]): { axes: number; results: number } {
  let axes = 0;
  let results = 0;
  for (const node of nodes) {
    axes |= node.axes;
    results |= node.results;
  }
  return { axes, results };
}

/** The structure of an access as text. */
export function accessText(access: Access, condition: Condition): string {
  const { buffer, dtype, address, along, offsets } = access;
  const distance = typeof along === "string" ? along : along.id;
  return `${dtype}${buffer},${address.id},${distance},${offsets?.id},${condition.all?.id},${condition.each?.id}`;
}

const bits = new DataView(new ArrayBuffer(8));

/** The 32-bit words of a literal: the low word of an f64 first; true is all ones. */
export function wordsOf(dtype: DType, value: number): number[] {
  switch (dtype) {
    case "f32":
      bits.setFloat32(0, value);
      return [bits.getInt32(0)];
    case "f64":
      bits.setFloat64(0, value);
      return [bits.getInt32(4), bits.getInt32(0)];
    case "bool":
      return [-1];
    default:
      return [value | 0];
  }
}
