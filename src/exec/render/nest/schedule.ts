import { type Coordinate, sameCoordinate } from "../../../lang/kernel/coordinate.ts";
import type { Expression } from "../../../lang/kernel/expression.ts";
import type { LoopNest, Statement } from "../../../lang/kernel/kernel.ts";
import { childrenOf } from "../../../lang/kernel/print.ts";
import { expressionOf, type Loops, mergeAxes, type Sites, sitesOf } from "./canonical.ts";

/** How a loop nest runs. */
export interface Schedule extends Loops {
  readonly lanes: 2 | 4;
  /**
   * The axis along which lanes lie: the innermost loop over the space, with the inner loops inside it,
   * or the innermost of the inner loops. −1: none.
   */
  readonly vectorAxis: number;
  readonly vectorized: "space" | "inner";
  /** Vectors computed side by side. */
  readonly copies: number;
  /** True when the vector axis has fewer elements than a vector has lanes. */
  readonly short: boolean;
}

interface Candidate {
  readonly vectorAxis: number;
  readonly vectorized: "space" | "inner";
  readonly cost: number;
}

/** Chooses the loops of a nest by counting vector instructions. */
export function scheduleNest(nest: LoopNest): Schedule {
  const sites = sitesOf(nest);
  const loops = mergeAxes(nest, sites.coordinates);
  const lanes = sites.hasDouble ? 2 : 4;
  const { vectorAxis, vectorized } = bestCandidate(nest, loops, sites, lanes);
  const extent = vectorAxis < 0 ? 1 : [...loops.space, ...loops.inner][vectorAxis];
  return {
    ...loops,
    lanes,
    vectorAxis,
    vectorized,
    copies: copiesFor(nest, sites, vectorized, extent, lanes),
    short: extent < lanes,
  };
}

function bestCandidate(nest: LoopNest, loops: Loops, sites: Sites, lanes: number): Candidate {
  const { space, inner } = loops;
  const candidates: Candidate[] = [];
  const add = (vectorAxis: number, vectorized: "space" | "inner"): void => {
    const cost = costOf(nest, loops, sites, lanes, vectorAxis, vectorized);
    candidates.push({ vectorAxis, vectorized, cost });
  };
  // Sums of add stores run in the order of the loops: only the innermost axis leaves it alone.
  const inOrder = nest.statements.some((statement) => statement.kind === "store" && statement.mode === "add");
  for (let axis = space.length - 1; axis >= (inOrder ? space.length - 1 : 0) && axis >= 0; axis--) {
    add(axis, "space");
  }
  if (inner.length > 0 && canVectorizeInner(nest, loops.sources[space.length + inner.length - 1])) {
    add(space.length + inner.length - 1, "inner");
  }
  add(-1, "space");
  return candidates.reduce((best, candidate) => (candidate.cost < best.cost ? candidate : best));
}

// Vector instructions for the whole nest.
function costOf(
  nest: LoopNest,
  { space, inner, sources }: Loops,
  { accesses, operations }: Sites,
  lanes: number,
  axis: number,
  vectorized: "space" | "inner",
): number {
  const extents = [...space, ...inner];
  const extent = axis < 0 ? 1 : extents[axis];
  const width = extent < lanes ? 1 : extent / Math.ceil(extent / lanes);
  const source = axis < 0 ? -1 : sources[axis];
  const work = { outer: operations.outer, inner: operations.inner };
  for (const { index, inner: isInner } of accesses) {
    const distance = index.coefficients[source] ?? 0;
    const scattered =
      width > 1 &&
      ((distance !== 0 && distance !== 1) || index.dynamic.some((t) => variesAlong(t.value, source)));
    work[isInner ? "inner" : "outer"] += scattered ? lanes : 1;
  }
  const points = space.reduce((product, n) => product * n, 1);
  const innerPoints = inner.reduce((product, n) => product * n, 1);
  if (vectorized === "space") return (points * (work.outer + innerPoints * work.inner)) / width;
  const reductions = nest.statements.filter((statement) => statement.kind === "reduce").length;
  return points * (work.outer + (innerPoints * work.inner) / width + 10 * reductions);
}

function variesAlong(expression: Expression, axis: number): boolean {
  const varies = ({ coefficients }: Coordinate): boolean => (coefficients[axis] ?? 0) !== 0;
  return nodesOf(expression).some((node) => {
    switch (node.kind) {
      case "load":
        return varies(node.index) || node.guards.some((guard) => varies(guard.coordinate));
      case "coordinate":
        return varies(node.coordinate);
      case "inside":
        return node.guards.some((guard) => varies(guard.coordinate));
      default:
        return false;
    }
  });
}

// Inner points depend on one another where one reads what another stores.
function canVectorizeInner(nest: LoopNest, axis: number): boolean {
  const isInner = (statement: Statement): boolean =>
    statement.kind === "reduce" || statement.level === "inner";
  const stores = nest.statements.filter((statement) => statement.kind === "store" && isInner(statement));
  return stores.every((store) => {
    if (store.kind !== "store") return true;
    return nest.statements
      .filter(isInner)
      .every((statement) =>
        loadsOf(expressionOf(statement)).every(
          (load) =>
            load.buffer !== store.buffer ||
            (sameCoordinate(load.index, store.index) && (store.index.coefficients[axis] ?? 0) !== 0),
        ),
      );
  });
}

/** The loads of an expression, those of its indices included. */
export function loadsOf(expression: Expression): Extract<Expression, { kind: "load" }>[] {
  return nodesOf(expression).filter((node) => node.kind === "load");
}

function nodesOf(expression: Expression): Expression[] {
  const seen = new Set<Expression>();
  const visit = (node: Expression): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(expression);
  return [...seen];
}

// Short bodies gain from several vectors side by side; sums over a row always have four partial vectors.
function copiesFor(
  nest: LoopNest,
  { accesses, operations }: Sites,
  vectorized: "space" | "inner",
  extent: number,
  lanes: number,
): number {
  const reductions = nest.statements.filter((statement) => statement.kind === "reduce").length;
  if (vectorized === "inner") return reductions <= 2 ? 4 : 2;
  const hasInner = nest.inner.length > 0;
  const sites = accesses.filter((access) => access.inner === hasInner).length;
  const size = sites + (hasInner ? operations.inner : operations.outer);
  // The fewer vectors side by side, the more often the inner loops run, and with them their address arithmetic.
  let copies = hasInner ? (size <= 3 ? 8 : size <= 40 ? 4 : 2) : size <= 8 ? 4 : size <= 24 ? 2 : 1;
  while (copies > 1 && extent < copies * lanes) copies /= 2;
  return copies;
}
