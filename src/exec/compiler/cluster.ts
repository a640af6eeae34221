import { type Shape, sameShape, sizeOf, stridesOf } from "../../base/shape.ts";
import {
  axisCoordinate,
  type Coordinate,
  constant,
  type Guard,
  linearIndex,
} from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import type { Combine } from "../../lang/kernel/kernel.ts";
import * as s from "../../lang/kernel/scalar.ts";
import type { ContractionForm, IndexCheck, Read, ScatterForm } from "../../lang/program/primitive.ts";
import { type Equation, typeOf, type Var } from "../../lang/program/program.ts";
import { simplifyExpression } from "./algebra.ts";
import { contextOf, type Graph } from "./graph.ts";
import { NotFusable, Reader, reshapeCoordinates } from "./reader.ts";

/** One reduction of a kernel over its inner axes. */
export interface Reduction {
  readonly combine: Combine;
  readonly value: Expression;
}

/** Coordinates that visit every element of a shape once, in the loops of a kernel. */
export interface Visit {
  readonly shape: Shape;
  readonly at: readonly Coordinate[];
}

/** The stores of a scatter, after its output was filled with `initial` over its own axes. */
export interface Scattering {
  readonly initial: Expression;
  readonly level: "outer" | "inner";
  readonly mode: "set" | "add";
  readonly index: Coordinate;
  readonly guards: readonly Guard[];
  readonly value: Expression;
}

/** Equations that become one kernel, with their expressions over its axes. */
export interface Cluster {
  readonly kind: "loops" | "contraction" | "scatter";
  /** The equations computed here; the first one names the kernel. */
  readonly equations: Equation[];
  readonly reader: Reader;
  /** Extents of the space axes; a contraction's batch, rows and columns. */
  space: readonly number[];
  /** Extents of the inner axes; a contraction's depth. */
  inner: readonly number[];
  readonly reductions: Reduction[];
  /** Where further pointwise equations can be computed. */
  readonly visits: Visit[];
  /** Error codes to set where a condition holds. */
  readonly checks: readonly { readonly condition: Expression; readonly code: number }[];
  /** Outputs that lie in the buffer of an operand, and that operand. */
  readonly overwrites: Map<Var, Var>;
  readonly scattering?: Scattering;
  readonly contraction?: {
    readonly batch: readonly number[];
    readonly rows: readonly number[];
    readonly columns: readonly number[];
    readonly depth: readonly number[];
    readonly left: Expression;
    readonly right: Expression;
  };
}

/** Loops over a shape, their axes numbered from `first`: axes of extent 1 need none. */
export function loopOver(shape: Shape, first = 0): { at: Coordinate[]; extents: number[] } {
  const extents: number[] = [];
  const at = shape.map((extent) => {
    if (extent === 1) return constant(0);
    return axisCoordinate(first + extents.push(extent) - 1);
  });
  return { at, extents };
}

/** A kernel of its own for one equation of kind pointwise, reduction, contraction or scatter. */
export function startCluster(
  graph: Graph,
  equation: Equation,
  isStored: (variable: Var) => boolean,
): Cluster {
  const { lowering } = equation.primitive;
  const { shape } = equation.outputs[0].type;
  switch (lowering.kind) {
    case "contraction":
      return startContraction(graph, equation, lowering.form(contextOf(equation)), isStored);
    case "scatter":
      return startScatter(graph, equation, lowering.form(contextOf(equation)), isStored);
    case "reduction": {
      const { space, inner } = reductionLoops(graph, equation, isStored);
      const cluster = emptyCluster("loops", space, inner, new Reader(graph, isStored, [...space, ...inner]));
      addReduction(cluster, equation);
      return cluster;
    }
    default: {
      const { at, extents } = loopOver(shape);
      const cluster = emptyCluster("loops", extents, [], new Reader(graph, isStored, extents));
      addPointwise(cluster, equation, at);
      return cluster;
    }
  }
}

function emptyCluster(
  kind: Cluster["kind"],
  space: readonly number[],
  inner: readonly number[],
  reader: Reader,
): Cluster {
  return {
    kind,
    equations: [],
    reader,
    space,
    inner,
    reductions: [],
    visits: [],
    checks: [],
    overwrites: new Map(),
  };
}

function startContraction(
  graph: Graph,
  equation: Equation,
  form: ContractionForm,
  isStored: (variable: Var) => boolean,
): Cluster {
  let first = 0;
  const [batch, rows, columns, depth] = [form.batch, form.rows, form.columns, form.depth].map((group) => {
    const loops = loopOver(group, first);
    first += loops.extents.length;
    return loops;
  });
  const space = [...batch.extents, ...rows.extents, ...columns.extents];
  const reader = new Reader(graph, isStored, [...space, ...depth.extents]);
  const read = reader.readOperands(equation);
  const left = simplifyExpression(form.left(read, batch.at, rows.at, depth.at));
  const right = simplifyExpression(form.right(read, batch.at, depth.at, columns.at));
  const at = form.output(batch.at, rows.at, columns.at);
  const output = equation.outputs[0];
  reader.members.set(output, { at, expression: s.result(output.type.dtype, 0) });
  return {
    ...emptyCluster("contraction", space, depth.extents, reader),
    equations: [equation],
    visits: [{ shape: output.type.shape, at }],
    contraction: {
      batch: batch.extents,
      rows: rows.extents,
      columns: columns.extents,
      depth: depth.extents,
      left,
      right,
    },
  };
}

/** A kernel that only looks whether the elements of an index operand are in range. */
export function startCheck(
  graph: Graph,
  equation: Equation,
  check: IndexCheck,
  code: number,
  isStored: (variable: Var) => boolean,
): Cluster {
  const operand = equation.inputs[check.input];
  const { shape } = typeOf(operand);
  const { at, extents } = loopOver(shape);
  const reader = new Reader(graph, isStored, extents);
  const value = reader.valueAt(operand, at);
  let extent = s.literal("i32", check.extents[0]);
  for (const [position, alternative] of check.extents.entries()) {
    if (position === 0 || alternative === check.extents[0]) continue;
    const here = s.eq(s.coordinateValue(at[shape.length - 1]), position);
    extent = s.select(here, s.literal("i32", alternative), extent);
  }
  const condition = s.or(s.lt(value, 0), s.ge(value, extent));
  return {
    ...emptyCluster("loops", extents, [], reader),
    equations: [equation],
    checks: [{ condition, code }],
  };
}

/** Makes an equation part of a kernel; false, with the kernel unchanged, when its loops do not fit. */
export function tryJoin(
  cluster: Cluster,
  equation: Equation,
  graph: Graph,
  isStored: (variable: Var) => boolean,
): boolean {
  const { kind } = equation.primitive.lowering;
  try {
    if (kind === "reduction") return tryJoinReduction(cluster, equation, graph, isStored);
    if (kind !== "pointwise") return false;
    if (cluster.kind === "scatter") return false;
    const { shape } = equation.outputs[0].type;
    const extents = [...cluster.space, ...cluster.inner];
    for (const visit of cluster.visits) {
      const there = reshapeWhole(visit, shape, extents);
      if (there === undefined) continue;
      addPointwise(cluster, equation, there);
      return true;
    }
    return false;
  } catch (error) {
    if (error instanceof NotFusable) return false;
    throw error;
  }
}

function reshapeWhole(
  visit: Visit,
  shape: Shape,
  extents: readonly number[],
): readonly Coordinate[] | undefined {
  if (sameShape(visit.shape, shape)) return visit.at;
  return sizeOf(visit.shape) === sizeOf(shape)
    ? reshapeCoordinates(visit.at, visit.shape, shape, extents)
    : undefined;
}

function addPointwise(cluster: Cluster, equation: Equation, at: readonly Coordinate[]): void {
  const expression = cluster.reader.computeHere(equation, at);
  cluster.equations.push(equation);
  const output = equation.outputs[0];
  cluster.reader.members.set(output, { at, expression });
  if (cluster.visits.length === 0) cluster.visits.push({ shape: output.type.shape, at });
}

function addReduction(cluster: Cluster, equation: Equation): void {
  const { lowering } = equation.primitive;
  if (lowering.kind !== "reduction") throw new NotFusable();
  const output = equation.outputs[0];
  const { at } = loopOver(output.type.shape);
  const read = cluster.reader.readOperands(equation);
  const operands: Visit[] = [];
  const watched: Read = (input, there, guards, fill) => {
    const { shape } = typeOf(equation.inputs[input]);
    if (isPermutation(there, [...cluster.space, ...cluster.inner], shape))
      operands.push({ shape, at: there });
    return read(input, there, guards, fill);
  };
  const form = lowering.at(contextOf(equation), at, watched);
  const inner = loopOver(form.inner, cluster.space.length).at;
  const results: Expression[] = [];
  const added: Reduction[] = [];
  for (const stage of form.stages) {
    const value = simplifyExpression(stage.value(inner, results));
    results.push(s.result(value.dtype, cluster.reductions.length + added.length));
    added.push({ combine: stage.combine, value });
  }
  const expression = simplifyExpression(form.value(results));
  cluster.reductions.push(...added);
  cluster.visits.push({ shape: output.type.shape, at }, ...operands);
  cluster.equations.push(equation);
  cluster.reader.members.set(output, { at, expression });
}

// Two reductions of the same shape over the same inner axes share one nest.
function tryJoinReduction(
  cluster: Cluster,
  equation: Equation,
  graph: Graph,
  isStored: (variable: Var) => boolean,
): boolean {
  if (cluster.kind !== "loops" || cluster.inner.length === 0) return false;
  const { space, inner } = reductionLoops(graph, equation, isStored);
  if (!sameShape(space, cluster.space) || !sameShape(inner, cluster.inner)) return false;
  addReduction(cluster, equation);
  return true;
}

function reductionLoops(
  graph: Graph,
  equation: Equation,
  isStored: (variable: Var) => boolean,
): { space: number[]; inner: number[] } {
  const { lowering } = equation.primitive;
  if (lowering.kind !== "reduction") throw new NotFusable();
  const { at, extents } = loopOver(equation.outputs[0].type.shape);
  const probe = new Reader(graph, isStored, extents);
  const { inner } = lowering.at(contextOf(equation), at, probe.readOperands(equation));
  return { space: extents, inner: loopOver(inner).extents };
}

// Each axis of the kernel is one coordinate: every element is visited once.
function isPermutation(at: readonly Coordinate[], extents: readonly number[], shape: Shape): boolean {
  const seen = new Set<number>();
  for (const [d, { offset, coefficients, dynamic }] of at.entries()) {
    if (shape[d] === 1) continue;
    const axes = coefficients.flatMap((coefficient, axis) => (coefficient === 0 ? [] : [axis]));
    if (offset !== 0 || dynamic.length > 0 || axes.length !== 1) return false;
    if (coefficients[axes[0]] !== 1 || extents[axes[0]] !== shape[d]) return false;
    seen.add(axes[0]);
  }
  return seen.size === extents.length;
}

function startScatter(
  graph: Graph,
  equation: Equation,
  form: ScatterForm,
  isStored: (variable: Var) => boolean,
): Cluster {
  const { shape, dtype } = equation.outputs[0].type;
  const space = loopOver(form.space);
  const inner = loopOver(form.inner, space.extents.length);
  const reader = new Reader(graph, isStored, [...space.extents, ...inner.extents]);
  const body = form.at(space.at, inner.at, reader.readOperands(equation));
  const reductions: Reduction[] = [];
  const results: Expression[] = [];
  for (const stage of body.stages) {
    const value = simplifyExpression(stage.value(inner.at, results));
    results.push(s.result(value.dtype, reductions.length));
    reductions.push({ combine: stage.combine, value });
  }
  const target = body.target(results);
  const value = simplifyExpression(body.value(results));
  if (form.initial === "none") {
    // Every element is met once: the stores are computed like any member of the kernel, and others can join them.
    reader.members.set(equation.outputs[0], { at: target.at, expression: value });
    return {
      ...emptyCluster("loops", space.extents, inner.extents, reader),
      equations: [equation],
      reductions,
      visits: [{ shape, at: target.at }],
    };
  }
  const filling = loopOver(shape);
  const initial =
    form.initial === "zeros"
      ? s.literal(dtype, 0)
      : new Reader(graph, isStored, filling.extents).readOperands(equation)(form.initial, filling.at);
  return {
    ...emptyCluster("scatter", space.extents, inner.extents, reader),
    equations: [equation],
    reductions,
    scattering: {
      initial,
      level: body.level,
      mode: body.mode,
      index: linearIndex(target.at, stridesOf(shape)),
      guards: target.guards,
      value,
    },
  };
}
