import { startOf } from "../../../lang/kernel/evaluate.ts";
import type { Combine, LoopNest, Statement } from "../../../lang/kernel/kernel.ts";
import { expressionOf } from "./canonical.ts";
import { Graph } from "./graph.ts";
import {
  type CheckNode,
  type IndexNode,
  type LaneNode,
  type Node,
  type StoreNode,
  statementNodes,
} from "./nodes.ts";
import { loadsOf, type Schedule, scheduleNest } from "./schedule.ts";

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
  /** The structure of everything: nests with equal keys have equal code. */
  readonly key: string;
}

/** The nodes that a step reads. */
export function stepNodes(step: Step): readonly Node[] {
  return step.kind === "reduce" ? [step.value] : statementNodes(step);
}

/** Chooses the loops of a nest, none of its space empty, and writes its statements as a graph; `before` words stand before its own. */
export function lowerNest(nest: LoopNest, before: number): LoweredNest {
  const schedule = scheduleNest(withoutEmptyLoops(nest));
  const { space, inner, sources, vectorAxis, vectorized } = schedule;
  const axes = sources.map((_, axis) => axis);
  const spaceAxes = axes.slice(0, space.length);
  const isVector = (axis: number): boolean => axis === vectorAxis;
  const order =
    vectorized === "inner"
      ? axes
      : [
          ...spaceAxes.filter((axis) => !isVector(axis)),
          ...spaceAxes.filter(isVector),
          ...axes.slice(space.length),
        ];
  const graph = new Graph({
    buffers: nest.buffers,
    before,
    order,
    vectorAxis,
    sources,
    resultAxes: (1 << space.length) - 1,
  });
  const extents = [...space, ...inner].map((extent) => graph.word(extent));
  const groups = groupStatements(nest, graph, axes.slice(space.length));
  const { copies, short, lanes } = schedule;
  const form = [space.length, inner.length, vectorAxis, vectorized, copies, short, lanes].join();
  const division = groups.map((group) => `${group.inner ? "i" : "p"}${group.steps.length}`).join();
  return { schedule, graph, extents, groups, key: `loops ${form} ${division} ${graph.key}` };
}

// Inner statements that run at no point are left out; results are then their starting values.
function withoutEmptyLoops(nest: LoopNest): LoopNest {
  if (!nest.inner.includes(0)) return nest;
  return { ...nest, inner: [], statements: nest.statements.filter((statement) => !isInner(statement)) };
}

interface OpenGroup {
  inner: boolean;
  steps: Step[];
  results: number;
  stored: Set<number>;
  loaded: Set<number>;
}

// Inner statements share their loops unless one needs what another has finished.
function groupStatements(nest: LoopNest, graph: Graph, innerAxes: readonly number[]): Group[] {
  const empty = nest.inner.includes(0);
  const groups: OpenGroup[] = [];
  let reductions = 0;
  pinStoredBuffers(nest, graph, innerAxes);
  for (const statement of nest.statements) {
    graph.nextStatement();
    const inner = isInner(statement);
    if (inner && empty) {
      if (statement.kind === "reduce") {
        const { dtype } = statement.value;
        graph.fixResult(reductions++, graph.literal(dtype, startOf(statement.combine, dtype)));
      }
      continue;
    }
    const step = lowerStatement(statement, graph, reductions);
    if (step.kind === "reduce") reductions++;
    const loaded = loadedBuffers(statement);
    const stored = statement.kind === "store" ? [statement.buffer] : [];
    let group = groups.at(-1);
    if (group === undefined || group.inner !== inner || (inner && conflicts(group, step, loaded, stored))) {
      group = { inner, steps: [], results: 0, stored: new Set(), loaded: new Set() };
      groups.push(group);
    }
    group.steps.push(step);
    if (step.kind === "reduce") group.results |= step.result.results;
    for (const buffer of loaded) group.loaded.add(buffer);
    for (const buffer of stored) group.stored.add(buffer);
  }
  return groups;
}

function conflicts(
  group: OpenGroup,
  step: Step,
  loaded: readonly number[],
  stored: readonly number[],
): boolean {
  if (stepNodes(step).some((node) => (node.results & group.results) !== 0)) return true;
  return (
    loaded.some((buffer) => group.stored.has(buffer)) ||
    stored.some((buffer) => group.stored.has(buffer) || group.loaded.has(buffer))
  );
}

function isInner(statement: Statement): boolean {
  return statement.kind === "reduce" || statement.level === "inner";
}

function loadedBuffers(statement: Statement): number[] {
  const expressions = [expressionOf(statement)];
  if (statement.kind === "store") {
    for (const { dynamic } of [statement.index, ...statement.guards.map((guard) => guard.coordinate)]) {
      expressions.push(...dynamic.map((term) => term.value));
    }
  }
  return expressions.flatMap((expression) => loadsOf(expression).map((load) => load.buffer));
}

// What an inner statement stores may be loaded by the next inner point.
function pinStoredBuffers(nest: LoopNest, graph: Graph, innerAxes: readonly number[]): void {
  const mask = innerAxes.reduce((bits, axis) => bits | (1 << axis), 0);
  for (const statement of nest.statements) {
    if (statement.kind === "store" && statement.level === "inner") graph.pin(statement.buffer, mask);
  }
}

function lowerStatement(statement: Statement, graph: Graph, reductions: number): Step {
  if (statement.kind === "store") return graph.store(statement);
  if (statement.kind === "check") return graph.check(statement);
  const { combine } = statement;
  const value = graph.use(graph.value(statement.value), `reduce:${combine}`);
  const result = graph.value({ kind: "result", dtype: value.dtype, reduction: reductions });
  return { kind: "reduce", combine, value, result };
}
