import { type Shape, sameShape, sizeOf, stridesOf } from "../../base/shape.ts";
import { axisCoordinate, type Coordinate, type Guard, linearIndex } from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import type { Combine } from "../../lang/kernel/kernel.ts";
import * as s from "../../lang/kernel/scalar.ts";
import type { ContractionForm, IndexCheck, Read } from "../../lang/program/primitive.ts";
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
  readonly scattering?: Scattering;
  readonly contraction?: {
    readonly form: ContractionForm;
    readonly left: Expression;
    readonly right: Expression;
  };
}

/** An axis tuple that starts at `first`. */
export function axesFrom(first: number, count: number): Coordinate[] {
  return Array.from({ length: count }, (_, i) => axisCoordinate(first + i));
}

/** A kernel of its own for one equation of kind pointwise, reduction or contraction. */
export function startCluster(
  graph: Graph,
  equation: Equation,
  isStored: (variable: Var) => boolean,
): Cluster {
  const { lowering } = equation.primitive;
  const context = contextOf(equation);
  const output = equation.outputs[0];
  if (lowering.kind === "contraction") {
    const form = lowering.form(context);
    const groups = [form.batch, form.rows, form.columns, form.depth];
    const reader = new Reader(graph, isStored, groups.flat());
    const read = reader.readOperands(equation);
    let first = 0;
    const [batch, rows, columns, depth] = groups.map((group) => {
      first += group.length;
      return axesFrom(first - group.length, group.length);
    });
    const left = simplifyExpression(form.left(read, batch, rows, depth));
    const right = simplifyExpression(form.right(read, batch, depth, columns));
    const at = form.output(batch, rows, columns);
    reader.members.set(output, { at, expression: s.result(output.type.dtype, 0) });
    const space = [...form.batch, ...form.rows, ...form.columns];
    return {
      kind: "contraction",
      equations: [equation],
      reader,
      space,
      inner: form.depth,
      reductions: [],
      visits: [{ shape: output.type.shape, at }],
      checks: [],
      contraction: { form, left, right },
    };
  }
  if (lowering.kind === "scatter") return startScatter(graph, equation, isStored);
  const { shape } = output.type;
  if (lowering.kind === "reduction") {
    const probe = new Reader(graph, isStored, shape);
    const { inner } = lowering.at(context, axesFrom(0, shape.length), probe.readOperands(equation));
    const reader = new Reader(graph, isStored, [...shape, ...inner]);
    const cluster: Cluster = {
      kind: "loops",
      equations: [],
      reader,
      space: shape,
      inner,
      reductions: [],
      visits: [],
      checks: [],
    };
    addReduction(cluster, equation);
    return cluster;
  }
  const reader = new Reader(graph, isStored, shape);
  const cluster: Cluster = {
    kind: "loops",
    equations: [],
    reader,
    space: shape,
    inner: [],
    reductions: [],
    visits: [],
    checks: [],
  };
  addPointwise(cluster, equation, axesFrom(0, shape.length));
  return cluster;
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
  const reader = new Reader(graph, isStored, shape);
  const value = reader.valueAt(operand, axesFrom(0, shape.length));
  let extent = s.literal("i32", check.extents[0]);
  for (const [position, alternative] of check.extents.entries()) {
    if (position === 0 || alternative === check.extents[0]) continue;
    const here = s.eq(s.coordinateValue(axisCoordinate(shape.length - 1)), position);
    extent = s.select(here, s.literal("i32", alternative), extent);
  }
  const condition = s.or(s.lt(value, 0), s.ge(value, extent));
  const checks = [{ condition, code }];
  return {
    kind: "loops",
    equations: [equation],
    reader,
    space: shape,
    inner: [],
    reductions: [],
    visits: [],
    checks,
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
  const at = axesFrom(0, cluster.space.length);
  const inner = axesFrom(cluster.space.length, cluster.inner.length);
  const read = cluster.reader.readOperands(equation);
  const operands: Visit[] = [];
  const watched: Read = (input, there, guards, fill) => {
    const { shape } = typeOf(equation.inputs[input]);
    if (isPermutation(there, [...cluster.space, ...cluster.inner], shape))
      operands.push({ shape, at: there });
    return read(input, there, guards, fill);
  };
  const form = lowering.at(contextOf(equation), at, watched);
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
  const { lowering } = equation.primitive;
  if (lowering.kind !== "reduction" || cluster.kind !== "loops" || cluster.inner.length === 0) return false;
  const { shape } = equation.outputs[0].type;
  if (!sameShape(shape, cluster.space)) return false;
  const probe = new Reader(graph, isStored, shape);
  const { inner } = lowering.at(contextOf(equation), axesFrom(0, shape.length), probe.readOperands(equation));
  if (!sameShape(inner, cluster.inner)) return false;
  addReduction(cluster, equation);
  return true;
}

// Each axis of the kernel is one coordinate: every element is visited once.
function isPermutation(at: readonly Coordinate[], extents: readonly number[], shape: Shape): boolean {
  if (at.length !== extents.length) return false;
  const seen = new Set<number>();
  for (const [d, { offset, coefficients, dynamic }] of at.entries()) {
    const axes = coefficients.flatMap((coefficient, axis) => (coefficient === 0 ? [] : [axis]));
    if (offset !== 0 || dynamic.length > 0 || axes.length !== 1) return false;
    if (coefficients[axes[0]] !== 1 || extents[axes[0]] !== shape[d]) return false;
    seen.add(axes[0]);
  }
  return seen.size === extents.length;
}

function startScatter(graph: Graph, equation: Equation, isStored: (variable: Var) => boolean): Cluster {
  const { lowering } = equation.primitive;
  if (lowering.kind !== "scatter") throw new NotFusable();
  const { shape, dtype } = equation.outputs[0].type;
  const form = lowering.form(contextOf(equation));
  const filling = new Reader(graph, isStored, shape);
  const initial =
    form.initial === "zeros"
      ? s.literal(dtype, 0)
      : filling.readOperands(equation)(form.initial, axesFrom(0, shape.length));
  const reader = new Reader(graph, isStored, [...form.space, ...form.inner]);
  const inner = axesFrom(form.space.length, form.inner.length);
  const body = form.at(axesFrom(0, form.space.length), inner, reader.readOperands(equation));
  const reductions: Reduction[] = [];
  const results: Expression[] = [];
  for (const stage of body.stages) {
    const value = simplifyExpression(stage.value(inner, results));
    results.push(s.result(value.dtype, reductions.length));
    reductions.push({ combine: stage.combine, value });
  }
  const target = body.target(results);
  return {
    kind: "scatter",
    equations: [equation],
    reader,
    space: form.space,
    inner: form.inner,
    reductions,
    visits: [],
    checks: [],
    scattering: {
      initial,
      level: body.level,
      mode: body.mode,
      index: linearIndex(target.at, stridesOf(shape)),
      guards: target.guards,
      value: simplifyExpression(body.value(results)),
    },
  };
}
