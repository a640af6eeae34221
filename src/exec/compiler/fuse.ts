import { sameShape } from "../../base/shape.ts";
import type { CheckInfo } from "../../lang/kernel/kernel.ts";
import { type Equation, Var } from "../../lang/program/program.ts";
import { type Cluster, startCheck, startCluster, tryJoin } from "./cluster.ts";
import { aliasChain, chooseStored } from "./cost.ts";
import { contextOf, type Graph } from "./graph.ts";
import { expressionsOf, forEachLoad } from "./loads.ts";
import { MustStore, storageOf } from "./reader.ts";

// A loop over more arrays than this runs out of registers and of streams that the processor reads ahead, and compiles slowly.
const mostOperands = 24;

/** A kernel to be, or an equation that is not one kernel (routines, control flow). */
export interface Step {
  readonly cluster?: Cluster;
  readonly equation: Equation;
  /** Vars whose buffers it reads. */
  reads: ReadonlySet<Var>;
  /** Vars that it computes; only those that others read get a buffer. */
  readonly computes: Var[];
}

/** Groups the equations of a graph into kernels; operands of each come before it or can be ordered so. */
export function fuse(graph: Graph, checks: CheckInfo[]): Step[] {
  const forced = new Set<Var>();
  for (;;) {
    const stored = chooseStored(graph, forced);
    try {
      const found: CheckInfo[] = [];
      const steps = fuseStored(graph, stored, checks.length, found);
      checks.push(...found);
      return steps;
    } catch (error) {
      if (!(error instanceof MustStore)) throw error;
      for (const variable of aliasChain(graph, error.variable)) forced.add(variable);
    }
  }
}

function fuseStored(graph: Graph, stored: ReadonlySet<Var>, firstCode: number, checks: CheckInfo[]): Step[] {
  const steps: Step[] = [];
  const owner = new Map<Var, Step>();
  const byId = new Map<number, Var>();
  for (const variable of stored) byId.set(variable.id, variable);
  const isStored = (variable: Var): boolean => stored.has(variable);
  for (const equation of graph.equations) {
    const { kind } = equation.primitive.lowering;
    if (kind === "alias" || kind === "barrier") continue;
    for (const check of equation.primitive.checks?.(contextOf(equation)) ?? []) {
      checks.push({ operation: equation.primitive.name, scope: equation.scope, message: check.message });
      const cluster = startCheck(graph, equation, check, firstCode + checks.length, isStored);
      steps.push({ cluster, equation, reads: readsOf(cluster, byId), computes: [] });
    }
    if (kind === "pointwise" && !stored.has(equation.outputs[0])) continue;
    if (kind === "routine" || kind === "cond" || kind === "while" || kind === "scan" || kind === "none") {
      const variables = equation.inputs.filter((atom) => atom instanceof Var);
      const reads = new Set(variables.map((variable) => storageOf(graph, variable)));
      const step: Step = { equation, reads, computes: [...equation.outputs] };
      steps.push(step);
      for (const output of equation.outputs) owner.set(output, step);
      continue;
    }
    const cluster = startCluster(graph, equation, isStored);
    const alone: Step = { cluster, equation, reads: readsOf(cluster, byId), computes: [equation.outputs[0]] };
    const host = candidates(alone, steps, owner).find(
      (step) => step.cluster !== undefined && tryJoin(step.cluster, equation, graph, isStored),
    );
    if (host?.cluster === undefined) steps.push(alone);
    else {
      host.reads = readsOf(host.cluster, byId);
      host.computes.push(equation.outputs[0]);
    }
    owner.set(equation.outputs[0], host ?? alone);
  }
  return steps;
}

function readsOf(cluster: Cluster, byId: ReadonlyMap<number, Var>): Set<Var> {
  const reads = new Set<Var>();
  forEachLoad(expressionsOf(cluster), (load) => {
    const variable = byId.get(load.buffer);
    if (variable !== undefined) reads.add(variable);
  });
  return reads;
}

// Kernels that compute an operand come first (latest first), then those that loop over the same space and share an operand.
function candidates(alone: Step, steps: readonly Step[], owner: ReadonlyMap<Var, Step>): Step[] {
  const producers = new Set<Step>();
  for (const variable of alone.reads) {
    const step = owner.get(variable);
    if (step !== undefined) producers.add(step);
  }
  const siblings = steps.filter((step) => !producers.has(step) && isSibling(alone, step));
  return [...[...producers].reverse(), ...siblings].filter((step) =>
    joinsWithoutCycle(step, producers, owner),
  );
}

function isSibling(alone: Step, step: Step): boolean {
  const mine = alone.cluster;
  const other = step.cluster;
  if (mine?.kind !== "loops" || other?.kind !== "loops") return false;
  if (!sameShape(mine.space, other.space) || !sameShape(mine.inner, other.inner)) return false;
  if (step.reads.size + alone.reads.size > mostOperands) return false;
  for (const variable of alone.reads) if (step.reads.has(variable)) return true;
  return false;
}

// Joining is a cycle when another operand's kernel depends on the host.
function joinsWithoutCycle(host: Step, producers: ReadonlySet<Step>, owner: ReadonlyMap<Var, Step>): boolean {
  const seen = new Set<Step>();
  const pending = [...producers].filter((step) => step !== host);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === host) return false;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const variable of next.reads) {
      const step = owner.get(variable);
      if (step !== undefined && step !== next) pending.push(step);
    }
  }
  return true;
}
