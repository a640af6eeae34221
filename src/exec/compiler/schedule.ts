import { sizeOf, stridesOf } from "../../base/shape.ts";
import { type Coordinate, linearIndex, sameCoordinate } from "../../lang/kernel/coordinate.ts";
import type { Var } from "../../lang/program/program.ts";
import type { Cluster } from "./cluster.ts";
import type { Step } from "./fuse.ts";
import { expressionsOf, forEachLoad } from "./loads.ts";
import { orderStores } from "./order.ts";

/** An input whose buffer may be overwritten, by any output or by one only. */
export interface Donation {
  readonly input: Var;
  readonly only: Var | undefined;
}

/** An output that may overwrite a donated input: `writer` computes it, after every other reader of the input. */
export interface Overwrite {
  readonly output: Var;
  readonly input: Var;
}

/** The steps in an order that respects what they read and, for overwritten inputs, who else reads them. */
export interface Schedule {
  readonly steps: readonly Step[];
  readonly overwrites: readonly Overwrite[];
}

/** Orders steps by dependence (else as written) and pairs outputs with donated inputs that can be updated in place. */
export function schedule(
  steps: readonly Step[],
  donations: readonly Donation[],
  outputs: readonly Var[],
): Schedule {
  const owner = new Map<Var, Step>();
  for (const step of steps) for (const variable of step.computes) owner.set(variable, step);
  const before = new Map<Step, Set<Step>>(steps.map((step) => [step, dependencies(step, owner)]));
  const overwrites: Overwrite[] = [];
  const taken = new Set<Var>();
  const checks = steps.filter(({ cluster }) => cluster !== undefined && cluster.checks.length > 0);
  const overwrite = (
    candidates: Iterable<Var>,
    fits: (writer: Step, output: Var, input: Var) => boolean,
  ): void => {
    for (const output of candidates) {
      const writer = owner.get(output);
      if (writer === undefined) continue;
      const mayTake = ({ input, only }: Donation): boolean =>
        !taken.has(input) && (only === undefined || only === output) && fits(writer, output, input);
      const input = donations.find(mayTake)?.input;
      if (input === undefined) continue;
      const readers = steps.filter((step) => step !== writer && step.reads.has(input));
      if (readers.some((reader) => reaches(reader, writer, before))) continue;
      for (const reader of readers) before.get(writer)?.add(reader);
      // What fails should fail while the inputs are whole.
      for (const check of checks) if (!reaches(check, writer, before)) before.get(writer)?.add(check);
      taken.add(input);
      writer.cluster?.overwrites.set(output, input);
      overwrites.push({ output, input });
    }
  };
  overwrite(new Set(outputs), canOverwrite);
  // Inputs that nobody reads are room for what is left.
  const read = new Set(steps.flatMap((step) => [...step.reads]));
  const placed = new Set(overwrites.map(({ output }) => output));
  overwrite(
    new Set(outputs.filter((output) => !placed.has(output))),
    ({ cluster }, output, input) => cluster !== undefined && !read.has(input) && sameSize(output, input),
  );
  return { steps: topological(steps, before), overwrites };
}

/**
 * True when a kernel may write `output` into the buffer of `input`: it reads each element only where it writes it, and
 * its stores can be ordered so that none reads what an earlier one has overwritten.
 */
export function canOverwrite(step: Step, output: Var, input: Var): boolean {
  const { cluster } = step;
  if (cluster === undefined || cluster.kind === "scatter" || !step.reads.has(input)) return false;
  if (!sameSize(output, input)) return false;
  const member = cluster.reader.members.get(output);
  if (member === undefined) return false;
  const index = linearIndex(member.at, stridesOf(output.type.shape));
  if (!readsOnlyAt(cluster, input, index)) return false;
  const overwrites = new Map(cluster.overwrites).set(output, input);
  return orderStores(cluster, [...overwrites.keys()], overwrites) !== undefined;
}

function sameSize({ type: a }: Var, { type: b }: Var): boolean {
  return a.dtype === b.dtype && sizeOf(a.shape) === sizeOf(b.shape);
}

function readsOnlyAt(cluster: Cluster, input: Var, index: Coordinate): boolean {
  let only = true;
  const { contraction } = cluster;
  const operands = contraction === undefined ? [] : [contraction.left, contraction.right];
  forEachLoad(operands, (load) => {
    if (load.buffer === input.id) only = false;
  });
  forEachLoad(expressionsOf(cluster), (load) => {
    if (load.buffer !== input.id) return;
    if (load.guards.length > 0 || !sameCoordinate(load.index, index)) only = false;
  });
  return only;
}

function dependencies(step: Step, owner: ReadonlyMap<Var, Step>): Set<Step> {
  const found = new Set<Step>();
  for (const variable of step.reads) {
    const producer = owner.get(variable);
    if (producer !== undefined && producer !== step) found.add(producer);
  }
  return found;
}

function reaches(from: Step, target: Step, before: ReadonlyMap<Step, ReadonlySet<Step>>): boolean {
  const seen = new Set<Step>();
  const pending = [from];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === target) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    pending.push(...(before.get(next) ?? []));
  }
  return false;
}

function topological(steps: readonly Step[], before: ReadonlyMap<Step, ReadonlySet<Step>>): Step[] {
  const ordered: Step[] = [];
  const state = new Map<Step, "open" | "done">();
  const visit = (step: Step): void => {
    const known = state.get(step);
    if (known === "done") return;
    if (known === "open") throw new Error("the steps of a program depend on each other in a circle");
    state.set(step, "open");
    for (const earlier of before.get(step) ?? []) visit(earlier);
    state.set(step, "done");
    ordered.push(step);
  };
  for (const step of steps) visit(step);
  return ordered;
}
