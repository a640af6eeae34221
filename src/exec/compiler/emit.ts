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
import { simplifyExpression } from "./algebra.ts";
import { type Cluster, loopOver } from "./cluster.ts";
import { expressionsOf } from "./loads.ts";
import { orderStores } from "./order.ts";
import { Piece, piecesOf } from "./pieces.ts";

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
  if (cluster.kind === "scatter") return emitScatter(cluster, variables);
  if (sizeOf(cluster.space) === 0) return [];
  const pieces =
    cluster.contraction === undefined
      ? piecesOf(cluster.space, cluster.inner, expressionsOf(cluster))
      : [wholeOf(cluster)];
  return pieces.map((piece) => emitPiece(cluster, piece, variables, needed));
}

function wholeOf({ space, inner }: Cluster): Piece {
  return new Piece([...space, ...inner], 0, 0);
}

function emitPiece(
  cluster: Cluster,
  piece: Piece,
  variables: ReadonlyMap<number, Var>,
  needed: (variable: Var) => boolean,
): Emitted {
  const buffers = new BufferTable(variables, piece);
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
    return buffers.finish(loops(cluster, piece, [...statements, ...stores]));
  }
  const { batch, rows, columns, depth, left, right } = cluster.contraction;
  const [a, b] = [buffers.rename(left), buffers.rename(right)];
  const { dtype } = left;
  if (dtype === "u8" || dtype === "bool") {
    const sum: Statement = { kind: "reduce", combine: "sum", value: s.mul(a, b) };
    return buffers.finish(loops(cluster, piece, [sum, ...stores]));
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
  return buffers.finish(kernel);
}

function emitScatter(cluster: Cluster, variables: ReadonlyMap<number, Var>): Emitted[] {
  const { scattering } = cluster;
  if (scattering === undefined) return [];
  const output = cluster.equations[0].outputs[0];
  const { shape } = output.type;
  if (sizeOf(shape) === 0) return [];
  const { at, extents } = loopOver(shape);
  const filling = new BufferTable(variables, new Piece(extents, 0, 0));
  const initial = filling.rename(scattering.initial);
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
  // Without updates the initial values are the result.
  if (sizeOf(cluster.space) === 0) return [first];
  const whole = wholeOf(cluster);
  const buffers = new BufferTable(variables, whole);
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
  return [first, buffers.finish(loops(cluster, whole, statements))];
}

function loops(
  cluster: Cluster,
  { extents }: Piece,
  statements: readonly Statement[],
): Omit<LoopNest, "buffers"> {
  const space = extents.slice(0, cluster.space.length);
  const inner = extents.slice(cluster.space.length);
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

// Gives each Var of a kernel its position among the kernel's buffers, and each coordinate its form in the piece.
class BufferTable {
  readonly #byId: ReadonlyMap<number, Var>;
  readonly #piece: Piece;
  readonly #variables: Var[] = [];
  readonly #buffers: KernelBuffer[] = [];
  readonly #positions = new Map<number, number>();
  readonly #renamed = new Map<Expression, Expression>();

  constructor(byId: ReadonlyMap<number, Var>, piece: Piece) {
    this.#byId = byId;
    this.#piece = piece;
  }

  write(variable: Var, access: "write" | "update"): number {
    return this.#add(variable, access);
  }

  rename(expression: Expression): Expression {
    const known = this.#renamed.get(expression);
    if (known !== undefined) return known;
    const renewed = simplifyExpression(this.#renew(expression));
    this.#renamed.set(expression, renewed);
    return renewed;
  }

  renameCoordinate(coordinate: Coordinate): Coordinate {
    const there = this.#piece.coordinate(coordinate);
    if (there.dynamic.length === 0) return there;
    const dynamic = there.dynamic.map((term) => ({ ...term, value: this.rename(term.value) }));
    return { ...there, dynamic };
  }

  renameGuards(guards: readonly Guard[]): Guard[] {
    return guards.map((guard) => ({ ...guard, coordinate: this.renameCoordinate(guard.coordinate) }));
  }

  finish(kernel: Omit<LoopNest, "buffers"> | Omit<Contraction, "buffers">): Emitted {
    return { kernel: { ...kernel, buffers: this.#buffers }, variables: this.#variables };
  }

  #add(variable: Var, access: KernelBuffer["access"]): number {
    this.#variables.push(variable);
    return this.#buffers.push({ dtype: variable.type.dtype, access }) - 1;
  }

  #read(id: number): number {
    const known = this.#positions.get(id);
    if (known !== undefined) return known;
    const variable = this.#byId.get(id);
    if (variable === undefined) throw new Error(`Var ${id} is read but never stored`);
    const position = this.#add(variable, "read");
    this.#positions.set(id, position);
    return position;
  }

  #renew(expression: Expression): Expression {
    switch (expression.kind) {
      case "load": {
        const guards = this.#piece.undecided(this.renameGuards(expression.guards));
        if (guards === undefined) return s.literal(expression.dtype, expression.fill);
        const buffer = this.#read(expression.buffer);
        return { ...expression, buffer, index: this.renameCoordinate(expression.index), guards };
      }
      case "scalar": {
        const operands = expression.operands.map((operand) => this.rename(operand));
        const same = operands.every((operand, i) => operand === expression.operands[i]);
        return same ? expression : { ...expression, operands };
      }
      case "inside": {
        const guards = this.#piece.undecided(this.renameGuards(expression.guards));
        if (guards === undefined || guards.length === 0)
          return s.literal("bool", guards === undefined ? 0 : 1);
        return { ...expression, guards };
      }
      case "coordinate":
        return { ...expression, coordinate: this.renameCoordinate(expression.coordinate) };
      default:
        return expression;
    }
  }
}
