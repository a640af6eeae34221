import { sizeOf, stridesOf } from "../../base/shape.ts";
import { type Coordinate, type Guard, linearIndex } from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import type {
  Check,
  Contraction,
  Kernel,
  KernelBuffer,
  LoopNest,
  Statement,
  Store,
} from "../../lang/kernel/kernel.ts";
import * as s from "../../lang/kernel/scalar.ts";
import type { Var } from "../../lang/program/program.ts";
import { type Cluster, loopOver } from "./cluster.ts";
import { orderStores } from "./order.ts";

/** A kernel and the Var behind each of its buffers. */
export interface Emitted {
  readonly kernel: Kernel;
  readonly variables: readonly Var[];
}

/** The kernels of a cluster; `needed` are the Vars that are read outside of it. */
export function emitCluster(
  cluster: Cluster,
  variables: ReadonlyMap<number, Var>,
  needed: (variable: Var) => boolean,
): Emitted[] {
  if (sizeOf(cluster.space) === 0) return [];
  if (cluster.kind === "scatter") return emitScatter(cluster, variables);
  const buffers = new BufferTable(variables);
  const statements: Statement[] = [];
  for (const reduction of cluster.reductions) {
    statements.push({ kind: "reduce", combine: reduction.combine, value: buffers.rename(reduction.value) });
  }
  const level = (at: readonly Coordinate[]): "outer" | "inner" => levelOf(cluster, at);
  const stores: (Store | Check)[] = [];
  for (const { condition, code } of cluster.checks) {
    stores.push({ kind: "check", level: "outer", condition: buffers.rename(condition), code });
  }
  const { members } = cluster.reader;
  const stored = [...members.keys()].filter(needed);
  for (const variable of orderStores(cluster, stored, cluster.overwrites) ?? stored) {
    const member = members.get(variable);
    if (member === undefined) continue;
    const strides = stridesOf(variable.type.shape);
    const value = buffers.rename(member.expression);
    stores.push({
      kind: "store",
      level: level(member.at),
      mode: "set",
      buffer: buffers.write(variable, "write"),
      index: buffers.renameCoordinate(linearIndex(member.at, strides)),
      guards: [],
      value,
    });
  }
  if (cluster.contraction === undefined) {
    return [buffers.finish(loops(cluster, [...statements, ...stores]))];
  }
  const { batch, rows, columns, depth, left, right } = cluster.contraction;
  const [a, b] = [buffers.rename(left), buffers.rename(right)];
  const { dtype } = left;
  if (dtype === "u8" || dtype === "bool") {
    const sum: Statement = { kind: "reduce", combine: "sum", value: s.mul(a, b) };
    return [buffers.finish(loops(cluster, [sum, ...stores]))];
  }
  const kernel: Omit<Contraction, "buffers"> = {
    kind: "contraction",
    name: nameOf(cluster),
    batch,
    rows,
    columns,
    depth,
    dtype,
    left: a,
    right: b,
    epilogue: stores,
  };
  return [buffers.finish(kernel)];
}

function emitScatter(cluster: Cluster, variables: ReadonlyMap<number, Var>): Emitted[] {
  const { scattering } = cluster;
  if (scattering === undefined) return [];
  const output = cluster.equations[0].outputs[0];
  const { shape } = output.type;
  const filling = new BufferTable(variables);
  const initial = filling.rename(scattering.initial);
  const { at, extents } = loopOver(shape);
  const fill: Store = {
    kind: "store",
    level: "outer",
    mode: "set",
    buffer: filling.write(output, "write"),
    index: linearIndex(at, stridesOf(shape)),
    guards: [],
    value: initial,
  };
  const name = nameOf(cluster);
  const first = filling.finish({
    kind: "loops",
    name: `${name}.initial`,
    space: extents,
    inner: [],
    statements: [fill],
  });
  const buffers = new BufferTable(variables);
  const statements: Statement[] = cluster.reductions.map(({ combine, value }) => ({
    kind: "reduce",
    combine,
    value: buffers.rename(value),
  }));
  const value = buffers.rename(scattering.value);
  statements.push({
    kind: "store",
    level: scattering.level,
    mode: scattering.mode,
    buffer: buffers.write(output, scattering.mode === "add" ? "update" : "write"),
    index: buffers.renameCoordinate(scattering.index),
    guards: buffers.renameGuards(scattering.guards),
    value,
  });
  return [first, buffers.finish(loops(cluster, statements))];
}

function loops(cluster: Cluster, statements: readonly Statement[]): Omit<LoopNest, "buffers"> {
  const { space, inner } = cluster;
  return { kind: "loops", name: nameOf(cluster), space, inner, statements };
}

function levelOf(cluster: Cluster, at: readonly Coordinate[]): "outer" | "inner" {
  const usesInner = at.some(({ coefficients }) =>
    coefficients.some((coefficient, axis) => coefficient !== 0 && axis >= cluster.space.length),
  );
  return usesInner ? "inner" : "outer";
}

/** The primitives of a cluster as a name: `dotGeneral+add+tanh`. */
export function nameOf(cluster: Cluster): string {
  const names = cluster.equations.map((equation) => equation.primitive.name);
  return names.length <= 6 ? names.join("+") : `${names.slice(0, 5).join("+")}+…${names.length - 5}`;
}

// Gives each Var of a kernel its position among the kernel's buffers.
class BufferTable {
  private readonly byId: ReadonlyMap<number, Var>;
  private readonly variables: Var[] = [];
  private readonly buffers: KernelBuffer[] = [];
  private readonly positions = new Map<number, number>();
  private readonly renamed = new Map<Expression, Expression>();

  constructor(byId: ReadonlyMap<number, Var>) {
    this.byId = byId;
  }

  write(variable: Var, access: "write" | "update"): number {
    return this.add(variable, access);
  }

  rename(expression: Expression): Expression {
    const known = this.renamed.get(expression);
    if (known !== undefined) return known;
    const renewed = this.renew(expression);
    this.renamed.set(expression, renewed);
    return renewed;
  }

  renameCoordinate(coordinate: Coordinate): Coordinate {
    if (coordinate.dynamic.length === 0) return coordinate;
    const dynamic = coordinate.dynamic.map((term) => ({ ...term, value: this.rename(term.value) }));
    return { ...coordinate, dynamic };
  }

  renameGuards(guards: readonly Guard[]): Guard[] {
    return guards.map((guard) => ({ ...guard, coordinate: this.renameCoordinate(guard.coordinate) }));
  }

  finish(kernel: Omit<LoopNest, "buffers"> | Omit<Contraction, "buffers">): Emitted {
    return { kernel: { ...kernel, buffers: this.buffers }, variables: this.variables };
  }

  private add(variable: Var, access: KernelBuffer["access"]): number {
    this.variables.push(variable);
    return this.buffers.push({ dtype: variable.type.dtype, access }) - 1;
  }

  private read(id: number): number {
    const known = this.positions.get(id);
    if (known !== undefined) return known;
    const variable = this.byId.get(id);
    if (variable === undefined) throw new Error(`Var ${id} is read but never stored`);
    const position = this.add(variable, "read");
    this.positions.set(id, position);
    return position;
  }

  private renew(expression: Expression): Expression {
    switch (expression.kind) {
      case "load":
        return {
          ...expression,
          buffer: this.read(expression.buffer),
          index: this.renameCoordinate(expression.index),
          guards: this.renameGuards(expression.guards),
        };
      case "scalar": {
        const operands = expression.operands.map((operand) => this.rename(operand));
        const same = operands.every((operand, i) => operand === expression.operands[i]);
        return same ? expression : { ...expression, operands };
      }
      case "inside":
        return { ...expression, guards: this.renameGuards(expression.guards) };
      case "coordinate":
        return { ...expression, coordinate: this.renameCoordinate(expression.coordinate) };
      default:
        return expression;
    }
  }
}
