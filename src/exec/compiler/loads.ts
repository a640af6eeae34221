import type { Coordinate, Guard } from "../../lang/kernel/coordinate.ts";
import type { Expression, Load } from "../../lang/kernel/expression.ts";
import type { Cluster } from "./cluster.ts";

/** Calls `visit` once for every load below the expressions, also those inside coordinates. */
export function forEachLoad(expressions: readonly Expression[], visit: (load: Load) => void): void {
  forEachNode(expressions, (node) => {
    if (node.kind === "load") visit(node);
  });
}

/** Calls `visit` for every guard below the expressions. */
export function forEachGuard(expressions: readonly Expression[], visit: (guard: Guard) => void): void {
  forEachNode(expressions, (node) => {
    if (node.kind === "load" || node.kind === "inside") node.guards.forEach(visit);
  });
}

function forEachNode(expressions: readonly Expression[], visit: (node: Expression) => void): void {
  const seen = new Set<Expression>();
  const pending = [...expressions];
  const pushCoordinate = (coordinate: Coordinate): void => {
    for (const term of coordinate.dynamic) pending.push(term.value);
  };
  const pushGuards = (guards: readonly Guard[]): void => {
    for (const guard of guards) pushCoordinate(guard.coordinate);
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    visit(next);
    if (next.kind === "load") {
      pushCoordinate(next.index);
      pushGuards(next.guards);
    } else if (next.kind === "scalar") pending.push(...next.operands);
    else if (next.kind === "coordinate") pushCoordinate(next.coordinate);
    else if (next.kind === "inside") pushGuards(next.guards);
  }
}

/** Every expression of a cluster, stored or not. */
export function expressionsOf(cluster: Cluster): Expression[] {
  const expressions = cluster.reductions.map((reduction) => reduction.value);
  for (const check of cluster.checks) expressions.push(check.condition);
  for (const member of cluster.reader.members.values()) expressions.push(member.expression);
  if (cluster.contraction !== undefined)
    expressions.push(cluster.contraction.left, cluster.contraction.right);
  if (cluster.scattering !== undefined) {
    const { initial, value, index, guards } = cluster.scattering;
    expressions.push(initial, value);
    for (const coordinate of [index, ...guards.map((guard) => guard.coordinate)]) {
      for (const term of coordinate.dynamic) expressions.push(term.value);
    }
  }
  return expressions;
}
