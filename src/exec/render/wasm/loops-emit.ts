import { isFloat } from "../../../base/dtype.ts";
import { startOf } from "../../../lang/kernel/evaluate.ts";
import type { Combine } from "../../../lang/kernel/kernel.ts";
import type { FunctionBuilder, Local, ModuleBuilder } from "./encoder.ts";
import { Emitter, type LaneMode } from "./expression.ts";
import type { Graph } from "./graph.ts";
import { convertMask, emitPair, zeroVector } from "./lanes.ts";
import { emitCheck, emitStore } from "./memory.ts";
import {
  type CheckNode,
  type IndexNode,
  type LaneNode,
  type Node,
  type StoreNode,
  statementNodes,
  wordsOf,
} from "./nodes.ts";
import type { Schedule } from "./schedule.ts";

/** A reduction in the kernel's graph. */
export interface ReduceNode {
  readonly kind: "reduce";
  readonly combine: Combine;
  readonly value: LaneNode;
  readonly result: LaneNode;
}

/** A statement in the kernel's graph. */
export type Step = StoreNode | CheckNode | ReduceNode;

/** Statements that run one after the other at a point: of the space, or of the inner loops, which they share. */
export interface Group {
  readonly inner: boolean;
  readonly steps: readonly Step[];
}

/** A loop nest ready for code. */
export interface LoweredNest {
  readonly schedule: Schedule;
  readonly graph: Graph;
  /** The extents of the loops, space first. */
  readonly extents: readonly IndexNode[];
  readonly groups: readonly Group[];
}

/** A partial value of a reduction; of a float maximum or minimum also whether any element was NaN. */
interface PartialSum {
  readonly sum: Local;
  readonly unordered: Local | undefined;
}

const pairOf: Readonly<Record<Combine, "add" | "mul" | "max" | "min">> = {
  sum: "add",
  prod: "mul",
  max: "max",
  min: "min",
};

/** Emits the function of a loop nest. */
export function emitNest(module: ModuleBuilder, f: FunctionBuilder, nest: LoweredNest): void {
  new NestEmitter(new Emitter(module, f, f.parameters[0], nest.graph, nest.schedule.lanes), nest).run();
}

class NestEmitter {
  readonly #e: Emitter;
  readonly #f: FunctionBuilder;
  readonly #nest: LoweredNest;
  readonly #roots: readonly Node[];
  #extents: readonly Local[] = [];

  constructor(e: Emitter, nest: LoweredNest) {
    this.#e = e;
    this.#f = e.f;
    this.#nest = nest;
    this.#roots = nest.groups.flatMap((group) => group.steps.flatMap(stepNodes));
  }

  run(): void {
    const { schedule, extents } = this.#nest;
    const { space, vectorAxis, vectorized } = schedule;
    const e = this.#e;
    e.scope(() => {
      this.#extents = extents.map((extent) => e.materialize(extent, 0));
      const outer = space.map((_, axis) => axis).filter((axis) => axis !== vectorAxis);
      this.#loops(outer, this.#roots, 1, () => {
        if (vectorized === "inner" || vectorAxis < 0) this.#point(1);
        else this.#blocks(this.#roots, (copies) => this.#point(copies));
      });
    });
  }

  // All statements at a point of the space, or at the points of several vectors.
  #point(copies: number): void {
    for (const group of this.#nest.groups) {
      if (group.inner) this.#innerGroup(group, copies);
      else {
        this.#copies(group.steps, copies, (step, copy) => {
          if (step.kind !== "reduce") this.#statement(step, copy);
        });
      }
    }
  }

  #innerGroup(group: Group, copies: number): void {
    const { space, inner, vectorAxis, vectorized, copies: partials } = this.#nest.schedule;
    const e = this.#e;
    const roots = group.steps.flatMap(stepNodes);
    const axes = inner.map((_, k) => space.length + k);
    const alongInner = vectorized === "inner";
    const sums = new Map<Step, PartialSum[]>();
    for (const step of group.steps) {
      if (step.kind === "reduce") sums.set(step, this.#accumulators(step, alongInner ? partials : copies));
    }
    const body = (bodyCopies: number): void => {
      this.#copies(group.steps, bodyCopies, (step, copy) => {
        const partial = sums.get(step)?.[copy];
        if (step.kind === "reduce" && partial !== undefined)
          this.#accumulate(step, partial, copy, alongInner);
        else if (step.kind !== "reduce") this.#statement(step, copy);
      });
    };
    if (alongInner) {
      const outer = axes.filter((axis) => axis !== vectorAxis);
      this.#loops(outer, roots, 1, () => this.#blocks(roots, body));
    } else {
      this.#loops(axes, roots, copies, () => body(copies));
    }
    for (const [step, parts] of sums) {
      if (step.kind !== "reduce") continue;
      this.#markUnordered(parts);
      const locals = parts.map((part) => part.sum);
      if (alongInner) this.#fold(step, locals);
      locals.slice(0, copies).forEach((local, copy) => {
        e.define(step.result, copy, local);
      });
    }
  }

  // Runs a body for each of several vectors.
  #copies(steps: readonly Step[], copies: number, visit: (step: Step, copy: number) => void): void {
    if (copies === 1) {
      for (const step of steps) visit(step, 0);
      return;
    }
    this.#e.hoist(steps.flatMap(stepNodes), 0);
    for (let copy = 0; copy < copies; copy++) {
      this.#e.scope(() => {
        for (const step of steps) visit(step, copy);
      });
    }
  }

  #statement(step: Exclude<Step, ReduceNode>, copy: number): void {
    if (step.kind === "store") emitStore(this.#e, step, copy);
    else emitCheck(this.#e, step, copy);
  }

  // Opens loops from outside in; before each one what does not vary in it is computed.
  #loops(axes: readonly number[], roots: readonly Node[], copies: number, body: () => void): void {
    const e = this.#e;
    if (axes.length === 0) {
      body();
      return;
    }
    const [axis, ...rest] = axes;
    e.hoist(roots, copies);
    const index = e.local("i32");
    this.#f.forRange(index, { from: 0, to: this.#extents[axis] }, () => {
      e.scope(() => {
        e.bind(axis, index);
        this.#loops(rest, roots, copies, body);
      });
    });
  }

  // Runs along the vector axis: several vectors at a time, single vectors, and what is left.
  #blocks(roots: readonly Node[], body: (copies: number) => void): void {
    const { schedule, graph } = this.#nest;
    const { vectorAxis, copies, lanes, short } = schedule;
    const e = this.#e;
    const f = this.#f;
    const extent = this.#extents[vectorAxis];
    const index = e.local("i32");
    const run = (mode: LaneMode, count: number): void => {
      const before = e.mode;
      e.mode = mode;
      e.scope(() => {
        e.bind(vectorAxis, index);
        body(count);
      });
      e.mode = before;
    };
    const vectors = (count: number): void => {
      e.borrow("i32", (limit) => {
        f.get(extent);
        f.i32(count * lanes - 1);
        f.emit("i32.sub");
        f.set(limit);
        f.forRange(index, { to: limit, step: count * lanes }, () => run("vector", count));
      });
    };
    e.hoist(roots, 1);
    f.i32(0);
    f.set(index);
    if (short) {
      f.forRange(index, { to: extent }, () => run("single", 1));
      return;
    }
    if (copies > 1) vectors(copies);
    vectors(1);
    if (graph.gathers) f.forRange(index, { to: extent }, () => run("single", 1));
    else this.#overlap(extent, index, () => run("overlap", 1));
  }

  // The last vector ends at the end of the row; only its last lanes are new.
  #overlap(extent: Local, index: Local, body: () => void): void {
    const e = this.#e;
    const f = this.#f;
    const { lanes } = this.#nest.schedule;
    f.get(index);
    f.get(extent);
    f.emit("i32.lt_s");
    f.if(() =>
      e.scope(() => {
        const active = e.local("v128");
        // lane ≥ lanes − (extent − index)
        f.v128(new Uint8Array(new Int32Array([0, 1, 2, 3]).buffer));
        f.get(index);
        f.i32(lanes);
        f.emit("i32.add");
        f.get(extent);
        f.emit("i32.sub", "i32x4.splat", "i32x4.ge_s");
        f.set(active);
        f.get(extent);
        f.i32(lanes);
        f.emit("i32.sub");
        f.set(index);
        e.active = active;
        body();
        e.active = undefined;
      }),
    );
  }

  #accumulators(step: ReduceNode, count: number): PartialSum[] {
    const f = this.#f;
    const isExtreme = step.combine === "max" || step.combine === "min";
    const tracksOrder = isExtreme && isFloat(step.value.dtype);
    return Array.from({ length: count }, () => {
      const sum = this.#e.local("v128");
      this.#pushStart(step);
      f.set(sum);
      if (!tracksOrder) return { sum, unordered: undefined };
      const unordered = this.#e.local("v128");
      zeroVector(f);
      f.set(unordered);
      return { sum, unordered };
    });
  }

  #pushStart({ combine, value }: ReduceNode): void {
    const start = startOf(combine, value.dtype);
    const words = start === 0 ? [0] : wordsOf(value.dtype, start);
    const lanes = Int32Array.from({ length: 4 }, (_, k) => words[k % words.length]);
    this.#f.v128(new Uint8Array(lanes.buffer));
  }

  #accumulate(step: ReduceNode, { sum, unordered }: PartialSum, copy: number, alongInner: boolean): void {
    const f = this.#f;
    const { combine, value } = step;
    if (unordered === undefined) {
      f.get(sum);
      this.#pushAddend(step, copy, alongInner);
      emitPair(f, pairOf[combine], value.dtype);
      f.set(sum);
      return;
    }
    // The engine's max is eight instructions in a chain. Two halves of it, x < y ? y : x both ways, differ for zeros,
    // whose signs `and` (for min, `or`) combines, and for NaN, which is noted on the side.
    const prefix = value.dtype === "f64" ? "f64x2" : "f32x4";
    this.#e.borrow("v128", (element) => {
      this.#pushAddend(step, copy, alongInner);
      f.set(element);
      for (const [x, y] of [
        [sum, element],
        [element, sum],
      ]) {
        f.get(x);
        f.get(y);
        f.emit(`${prefix}.p${combine === "max" ? "max" : "min"}`);
      }
      f.emit(combine === "max" ? "v128.and" : "v128.or");
      f.set(sum);
      f.get(unordered);
      f.get(element);
      f.get(element);
      f.emit(`${prefix}.ne`, "v128.or");
      f.set(unordered);
    });
  }

  // The value to add; lanes that count already, or that repeat the only one, add nothing.
  #pushAddend(step: ReduceNode, copy: number, alongInner: boolean): void {
    const f = this.#f;
    const e = this.#e;
    e.push(step.value, copy, 32);
    if (!alongInner || e.mode === "vector") return;
    this.#pushStart(step);
    if (e.mode === "overlap" && e.active !== undefined) f.get(e.active);
    else f.v128(new Uint8Array(new Int32Array([-1, 0, 0, 0]).buffer));
    convertMask(f, 32, widthOf(step.value));
    f.emit("v128.bitselect");
  }

  // All ones is a NaN.
  #markUnordered(parts: readonly PartialSum[]): void {
    const f = this.#f;
    for (const { sum, unordered } of parts) {
      if (unordered === undefined) continue;
      f.get(sum);
      f.get(unordered);
      f.emit("v128.or");
      f.set(sum);
    }
  }

  // Combines partial vectors, then lanes, in a fixed order; the result is in every lane.
  #fold({ combine, value }: ReduceNode, sums: readonly Local[]): void {
    const f = this.#f;
    const pair = pairOf[combine];
    for (let step = 1; step < sums.length; step *= 2) {
      for (let k = 0; k + step < sums.length; k += 2 * step) {
        f.get(sums[k]);
        f.get(sums[k + step]);
        emitPair(f, pair, value.dtype);
        f.set(sums[k]);
      }
    }
    const [sum] = sums;
    const halves = [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ];
    const { lanes } = this.#nest.schedule;
    const shuffles = lanes === 4 ? halves : widthOf(value) === 64 ? [halves[0]] : [halves[1]];
    for (const words of shuffles) {
      f.get(sum);
      f.get(sum);
      f.get(sum);
      f.shuffleWords(words);
      emitPair(f, pair, value.dtype);
      f.set(sum);
    }
  }
}

// Accumulated masks have 32-bit lanes.
function widthOf(value: LaneNode): 32 | 64 {
  return value.dtype === "f64" ? 64 : 32;
}

/** The nodes that a step reads. */
export function stepNodes(step: Step): readonly Node[] {
  return step.kind === "reduce" ? [step.value] : statementNodes(step);
}
