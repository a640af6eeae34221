import { startOf } from "../../../lang/kernel/evaluate.ts";
import type { LoopNest, Statement } from "../../../lang/kernel/kernel.ts";
import { expressionOf } from "./canonical.ts";
import { type FunctionReference, kernelSignature } from "./encoder.ts";
import { Graph } from "./graph.ts";
import { emitNest, type Group, type LoweredNest, type Step, stepNodes } from "./loops-emit.ts";
import { type RenderedKernel, wordsBefore } from "./rendered.ts";
import { loadsOf, scheduleNest } from "./schedule.ts";

/** Renders a loop nest. */
export function renderLoopNest(nest: LoopNest): RenderedKernel {
  if (nest.space.includes(0)) {
    return { key: "nothing", words: [], scratchBytes: 0, shared: [], define: defineNothing };
  }
  const lowered = lowerNest(nest);
  const { schedule, graph, groups } = lowered;
  const { space, inner, vectorAxis, vectorized, copies, short, lanes } = schedule;
  const form = [space.length, inner.length, vectorAxis, vectorized, copies, short, lanes].join();
  const division = groups.map((group) => `${group.inner ? "i" : "p"}${group.steps.length}`).join();
  return {
    key: `loops ${form} ${division} ${graph.key}`,
    words: graph.words,
    scratchBytes: 0,
    shared: [],
    define: (module, exportName) =>
      module.define(exportName, kernelSignature, (f) => emitNest(module, f, lowered)),
  };
}

function defineNothing(...[module, exportName]: Parameters<RenderedKernel["define"]>): FunctionReference {
  return module.define(exportName, kernelSignature, () => {});
}

function lowerNest(nest: LoopNest): LoweredNest {
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
    before: wordsBefore(nest.buffers.length, 0),
    order,
    vectorAxis,
    sources,
    resultAxes: (1 << space.length) - 1,
  });
  const extents = [...space, ...inner].map((extent) => graph.word(extent));
  return { schedule, graph, extents, groups: groupStatements(nest, graph, axes.slice(space.length)) };
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
