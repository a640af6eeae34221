import { type Shape, stridesOf } from "../../base/shape.ts";
import {
  type Coordinate,
  constant,
  type Guard,
  linearIndex,
  plus,
  sameCoordinate,
  times,
} from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import { inside, literal, select } from "../../lang/kernel/scalar.ts";
import type { Read } from "../../lang/program/primitive.ts";
import { type Atom, type Equation, Literal, type Var } from "../../lang/program/program.ts";
import { simplifyExpression } from "./algebra.ts";
import { contextOf, type Graph } from "./graph.ts";

/** Thrown when a Var cannot be computed inside a reader's loops: it must be stored in memory first. */
export class MustStore extends Error {
  readonly variable: Var;

  constructor(variable: Var) {
    super("must be stored");
    this.variable = variable;
  }
}

/** Thrown when a member of a kernel is read at other coordinates than those it is computed at. */
export class NotFusable extends Error {}

/** A Var computed inside a kernel, at these coordinates of the kernel's axes. */
export interface Member {
  readonly at: readonly Coordinate[];
  readonly expression: Expression;
}

/**
 * Expressions for Vars at coordinates over the axes of one kernel. Stored Vars become loads (`buffer` is the Var's id until
 * the kernel is emitted), members of the kernel their expression, all others are computed in place.
 */
export class Reader {
  readonly members: Map<Var, Member> = new Map();
  readonly #graph: Graph;
  readonly #isStored: (variable: Var) => boolean;
  readonly #extents: readonly number[];
  readonly #memo = new Map<Var, Member[]>();

  constructor(graph: Graph, isStored: (variable: Var) => boolean, extents: readonly number[]) {
    this.#graph = graph;
    this.#isStored = isStored;
    this.#extents = extents;
  }

  /** The rule's view of an equation's operands. */
  readOperands(equation: Equation): Read {
    return (input, at, guards = [], fill = 0) => {
      const atom = equation.inputs[input];
      const value = this.valueAt(atom, at, guards);
      if (guards.length === 0) return value;
      if (value.kind === "load" && value.guards.length === guards.length) return { ...value, fill };
      return select(inside(guards), value, literal(value.dtype, fill));
    };
  }

  /** The value of an atom at coordinates; loads below it touch no memory where a guard fails. */
  valueAt(atom: Atom, at: readonly Coordinate[], guards: readonly Guard[] = []): Expression {
    if (atom instanceof Literal) return literal(atom.dtype, atom.value);
    const member = this.members.get(atom);
    if (member !== undefined) {
      if (sameCoordinates(member.at, at)) return member.expression;
      throw new NotFusable();
    }
    if (this.#isStored(atom)) {
      if (this.members.has(storageOf(this.#graph, atom))) return this.#aliasOfMember(atom, at);
      return this.#load(atom, at, guards);
    }
    if (guards.length > 0) return this.#compute(atom, at, guards);
    const known = this.#memo.get(atom)?.find((candidate) => sameCoordinates(candidate.at, at));
    if (known !== undefined) return known.expression;
    const expression = this.#compute(atom, at, guards);
    this.#memo.set(atom, [...(this.#memo.get(atom) ?? []), { at, expression }]);
    return expression;
  }

  /** The expression of a pointwise equation at coordinates, whether or not its result is stored. */
  computeHere(equation: Equation, at: readonly Coordinate[]): Expression {
    return this.#compute(equation.outputs[0], at, []);
  }

  #load(variable: Var, at: readonly Coordinate[], guards: readonly Guard[]): Expression {
    const { shape, dtype } = variable.type;
    const index = linearIndex(at, stridesOf(shape));
    const buffer = storageOf(this.#graph, variable).id;
    return { kind: "load", dtype, buffer, index, guards, fill: 0 };
  }

  // What this kernel computes is not in memory yet, under no name.
  #aliasOfMember(variable: Var, at: readonly Coordinate[]): Expression {
    const source = this.#graph.origin.get(variable)?.inputs[0];
    if (source === undefined || source instanceof Literal) throw new NotFusable();
    const there = reshapeCoordinates(at, variable.type.shape, source.type.shape, this.#extents);
    if (there === undefined) throw new NotFusable();
    return this.valueAt(source, there);
  }

  #compute(variable: Var, at: readonly Coordinate[], guards: readonly Guard[]): Expression {
    const equation = this.#graph.origin.get(variable);
    if (equation === undefined) throw new Error("an input is not stored");
    const { lowering } = equation.primitive;
    if (lowering.kind === "alias" || lowering.kind === "barrier") {
      const source = equation.inputs[0];
      if (source instanceof Literal) return this.valueAt(source, []);
      const there = reshapeCoordinates(at, variable.type.shape, source.type.shape, this.#extents);
      if (there === undefined) throw new MustStore(source);
      return this.valueAt(source, there, guards);
    }
    if (lowering.kind !== "pointwise") throw new MustStore(variable);
    const read = this.readOperands(equation);
    const guarded: Read = (input, inputAt, inputGuards = [], fill = 0) =>
      read(input, inputAt, [...inputGuards, ...guards], fill);
    // A guard of the reader only protects memory here: what the value is where it fails is the reader's business.
    const protecting = guards.length === 0 ? read : guarded;
    return simplifyExpression(lowering.value(contextOf(equation), at, protecting));
  }
}

/** The Var whose buffer holds a Var: reshapes share their operand's. */
export function storageOf(graph: Graph, variable: Var): Var {
  const equation = graph.origin.get(variable);
  if (equation === undefined) return variable;
  const { kind } = equation.primitive.lowering;
  const source = equation.inputs[0];
  if ((kind === "alias" || kind === "barrier") && !(source instanceof Literal))
    return storageOf(graph, source);
  return variable;
}

/** True when two tuples of coordinates are equal. */
export function sameCoordinates(a: readonly Coordinate[], b: readonly Coordinate[]): boolean {
  return a.length === b.length && a.every((coordinate, d) => sameCoordinate(coordinate, b[d]));
}

/** Coordinates in shape `to` of the element that has coordinates `at` in shape `from`; undefined when they are not affine. */
export function reshapeCoordinates(
  at: readonly Coordinate[],
  from: Shape,
  to: Shape,
  extents: readonly number[],
): Coordinate[] | undefined {
  if (to.includes(0)) return to.map(() => constant(0));
  const result: Coordinate[] = [];
  let f = 0;
  let t = 0;
  while (t < to.length) {
    if (to[t] === 1) {
      result.push(constant(0));
      t++;
      continue;
    }
    // The smallest runs of axes with equal products.
    const fromStart = f;
    const toStart = t;
    let fromSize = 1;
    let toSize = 1;
    do {
      if (fromSize <= toSize) fromSize *= from[f++];
      else toSize *= to[t++];
    } while (fromSize !== toSize || fromSize === 1);
    const group = from.slice(fromStart, f);
    let rest: Coordinate | undefined = linearIndex(at.slice(fromStart, f), stridesOf(group));
    const split: Coordinate[] = [];
    for (const stride of stridesOf(to.slice(toStart, t))) {
      const parts: { quotient: Coordinate; remainder: Coordinate } | undefined = divide(
        rest,
        stride,
        extents,
      );
      if (parts === undefined) return undefined;
      split.push(parts.quotient);
      rest = parts.remainder;
    }
    result.push(...split);
  }
  return result;
}

// coordinate = quotient · divisor + remainder with 0 ≤ remainder < divisor, when the axes' extents prove it.
function divide(
  coordinate: Coordinate,
  divisor: number,
  extents: readonly number[],
): { quotient: Coordinate; remainder: Coordinate } | undefined {
  if (divisor === 1) return { quotient: coordinate, remainder: constant(0) };
  if (coordinate.dynamic.length > 0) return undefined;
  let quotient = constant(Math.floor(coordinate.offset / divisor));
  let remainder = constant(coordinate.offset - quotient.offset * divisor);
  let largest = remainder.offset;
  for (const [axis, coefficient] of coordinate.coefficients.entries()) {
    if (coefficient === 0) continue;
    const unit = [...new Array<number>(axis).fill(0), 1];
    const single: Coordinate = { offset: 0, coefficients: unit, dynamic: [] };
    if (coefficient % divisor === 0) quotient = plus(quotient, times(single, coefficient / divisor));
    else if (coefficient < 0) return undefined;
    else {
      remainder = plus(remainder, times(single, coefficient));
      largest += coefficient * (extents[axis] - 1);
    }
  }
  return largest < divisor ? { quotient, remainder } : undefined;
}
