import { type Group, type LoweredNest, type ReduceNode, stepNodes } from "../nest/lower.ts";
import { type Access, type Node, nodesOf } from "../nest/nodes.ts";
import { type Partials, type Reducer, reducerOf } from "./loops-reduce.ts";

/** The longest row whose values are kept: no more than a cache holds. */
export const keptLength = 8192;
// Fewer operations are computed again as fast as their result is read.
const keptOperations = 8;

/** The functions that fold the reductions of a nest along lanes. */
export function reducersOf({ schedule, graph, groups }: LoweredNest): Map<ReduceNode, Reducer> {
  const reducers = new Map<ReduceNode, Reducer>();
  if (schedule.vectorized !== "inner") return reducers;
  const { copies, lanes, short } = schedule;
  const partials: Partials = { copies, lanes, single: short || graph.gathers };
  for (const step of groups.flatMap((group) => group.steps)) {
    if (step.kind === "reduce") reducers.set(step, reducerOf(step, partials));
  }
  return reducers;
}

/**
 * The extent of the vector axis where it is written into the code: as long as partial values fit into registers, and
 * elements lie side by side, as channels do and batches do not.
 */
export function fixedExtentOf({ schedule, groups }: LoweredNest): number | undefined {
  const { vectorAxis, vectorized, short } = schedule;
  if (vectorized !== "space" || vectorAxis < 0 || short || !groups.some((group) => group.inner))
    return undefined;
  const roots = groups.flatMap((group) => group.steps.flatMap(stepNodes));
  const isStrided = (access: Access): boolean => typeof access.along !== "string";
  const strided =
    groups.some((group) => group.steps.some((step) => step.kind === "store" && isStrided(step.access))) ||
    nodesOf(roots).some((node) => node.kind === "load" && isStrided(node.access));
  const extent = schedule.space[vectorAxis];
  return !strided && fixedExtents.includes(extent) ? extent : undefined;
}

const fixedExtents = [8, 16, 32, 64];

/**
 * The reductions along a row whose values a later pass over the row needs again, and which take long to compute: softmax
 * needs each exponential for the sum and for the quotient.
 */
export function keptOf({ schedule, groups }: LoweredNest): readonly ReduceNode[] {
  if (schedule.vectorized !== "inner" || schedule.inner.length !== 1 || schedule.inner[0] > keptLength)
    return [];
  return groups.flatMap((group, k) => {
    const later = new Set(groups.slice(k + 1).flatMap((next) => (next.inner ? nodesIn(next) : [])));
    return reductionsOf(group).filter(
      ({ value }) => later.has(value) && operationsIn(value) >= keptOperations,
    );
  });
}

function nodesIn(group: Group): Node[] {
  return nodesOf(group.steps.flatMap(stepNodes));
}

function operationsIn(value: Node): number {
  return nodesOf([value]).filter((node) => node.kind === "apply").length;
}

/** The reductions of a group. */
export function reductionsOf(group: Group): ReduceNode[] {
  return group.steps.filter((step) => step.kind === "reduce");
}
