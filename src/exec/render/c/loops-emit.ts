import { startOf } from "../../../lang/kernel/evaluate.ts";
import { type Group, type LoweredNest, type ReduceNode, type Step, stepNodes } from "../nest/lower.ts";
import type { Access, Node } from "../nest/nodes.ts";
import { Emitter } from "./emitter.ts";
import { fixedExtentOf, keptLength, keptOf, reducersOf, reductionsOf } from "./loops-choice.ts";
import type { Reducer } from "./loops-reduce.ts";
import { combineText, literalText } from "./scalar.ts";

/** Points side by side: what a block of them computes lies in the first-level cache. */
const blockLength = 256;

/** Writes the function of a loop nest. */
export function emitNest(nest: LoweredNest): string {
  const emitter = new Emitter(nest.graph);
  new NestWriter(emitter, nest).run();
  return emitter.text;
}

class NestWriter {
  private readonly e: Emitter;
  private readonly nest: LoweredNest;
  private readonly roots: readonly Node[];
  private readonly reducers: Map<ReduceNode, Reducer>;
  private readonly kept: readonly ReduceNode[];
  /** Those whose row is computed already. */
  private readonly recalled: ReduceNode[] = [];
  private readonly spaceAxes: readonly number[];
  private readonly innerAxes: readonly number[];
  /** The axis along which the compiler vectorises, −1 if there is none. */
  private readonly vectorAxis: number;
  private readonly fixedExtent: number | undefined;
  private extents: readonly string[] = [];

  constructor(e: Emitter, nest: LoweredNest) {
    const { space, inner, vectorAxis, vectorized, short } = nest.schedule;
    this.e = e;
    this.nest = nest;
    this.roots = nest.groups.flatMap((group) => group.steps.flatMap(stepNodes));
    this.reducers = reducersOf(nest);
    this.kept = keptOf(nest);
    this.fixedExtent = fixedExtentOf(nest);
    // The vector axis is the innermost loop over the space.
    const isMoved = (axis: number): boolean => vectorized === "space" && axis === vectorAxis;
    const axes = space.map((_, axis) => axis);
    this.spaceAxes = [...axes.filter((axis) => !isMoved(axis)), ...axes.filter(isMoved)];
    this.innerAxes = inner.map((_, k) => space.length + k);
    this.vectorAxis = short && vectorized === "space" ? -1 : vectorAxis;
  }

  run(): void {
    this.e.block("void KERNEL(char *memory, const i32 *args, i32 part, i32 parts)", () => {
      const { e } = this;
      const [outermost] = this.spaceAxes;
      if (outermost === undefined || !this.isDivisible()) e.line("if (part != 0) return;");
      this.extents = this.nest.extents.map((extent) => e.name(extent));
      this.outerLoops(this.spaceAxes);
    });
  }

  // What add stores accumulate depends on the order of the loops.
  private isDivisible(): boolean {
    if (this.fixedExtent !== undefined && this.spaceAxes[0] === this.vectorAxis) return false;
    return this.steps().every((step) => step.kind !== "store" || step.mode === "set");
  }

  private steps(): Step[] {
    return this.nest.groups.flatMap((group) => group.steps);
  }

  // Opens the loops over the space from outside in; before each one what does not vary in it is computed.
  private outerLoops(axes: readonly number[]): void {
    const { e } = this;
    e.hoist(this.roots);
    const [axis, ...rest] = axes;
    if (axis === undefined) this.point();
    else if (axis === this.vectorAxis) this.vectorLoop(axis);
    else {
      const [from, to] = this.rangeOf(axis);
      e.loop(axis, from, to, () => this.outerLoops(rest));
    }
  }

  // The outermost loop runs over this part's share.
  private rangeOf(axis: number): readonly [string, string] {
    const extent = this.extents[axis];
    if (axis !== this.spaceAxes[0] || !this.isDivisible()) return ["0", extent];
    this.e.line(`i64 const start = start_of_part(${extent}, part, parts);`);
    this.e.line(`i64 const stop = start_of_part(${extent}, part + 1, parts);`);
    return ["start", "stop"];
  }

  private vectorLoop(axis: number): void {
    const { e } = this;
    const { groups } = this.nest;
    const [from, to] = this.rangeOf(axis);
    if (this.fixedExtent !== undefined) {
      e.line(`enum { first = 0, end = ${this.fixedExtent} };`);
      for (const group of groups) this.blockGroup(group, axis);
    } else if (groups.some((group) => group.inner)) {
      e.block(`for (i64 first = ${from}; first < ${to}; first += ${blockLength})`, () => {
        e.line(`i64 const end = ${to} - first < ${blockLength} ? ${to} : first + ${blockLength};`);
        for (const group of groups) this.blockGroup(group, axis);
      });
    } else {
      const steps = this.steps();
      e.independent(steps);
      e.loop(axis, from, to, () => this.statements(steps));
    }
  }

  // A group at the points of a block, whose partial values lie in arrays.
  private blockGroup(group: Group, axis: number): void {
    const { e } = this;
    const roots = group.steps.flatMap(stepNodes);
    const partial = (step: ReduceNode): string => `${resultName(step)}[a${axis} - first]`;
    const along = (body: () => void): void => e.loop(axis, "first", "end", body);
    if (!group.inner) {
      e.independent(group.steps);
      along(() => this.statements(group.steps));
      return;
    }
    const reductions = reductionsOf(group);
    for (const { value, combine, result } of reductions) {
      const { dtype } = value;
      e.line(`${dtype} ${nameOf(result)}[${this.fixedExtent ?? blockLength}];`);
      const start = literalText(dtype, startOf(combine, dtype));
      e.line(`for (i64 k = 0; k < end - first; k++) ${nameOf(result)}[k] = ${start};`);
    }
    this.innerLoops(this.innerAxes, roots, () => {
      e.independent(group.steps);
      along(() => {
        this.statements(group.steps, (step, value) => {
          e.line(`${partial(step)} = ${combineText(step.combine, step.value.dtype, partial(step), value)};`);
        });
      });
    });
    for (const step of reductions) e.define(step.result, partial(step));
  }

  // All statements at one point of the space.
  private point(): void {
    const { vectorized } = this.nest.schedule;
    for (const group of this.nest.groups) {
      if (!group.inner) this.statements(group.steps);
      else if (vectorized === "inner") this.alongLanes(group);
      else this.inOrder(group);
    }
  }

  // Inner loops one point after the other.
  private inOrder(group: Group): void {
    const { e } = this;
    const reductions = reductionsOf(group);
    for (const { value, combine, result } of reductions) {
      e.line(
        `${value.dtype} ${nameOf(result)} = ${literalText(value.dtype, startOf(combine, value.dtype))};`,
      );
    }
    this.innerLoops(this.innerAxes, group.steps.flatMap(stepNodes), () => {
      this.statements(group.steps, (step, value) => {
        const name = resultName(step);
        e.line(`${name} = ${combineText(step.combine, step.value.dtype, name, value)};`);
      });
    });
    for (const step of reductions) e.define(step.result, resultName(step));
  }

  // Inner loops along lanes: values of a block of points first, then their sums in a fixed number of partial sums.
  private alongLanes(group: Group): void {
    const { e } = this;
    const roots = group.steps.flatMap(stepNodes);
    const reductions = reductionsOf(group);
    for (const step of reductions) {
      const { dtype } = step.value;
      const name = `p${resultName(step)}`;
      const { count } = this.reducer(step);
      e.line(`${dtype} ${name}[${count}];`);
      e.line(
        `for (i32 k = 0; k < ${count}; k++) ${name}[k] = ${literalText(dtype, startOf(step.combine, dtype))};`,
      );
      if (this.kept.includes(step)) e.line(`${dtype} v${resultName(step)}[${keptLength}];`);
    }
    const axis = this.vectorAxis;
    this.innerLoops(this.innerAxes.slice(0, -1), roots, () => {
      e.hoist(roots);
      this.alongRow(group.steps, this.extents[axis]);
    });
    for (const step of reductions) {
      const name = resultName(step);
      e.line(`${step.value.dtype} const ${name} = ${this.reducer(step).fold.key}(p${name});`);
      e.define(step.result, name);
      if (this.kept.includes(step)) this.recalled.push(step);
    }
  }

  // The innermost loop: rows in memory are reduced as they are, everything else is computed a block at a time.
  private alongRow(steps: readonly Step[], extent: string): void {
    const { e } = this;
    const axis = this.vectorAxis;
    const accumulate = (step: ReduceNode, values: string, count: string): void => {
      e.line(`${this.reducer(step).accumulate.key}(p${resultName(step)}, ${values}, ${count});`);
    };
    const computed = steps.filter((step) => rowOf(step) === undefined);
    e.block("", () => {
      e.bind(axis, "0");
      for (const step of steps) {
        const row = rowOf(step);
        if (row !== undefined && step.kind === "reduce") accumulate(step, `&${e.place(row, true)}`, extent);
      }
    });
    if (computed.length === 0) return;
    e.block(`for (i64 first = 0; first < ${extent}; first += ${blockLength})`, () => {
      e.line(`i64 const end = ${extent} - first < ${blockLength} ? ${extent} : first + ${blockLength};`);
      const reductions = computed.filter((step) => step.kind === "reduce");
      for (const step of reductions) {
        if (this.kept.includes(step)) continue;
        e.line(`${step.value.dtype} v${resultName(step)}[${blockLength}];`);
      }
      e.independent(computed);
      e.loop(axis, "first", "end", () => {
        for (const step of this.recalled) e.define(step.value, `v${resultName(step)}[a${axis}]`);
        this.statements(computed, (step, value) => {
          const place = this.kept.includes(step) ? "" : " - first";
          e.line(`v${resultName(step)}[a${axis}${place}] = ${value};`);
        });
      });
      for (const step of reductions) {
        accumulate(step, `v${resultName(step)}${this.kept.includes(step) ? " + first" : ""}`, "end - first");
      }
    });
  }

  private innerLoops(axes: readonly number[], roots: readonly Node[], body: () => void): void {
    const { e } = this;
    e.hoist(roots);
    const [axis, ...rest] = axes;
    if (axis === undefined) body();
    else e.loop(axis, "0", this.extents[axis], () => this.innerLoops(rest, roots, body));
  }

  private statements(steps: readonly Step[], reduce?: (step: ReduceNode, value: string) => void): void {
    const { e } = this;
    for (const step of steps) {
      if (step.kind === "reduce") reduce?.(step, e.name(step.value));
      else e.statement(step);
    }
  }

  private reducer(step: ReduceNode): Reducer {
    const reducer = this.reducers.get(step);
    if (reducer === undefined) throw new TypeError("a reduction along lanes has a reducer");
    return reducer;
  }
}

/** The row in memory that a reduction reads as it is. */
function rowOf(step: Step): Access | undefined {
  if (step.kind !== "reduce" || step.value.kind !== "load" || step.value.dtype === "bool") return undefined;
  const { access, condition } = step.value;
  const isRow = access.along === "unit" && access.offsets === undefined;
  return isRow && condition.all === undefined && condition.each === undefined ? access : undefined;
}

function resultName({ result }: ReduceNode): string {
  return nameOf(result);
}

function nameOf({ id }: Node): string {
  return `r${id}`;
}
