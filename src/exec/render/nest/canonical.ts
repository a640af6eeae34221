import { dtypeFacts } from "../../../base/dtype.ts";
import type { Coordinate, Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression } from "../../../lang/kernel/expression.ts";
import type { LoopNest, Statement } from "../../../lang/kernel/kernel.ts";

/** One load or store of a nest. */
export interface AccessSite {
  readonly index: Coordinate;
  readonly bytes: number;
  /** True for what runs at every inner point. */
  readonly inner: boolean;
}

/** What a loop nest does, without its order. */
export interface Sites {
  readonly accesses: readonly AccessSite[];
  readonly coordinates: readonly Coordinate[];
  /** Scalar instructions at the space points and at the inner points. */
  readonly operations: { readonly outer: number; readonly inner: number };
  /** True when any f64 takes part. */
  readonly hasDouble: boolean;
}

/** The loops of a nest without superfluous axes. */
export interface Loops {
  readonly space: readonly number[];
  readonly inner: readonly number[];
  /** For each remaining axis the axis of the nest whose coefficient it takes. */
  readonly sources: readonly number[];
}

/** Collects the accesses and coordinates of a nest's statements. */
export function sitesOf(nest: LoopNest): Sites {
  const accesses: AccessSite[] = [];
  const coordinates: Coordinate[] = [];
  const operations = { outer: 0, inner: 0 };
  let hasDouble = nest.buffers.some((buffer) => buffer.dtype === "f64");
  for (const statement of nest.statements) {
    const inner = statement.kind === "reduce" || statement.level === "inner";
    const seen = new Set<Expression>();
    const visitCoordinate = (coordinate: Coordinate): void => {
      coordinates.push(coordinate);
      for (const term of coordinate.dynamic) visit(term.value);
    };
    const visitGuards = (guards: readonly Guard[]): void => {
      for (const guard of guards) visitCoordinate(guard.coordinate);
    };
    const visit = (node: Expression): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.dtype === "f64") hasDouble = true;
      switch (node.kind) {
        case "scalar":
          operations[inner ? "inner" : "outer"]++;
          for (const operand of node.operands) visit(operand);
          break;
        case "load":
          accesses.push({ index: node.index, bytes: dtypeFacts[node.dtype].bytes, inner });
          visitCoordinate(node.index);
          visitGuards(node.guards);
          break;
        case "coordinate":
          visitCoordinate(node.coordinate);
          break;
        case "inside":
          visitGuards(node.guards);
          break;
      }
    };
    visit(expressionOf(statement));
    if (statement.kind === "store") {
      accesses.push({ index: statement.index, bytes: dtypeFacts[statement.value.dtype].bytes, inner });
      visitCoordinate(statement.index);
      visitGuards(statement.guards);
    }
  }
  return { accesses, coordinates, operations, hasDouble };
}

/** The expression that a statement evaluates. */
export function expressionOf(statement: Statement): Expression {
  return statement.kind === "check" ? statement.condition : statement.value;
}

/** Drops axes of extent 1 and merges neighbours that every coordinate runs through as one. */
export function mergeAxes(nest: LoopNest, coordinates: readonly Coordinate[]): Loops {
  const space = mergeGroup(nest.space, 0, coordinates);
  const inner = mergeGroup(nest.inner, nest.space.length, coordinates);
  return {
    space: space.extents,
    inner: inner.extents,
    sources: [...space.sources, ...inner.sources],
  };
}

/** Merges the neighbouring axes of one group, whose first axis is `first`. */
export function mergeGroup(
  group: readonly number[],
  first: number,
  coordinates: readonly Coordinate[],
): { extents: number[]; sources: number[] } {
  const extents: number[] = [];
  const sources: number[] = [];
  for (let k = group.length - 1; k >= 0; k--) {
    if (group[k] === 1) continue;
    const axis = first + k;
    const next = sources[0];
    // One loop over both needs: a step of the outer axis = a whole run of the inner one.
    const merges =
      next !== undefined &&
      coordinates.every(
        ({ coefficients }) => (coefficients[axis] ?? 0) === (coefficients[next] ?? 0) * extents[0],
      );
    if (merges) extents[0] *= group[k];
    else {
      extents.unshift(group[k]);
      sources.unshift(axis);
    }
  }
  return { extents, sources };
}
