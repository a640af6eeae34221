import type { Graph } from "../nest/graph.ts";
import { type IndexNode, isIndex, type LaneNode, type LaneOp, type Node, operandsOf } from "../nest/nodes.ts";
import type { FunctionBuilder, Local, ModuleBuilder, ValueType } from "./encoder.ts";
import { emitApply } from "./lanes.ts";
import { convertMask, type LaneStack } from "./lanes-basic.ts";
import { emitLoad } from "./memory-load.ts";

/**
 * Which lanes a piece of code computes: all of them from the vector axis' index on (`vector`), all of them but only those
 * that `active` names are new (`overlap`: the last vector of a row), or one element, the same in every lane (`single`).
 */
export type LaneMode = "vector" | "overlap" | "single";

/** What a scope forgets when it ends. */
interface Scope {
  readonly keys: number[];
  readonly locals: Local[];
  readonly bound: number;
  readonly available: number;
}

function isLogical(op: LaneOp): boolean {
  return ["and", "or", "xor", "not", "select", "keep", "clear"].includes(op);
}

// Copies of one value that an unrolled loop computes side by side.
const maximumCopies = 8;

/**
 * Emits the nodes of a graph into a function. Values are computed once a scope: a scope is the body of a loop or of a
 * condition. The caller opens loops and says which local holds an axis' index (`bind`); before each inner loop `hoist`
 * computes what does not vary in it.
 */
export class Emitter implements LaneStack {
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly graph: Graph;
  /** Lanes of a vector: 4, or 2 if any f64 takes part. */
  readonly lanes: 2 | 4;
  mode: LaneMode = "single";
  /** In the mode `overlap`: the 32-bit lanes that are new. */
  active: Local | undefined;
  readonly #args: Local;
  readonly #values = new Map<number, Local>();
  readonly #axes: Local[] = [];
  readonly #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #widths = new Map<LaneNode, 32 | 64>();
  #scopes: Scope[] = [];
  #bound = 0;
  #available = 0;

  /** `args` holds the address of the kernel's words. */
  constructor(module: ModuleBuilder, f: FunctionBuilder, args: Local, graph: Graph, lanes: 2 | 4) {
    this.module = module;
    this.f = f;
    this.#args = args;
    this.graph = graph;
    this.lanes = lanes;
  }

  /** Emits the body of a loop or of a condition: what it computes is forgotten behind it. */
  scope(body: () => void): void {
    const scope: Scope = { keys: [], locals: [], bound: this.#bound, available: this.#available };
    this.#scopes.push(scope);
    body();
    this.#scopes.pop();
    for (const key of scope.keys) this.#values.delete(key);
    for (const local of scope.locals) this.#free[local.type].push(local);
    this.#bound = scope.bound;
    this.#available = scope.available;
  }

  /** A local for the rest of the scope. */
  local(type: ValueType): Local {
    const local = this.#free[type].pop() ?? this.f.local(type);
    this.#scopes.at(-1)?.locals.push(local);
    return local;
  }

  /** Lends a local to a short piece of code. */
  borrow(type: ValueType, body: (local: Local) => void): void {
    const local = this.#free[type].pop() ?? this.f.local(type);
    body(local);
    this.#free[type].push(local);
  }

  /** Says that a local holds the index along an axis, for the rest of the scope. */
  bind(axis: number, index: Local): void {
    this.#axes[axis] = index;
    this.#bound |= 1 << axis;
  }

  /** Says that a local holds one copy of the value of a reduction, for the rest of the scope. */
  define(result: LaneNode, copy: number, value: Local): void {
    this.#remember(this.#keyOf(result, copy), value);
    this.#available |= result.results;
  }

  /**
   * Computes into locals what the roots need and what does not vary in the loops that are still to be opened.
   * Of the values that vary along the vector axis, `copies` are computed.
   */
  hoist(roots: Iterable<Node>, copies: number): void {
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.kind === "axis" || node.kind === "zero") return;
      if (!this.#isReady(node)) {
        for (const operand of operandsOf(node)) visit(operand);
      } else if (!this.#isUnrolled(node)) {
        this.materialize(node, 0);
      } else if (copies === 0) {
        for (const operand of operandsOf(node)) visit(operand);
      } else {
        for (let copy = 0; copy < copies; copy++) this.materialize(node, copy);
      }
    };
    for (const root of roots) visit(root);
  }

  /** The local that holds a node, computed now if it is not yet known. */
  materialize(node: Node, copy: number): Local {
    if (node.kind === "axis") return this.#axes[node.axis];
    const key = this.#keyOf(node, copy);
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    this.#compute(node, copy);
    const local = this.local(isIndex(node) ? "i32" : "v128");
    this.f.set(local);
    this.#remember(key, local);
    return local;
  }

  /** Puts an i32 on the stack. */
  pushIndex(node: IndexNode): void {
    this.#pushNode(node, 0);
  }

  /** Puts one copy of a value on the stack, a mask as wide as `width` says. */
  push(node: LaneNode, copy: number, width?: 32 | 64): void {
    this.#pushNode(node, copy);
    if (node.dtype === "bool") convertMask(this.f, this.widthOf(node), width ?? this.widthOf(node));
  }

  /** The width of a value's lanes. */
  widthOf(node: LaneNode): 32 | 64 {
    if (node.dtype !== "bool") return node.dtype === "f64" ? 64 : 32;
    if (this.lanes === 4 || node.kind !== "apply") return 32;
    let width = this.#widths.get(node);
    if (width === undefined) {
      // A mask is as wide as the numbers it comes from; truth values are compared in 32 bits and combined in the wider form.
      const combines = isLogical(node.op);
      width = node.operands.some(
        (operand) => (combines || operand.dtype !== "bool") && this.widthOf(operand) === 64,
      )
        ? 64
        : 32;
      this.#widths.set(node, width);
    }
    return width;
  }

  /** True when a value is the same in every lane here. */
  isUniform(node: LaneNode): boolean {
    return this.mode === "single" || !this.#varies(node);
  }

  /** The local with the index along the vector axis. */
  get vectorIndex(): Local {
    return this.#axes[this.graph.options.vectorAxis];
  }

  #pushNode(node: Node, copy: number): void {
    const { f } = this;
    if (node.kind === "axis") {
      f.get(this.#axes[node.axis]);
      return;
    }
    const key = this.#keyOf(node, copy);
    const known = this.#values.get(key);
    if (known !== undefined) {
      f.get(known);
      return;
    }
    this.#compute(node, copy);
    if (node.uses < 2 || node.kind === "zero") return;
    const local = this.local(isIndex(node) ? "i32" : "v128");
    f.tee(local);
    this.#remember(key, local);
  }

  #compute(node: Node, copy: number): void {
    const { f } = this;
    switch (node.kind) {
      case "word":
        f.get(this.#args);
        f.memory("i32.load", 4 * node.position);
        return;
      case "axis":
        f.get(this.#axes[node.axis]);
        return;
      case "scaled":
        f.get(this.#axes[node.axis]);
        f.i32(node.bits);
        f.emit("i32.shl");
        return;
      case "index":
        this.pushIndex(node.left);
        this.pushIndex(node.right);
        f.emit(node.op === "below" ? "i32.lt_u" : `i32.${node.op}`);
        return;
      case "first":
        this.push(node.value, 0);
        f.lane("i32x4.extract_lane", 0);
        return;
      case "zero":
        f.v128(new Uint8Array(16));
        return;
      case "literal":
        f.get(this.#args);
        f.memory(node.dtype === "f64" ? "v128.load64_splat" : "v128.load32_splat", 4 * node.position);
        return;
      case "ramp":
        this.#computeRamp(node.base, node.step, copy);
        return;
      case "truth":
        f.i32(0);
        this.pushIndex(node.condition);
        f.emit("i32.sub", "i32x4.splat");
        return;
      case "load":
        emitLoad(this, node, copy);
        return;
      case "apply":
        emitApply(this, node, copy);
        return;
      case "result":
        throw new TypeError(`result ${node.reduction} is used before it is defined`);
    }
  }

  #computeRamp(base: IndexNode, step: IndexNode | 0 | 1, copy: number): void {
    const { f } = this;
    this.pushIndex(base);
    f.emit("i32x4.splat");
    if (step === 0 || this.mode === "single") return;
    const first = copy * this.lanes;
    f.v128(new Uint8Array(new Int32Array([first, first + 1, first + 2, first + 3]).buffer));
    if (step !== 1) {
      this.pushIndex(step);
      f.emit("i32x4.splat", "i32x4.mul");
    }
    f.emit("i32x4.add");
  }

  #remember(key: number, local: Local): void {
    this.#values.set(key, local);
    this.#scopes.at(-1)?.keys.push(key);
  }

  #keyOf(node: Node, copy: number): number {
    return node.id * maximumCopies + (this.#isUnrolled(node) ? copy : 0);
  }

  #isReady(node: Node): boolean {
    return (node.axes & ~this.#bound) === 0 && (node.results & ~this.#available) === 0;
  }

  #varies(node: Node): boolean {
    const { vectorAxis } = this.graph.options;
    return vectorAxis >= 0 && (node.axes & (1 << vectorAxis)) !== 0;
  }

  // Copies differ in lanes only: addresses are those of the first copy.
  #isUnrolled(node: Node): boolean {
    return !isIndex(node) && this.#varies(node);
  }
}
