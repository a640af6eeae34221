import type { Var } from "../../lang/program/program.ts";
import type { Cluster } from "./cluster.ts";
import { forEachLoad } from "./loads.ts";

/**
 * The stored Vars of a kernel in an order in which none reads what an earlier store has overwritten, else as given;
 * undefined when there is no such order.
 */
export function orderStores(
  cluster: Cluster,
  stored: readonly Var[],
  overwrites: ReadonlyMap<Var, Var>,
): Var[] | undefined {
  const reads = new Map<Var, Set<number>>();
  for (const variable of stored) {
    const found = new Set<number>();
    const member = cluster.reader.members.get(variable);
    if (member !== undefined) forEachLoad([member.expression], (load) => found.add(load.buffer));
    reads.set(variable, found);
  }
  const ordered: Var[] = [];
  const state = new Map<Var, "open" | "done">();
  const visit = (variable: Var): boolean => {
    const known = state.get(variable);
    if (known !== undefined) return known === "done";
    state.set(variable, "open");
    const overwritten = overwrites.get(variable);
    for (const reader of overwritten === undefined ? [] : stored) {
      const isEarlier = reader !== variable && reads.get(reader)?.has(overwritten?.id ?? -1);
      if (isEarlier && !visit(reader)) return false;
    }
    state.set(variable, "done");
    ordered.push(variable);
    return true;
  };
  return stored.every(visit) ? ordered : undefined;
}
