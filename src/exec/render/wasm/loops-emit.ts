import { type Group, type LoweredNest, type ReduceNode, type Step, stepNodes } from "../nest/lower.ts";
import type { Node } from "../nest/nodes.ts";
import type { FunctionBuilder, Local, ModuleBuilder, Operand } from "./encoder.ts";
import { integers } from "./encoder-integers.ts";
import { Emitter, type LaneMode } from "./expression.ts";
import { Accumulator } from "./loops-reduce.ts";
import { emitCheck, emitStore } from "./memory.ts";
import { startOfPart } from "./parts.ts";

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
  /** The outermost axis of the space, of which each part has its share; −1 if the work is not divided. */
  #divided = -1;

  constructor(e: Emitter, nest: LoweredNest) {
    this.#e = e;
    this.#f = e.f;
    this.#nest = nest;
    this.#roots = nest.groups.flatMap((group) => group.steps.flatMap(stepNodes));
  }

  run(): void {
    const { schedule, extents, groups } = this.#nest;
    const { space, vectorAxis, vectorized } = schedule;
    const e = this.#e;
    const outer = space.map((_, axis) => axis).filter((axis) => axis !== vectorAxis);
    // What add stores accumulate depends on the order of the loops.
    const inOrder = groups.some(({ steps }) =>
      steps.some((step) => step.kind === "store" && step.mode === "add"),
    );
    if (!inOrder) this.#divided = outer[0] ?? (vectorized === "space" ? vectorAxis : -1);
    if (this.#divided < 0) this.#onlyFirstPart();
    e.scope(() => {
      this.#extents = extents.map((extent) => e.materialize(extent, 0));
      this.#loops(outer, this.#roots, 1, () => {
        if (vectorized === "inner" || vectorAxis < 0) this.#point(1);
        else this.#blocks(this.#roots, (copies) => this.#point(copies));
      });
    });
  }

  #onlyFirstPart(): void {
    const [, part] = this.#f.parameters;
    this.#f.get(part);
    this.#f.if(() => this.#f.emit("return"));
  }

  // Where a loop begins and ends: an axis that is divided, in whole vectors where lanes lie along it, has a share for each part.
  #rangeOf(axis: number): readonly [from: Operand, to: Local] {
    const extent = this.#extents[axis];
    if (axis !== this.#divided) return [0, extent];
    const e = this.#e;
    const f = this.#f;
    const { vectorAxis, lanes, short } = this.#nest.schedule;
    const { add, equal, multiply, divide, select } = integers(f);
    const [, part, parts] = f.parameters;
    const size = axis === vectorAxis && !short ? lanes : 1;
    const start = startOfPart(e.module);
    const [from, to] = [e.local("i32"), e.local("i32")];
    const startOf =
      (number: Operand): Operand =>
      () => {
        for (const operand of [divide(extent, size), number, parts]) f.push(operand);
        f.call(start);
      };
    f.set(from, multiply(startOf(part), size));
    f.set(to, multiply(startOf(add(part, 1)), size));
    // What fills no vector belongs to the last part.
    if (size > 1) f.set(to, select(equal(add(part, 1), parts), extent, to));
    return [from, to];
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
    const sums = new Map<Step, Accumulator>();
    for (const step of group.steps) {
      if (step.kind !== "reduce") continue;
      sums.set(step, new Accumulator(e, step, alongInner ? partials : copies, alongInner));
    }
    const body = (bodyCopies: number): void => {
      this.#copies(group.steps, bodyCopies, (step, copy) => {
        if (step.kind === "reduce") sums.get(step)?.add(copy);
        else this.#statement(step, copy);
      });
    };
    if (alongInner) {
      const outer = axes.filter((axis) => axis !== vectorAxis);
      this.#loops(outer, roots, 1, () => this.#blocks(roots, body));
    } else {
      this.#loops(axes, roots, copies, () => body(copies));
    }
    for (const sum of sums.values()) sum.finish();
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
    const [from, to] = this.#rangeOf(axis);
    this.#f.forRange(index, { from, to }, () => {
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
        f.get(to);
        f.i32(count * lanes - 1);
        f.emit("i32.sub");
        f.set(limit);
        f.forRange(index, { to: limit, step: count * lanes }, () => run("vector", count));
      });
    };
    e.hoist(roots, 1);
    const [from, to] = this.#rangeOf(vectorAxis);
    f.set(index, from);
    if (short) {
      f.forRange(index, { to }, () => run("single", 1));
      return;
    }
    if (copies > 1) vectors(copies);
    vectors(1);
    if (graph.gathers) f.forRange(index, { to }, () => run("single", 1));
    else this.#overlap(to, index, () => run("overlap", 1));
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
}
