import { dtypeFacts, roundTo, type TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import type { Coordinate, Guard } from "./coordinate.ts";
import { combineFunction, scalarFunction, startOf } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import type {
  Check,
  Command,
  Contraction,
  Kernel,
  LoopNest,
  Plan,
  PlanBuffer,
  Reduce,
  Store,
} from "./kernel.ts";
import { firstOverwrite } from "./overwrites.ts";
import { childrenOf } from "./print.ts";

/**
 * Runs a kernel on typed arrays, one for each of its buffers, in plain TypeScript: the oracle of every renderer.
 * Each scalar instruction rounds to its type; sums accumulate in f64 and round once. Codes of failed checks go to `errors`.
 */
export function interpretKernel(kernel: Kernel, arrays: readonly TypedArray[], errors: Set<number>): void {
  if (kernel.buffers.length !== arrays.length) {
    throw new NeuriteError({
      operation: `kernel '${kernel.name}'`,
      got: `${arrays.length} arrays`,
      expected: `${kernel.buffers.length}`,
    });
  }
  switch (kernel.kind) {
    case "loops":
      runLoopNest(kernel, arrays, errors);
      break;
    case "contraction":
      runContraction(kernel, arrays, errors);
      break;
    case "routine":
      kernel.run(arrays);
      break;
  }
}

/**
 * Runs a whole plan; the given arrays are used in place, so a donated input is overwritten, unless a check fails before.
 * `error` is the code of the first failed check, 0 if none failed.
 */
export function interpretPlan(
  plan: Plan,
  inputs: readonly TypedArray[],
): { outputs: TypedArray[]; error: number } {
  const run = new PlanRun(plan, inputs);
  const first = firstOverwrite(plan);
  run.commands(plan.commands.slice(0, first));
  if (run.errors.size === 0) run.commands(plan.commands.slice(first));
  const outputs = plan.outputs.map((buffer) => {
    const { kind } = plan.buffers[buffer].place;
    const array = run.array(buffer);
    return kind === "input" || kind === "output" ? array : array.slice();
  });
  const [error = 0] = run.errors;
  return { outputs, error };
}

/** What the statements of one running kernel share. */
interface Frame {
  readonly name: string;
  readonly axes: number[];
  readonly results: number[];
  readonly arrays: readonly TypedArray[];
  readonly errors: Set<number>;
}

function runLoopNest(nest: LoopNest, arrays: readonly TypedArray[], errors: Set<number>): void {
  const { space, inner } = nest;
  const axes = new Array<number>(space.length + inner.length).fill(0);
  const frame: Frame = { name: nest.name, axes, results: [], arrays, errors };
  const eachInner = (visit: () => void): void => forEachPoint(axes, space.length, inner, visit);
  let reductions = 0;
  const steps = nest.statements.map((statement) => {
    if (statement.kind === "reduce") return compileReduce(statement, reductions++, eachInner, frame);
    const step = compileStatement(statement, frame);
    return statement.level === "inner" ? () => eachInner(step) : step;
  });
  forEachPoint(axes, 0, space, () => {
    for (const step of steps) step();
  });
}

function runContraction(contraction: Contraction, arrays: readonly TypedArray[], errors: Set<number>): void {
  const { batch, rows, columns, depth, dtype, left, right } = contraction;
  const outer = [...batch, ...rows, ...columns];
  const axes = new Array<number>(outer.length + depth.length).fill(0);
  const frame: Frame = { name: contraction.name, axes, results: [0], arrays, errors };
  const factors = new Evaluator([left, right], frame);
  const multiply = scalarFunction("mul", dtype === "f32" ? "f64" : dtype, dtype);
  const add = combineFunction("sum", dtype);
  const epilogue = contraction.epilogue.map((statement) => compileStatement(statement, frame));
  let sum = 0;
  const accumulate = (): void => {
    factors.run();
    sum = add(sum, multiply(factors.valueOf(left), factors.valueOf(right), 0));
  };
  forEachPoint(axes, 0, outer, () => {
    sum = 0;
    forEachPoint(axes, outer.length, depth, accumulate);
    frame.results[0] = roundTo(dtype, sum);
    for (const step of epilogue) step();
  });
}

// Visits every point of the axes first, first + 1, …, the last one fastest.
function forEachPoint(axes: number[], first: number, extents: readonly number[], visit: () => void): void {
  if (extents.includes(0)) return;
  const last = extents.length - 1;
  axes.fill(0, first, first + extents.length);
  for (;;) {
    visit();
    let axis = last;
    while (axis >= 0 && ++axes[first + axis] === extents[axis]) axes[first + axis--] = 0;
    if (axis < 0) return;
  }
}

function compileReduce(
  statement: Reduce,
  reduction: number,
  eachInner: (visit: () => void) => void,
  frame: Frame,
): () => void {
  const { combine, value } = statement;
  const evaluator = new Evaluator([value], frame);
  const step = combineFunction(combine, value.dtype);
  const start = startOf(combine, value.dtype);
  let sum = start;
  const accumulate = (): void => {
    evaluator.run();
    sum = step(sum, evaluator.valueOf(value));
  };
  return () => {
    sum = start;
    eachInner(accumulate);
    frame.results[reduction] = roundTo(value.dtype, sum);
  };
}

function compileStatement(statement: Store | Check, frame: Frame): () => void {
  if (statement.kind === "check") {
    const { condition, code } = statement;
    const evaluator = new Evaluator([condition], frame);
    return () => {
      evaluator.run();
      if (evaluator.valueOf(condition) !== 0) frame.errors.add(code);
    };
  }
  const { value, mode, buffer } = statement;
  const dynamic = [statement.index, ...statement.guards.map((guard) => guard.coordinate)].flatMap(
    (coordinate) => coordinate.dynamic.map((term) => term.value),
  );
  const evaluator = new Evaluator([...dynamic, value], frame);
  const index = evaluator.coordinate(statement.index);
  const guards = evaluator.guards(statement.guards);
  const array = frame.arrays[buffer];
  const add = scalarFunction("add", value.dtype, value.dtype);
  return () => {
    evaluator.run();
    if (!guards()) return;
    const at = checkedIndex(frame, buffer, index());
    const stored = evaluator.valueOf(value);
    array[at] = mode === "add" ? add(array[at], stored, 0) : stored;
  };
}

function checkedIndex(frame: Frame, buffer: number, index: number): number {
  const { length } = frame.arrays[buffer];
  if (index >= 0 && index < length) return index;
  throw new NeuriteError({
    operation: `kernel '${frame.name}'`,
    got: `index ${index} of b${buffer} at axes [${frame.axes.join(", ")}]`,
    expected: `0 to ${length - 1}`,
  });
}

/** Expressions compiled to a list of closures, each node evaluated once a run into a slot of its own. */
class Evaluator {
  readonly #frame: Frame;
  readonly #slots = new Map<Expression, number>();
  readonly #values: Float64Array;
  readonly #steps: (() => void)[] = [];

  constructor(roots: readonly Expression[], frame: Frame) {
    this.#frame = frame;
    const visit = (node: Expression): void => {
      if (this.#slots.has(node)) return;
      for (const child of childrenOf(node)) visit(child);
      this.#slots.set(node, this.#slots.size);
    };
    for (const root of roots) visit(root);
    this.#values = new Float64Array(this.#slots.size);
    for (const [node, slot] of this.#slots) this.#compile(node, slot);
  }

  run(): void {
    for (const step of this.#steps) step();
  }

  valueOf(expression: Expression): number {
    return this.#values[this.#slot(expression)];
  }

  coordinate({ offset, coefficients, dynamic }: Coordinate): () => number {
    const { axes } = this.#frame;
    const values = this.#values;
    const used = coefficients.flatMap((coefficient, axis) => (coefficient === 0 ? [] : [axis]));
    const slots = dynamic.map((term) => this.#slot(term.value));
    return () => {
      let sum = offset;
      for (const axis of used) sum += coefficients[axis] * axes[axis];
      for (let k = 0; k < slots.length; k++) sum += dynamic[k].stride * values[slots[k]];
      return sum;
    };
  }

  guards(guards: readonly Guard[]): () => boolean {
    const coordinates = guards.map((guard) => this.coordinate(guard.coordinate));
    return () => {
      for (let k = 0; k < guards.length; k++) {
        const position = coordinates[k]();
        if (position < 0 || position >= guards[k].extent) return false;
      }
      return true;
    };
  }

  #slot(node: Expression): number {
    const slot = this.#slots.get(node);
    if (slot === undefined) throw new TypeError("an expression was used before it was compiled");
    return slot;
  }

  #compile(node: Expression, slot: number): void {
    const values = this.#values;
    const frame = this.#frame;
    switch (node.kind) {
      case "constant":
        values[slot] = roundTo(node.dtype, node.value);
        break;
      case "coordinate": {
        const coordinate = this.coordinate(node.coordinate);
        this.#steps.push(() => {
          values[slot] = coordinate() | 0;
        });
        break;
      }
      case "inside": {
        const guards = this.guards(node.guards);
        this.#steps.push(() => {
          values[slot] = guards() ? 1 : 0;
        });
        break;
      }
      case "result":
        this.#steps.push(() => {
          values[slot] = frame.results[node.reduction];
        });
        break;
      case "load": {
        const guards = this.guards(node.guards);
        const index = this.coordinate(node.index);
        const array = frame.arrays[node.buffer];
        const fill = roundTo(node.dtype, node.fill);
        this.#steps.push(() => {
          values[slot] = guards() ? array[checkedIndex(frame, node.buffer, index())] : fill;
        });
        break;
      }
      case "scalar": {
        const from = node.operands[node.operands.length - 1].dtype;
        const apply = scalarFunction(node.op, node.dtype, from);
        const x = this.#slot(node.operands[0]);
        const y = node.operands.length > 1 ? this.#slot(node.operands[1]) : x;
        const z = node.operands.length > 2 ? this.#slot(node.operands[2]) : x;
        this.#steps.push(() => {
          values[slot] = apply(values[x], values[y], values[z]);
        });
        break;
      }
    }
  }
}

// The array of a plan's buffer that does not move; views have none.
function ownArray(
  { dtype, length, place }: PlanBuffer,
  inputs: readonly TypedArray[],
  arena: ArrayBuffer,
): TypedArray | undefined {
  switch (place.kind) {
    case "input": {
      const input = inputs[place.input];
      if (input?.length === length) return input;
      throw new NeuriteError({
        operation: "interpretPlan",
        got: input === undefined ? `${inputs.length} inputs` : `${input.length} elements`,
        expected: `input ${place.input} with ${length} elements`,
      });
    }
    case "arena":
      return dtypeFacts[dtype].view(arena, place.byteOffset, length);
    case "constant":
      return place.data;
    case "output":
      return dtypeFacts[dtype].create(length);
    case "view":
      return undefined;
  }
}

/** The memory and the position of a running plan. */
class PlanRun {
  readonly errors = new Set<number>();
  readonly #plan: Plan;
  readonly #owned: readonly (TypedArray | undefined)[];
  /** How far a stepped view stands beyond its byteOffset. */
  readonly #steps: number[];

  constructor(plan: Plan, inputs: readonly TypedArray[]) {
    this.#plan = plan;
    this.#steps = new Array<number>(plan.buffers.length).fill(0);
    const arena = new ArrayBuffer(plan.arenaBytes);
    this.#owned = plan.buffers.map((buffer) => ownArray(buffer, inputs, arena));
  }

  /** The array of a buffer, a view where it stands now. */
  array(buffer: number): TypedArray {
    const owned = this.#owned[buffer];
    if (owned !== undefined) return owned;
    const { dtype, length, place } = this.#plan.buffers[buffer];
    if (place.kind !== "view") throw new TypeError("only views have no array of their own");
    const whole = this.array(place.of);
    const start = whole.byteOffset + place.byteOffset + this.#steps[buffer];
    const end = start + length * dtypeFacts[dtype].bytes;
    if (start < whole.byteOffset || end > whole.byteOffset + whole.byteLength) {
      throw new NeuriteError({
        operation: "interpretPlan",
        got: `view ${buffer} from byte ${start - whole.byteOffset}`,
        expected: `a range of the ${whole.byteLength} bytes of buffer ${place.of}`,
      });
    }
    return dtypeFacts[dtype].view(whole.buffer, start, length);
  }

  commands(commands: readonly Command[]): void {
    for (const command of commands) this.#command(command);
  }

  #command(command: Command): void {
    switch (command.kind) {
      case "kernel": {
        const arrays = command.buffers.map((buffer) => this.array(buffer));
        interpretKernel(command.kernel, arrays, this.errors);
        break;
      }
      case "copy":
        this.array(command.to).set(this.array(command.from));
        break;
      case "branch": {
        const { branches } = command;
        const selected = this.array(command.selector)[0];
        this.commands(branches[Math.min(branches.length - 1, Math.max(0, selected))]);
        break;
      }
      case "while":
        for (;;) {
          this.commands(command.condition);
          if (this.array(command.predicate)[0] === 0) break;
          this.commands(command.body);
        }
        break;
      case "repeat":
        for (let t = 0; t < command.count; t++) {
          for (const step of command.steps) this.#steps[step.buffer] = t * step.strideBytes;
          this.commands(command.body);
        }
        for (const step of command.steps) this.#steps[step.buffer] = 0;
        break;
    }
  }
}
