import { sizeOf } from "../../base/shape.ts";
import { axisCoordinate, linearIndex } from "../../lang/kernel/coordinate.ts";
import type { Expression } from "../../lang/kernel/expression.ts";
import { type Equation, Literal, typeOf, Var } from "../../lang/program/program.ts";
import { simplifyExpression } from "./algebra.ts";
import { contextOf, type Graph } from "./graph.ts";

// Reading a value costs about as much as this many instructions of recomputing it.
const cheapToRepeat = 3;
// Above this, a value is not recomputed for each element of a larger consumer.
const dearToBroadcast = 8;

/**
 * The one rule of fusion: which Vars are stored (or become members of a kernel) instead of being recomputed where they are
 * read. A pointwise Var is computed in place when it has one reader, or when it is a few instructions on one load.
 */
export function chooseStored(graph: Graph, forced: ReadonlySet<Var>): Set<Var> {
  const stored = new Set<Var>([...graph.inputs, ...forced]);
  const work = new Map<Var, Work>();
  const store = (atom: Var | Literal): void => {
    if (atom instanceof Var) for (const variable of aliasChain(graph, atom)) stored.add(variable);
  };
  const workOf = (atom: Var | Literal): Work => {
    if (atom instanceof Literal) return { instructions: 0, loads: new Set() };
    if (stored.has(atom)) return { instructions: 0, loads: new Set([atom]) };
    return work.get(atom) ?? { instructions: 0, loads: new Set([atom]) };
  };
  for (const equation of graph.equations) {
    const kind = equation.primitive.lowering.kind;
    if (kind === "contraction") {
      // Packing reads each operand element several times, so only movement happens inside it.
      for (const input of equation.inputs) if (workOf(input).instructions > 0) store(input);
    } else if (kind === "reduction" || kind === "scatter") {
      for (const input of equation.inputs) {
        if (isRepeated(equation, input) && workOf(input).instructions > cheapToRepeat) store(input);
      }
    } else if (kind !== "pointwise" && kind !== "alias" && kind !== "barrier") {
      for (const input of equation.inputs) store(input);
    } else {
      for (const input of equation.inputs) {
        const larger = sizeOf(equation.outputs[0].type.shape) > sizeOf(typeOf(input).shape);
        const dear = workOf(input).instructions > dearToBroadcast;
        if (larger && dear && sizeOf(typeOf(input).shape) > 1) store(input);
      }
    }
    for (const output of equation.outputs) {
      if (kind !== "pointwise" && kind !== "alias" && kind !== "barrier") {
        stored.add(output);
        continue;
      }
      const own = addUp(equation, workOf);
      work.set(output, own);
      const cheap = own.instructions <= cheapToRepeat && own.loads.size <= 1;
      if ((graph.uses.get(output) ?? 0) > 1 && !cheap) store(output);
    }
  }
  for (const output of graph.outputs) store(output);
  return closeAliases(graph, stored);
}

/** A Var and the Vars whose storage it would share. */
export function aliasChain(graph: Graph, variable: Var): Var[] {
  const equation = graph.origin.get(variable);
  const kind = equation?.primitive.lowering.kind;
  const source = equation?.inputs[0];
  if ((kind === "alias" || kind === "barrier") && source instanceof Var) {
    return [variable, ...aliasChain(graph, source)];
  }
  return [variable];
}

// A reshape of stored data is stored data.
function closeAliases(graph: Graph, stored: Set<Var>): Set<Var> {
  for (const equation of graph.equations) {
    const { kind } = equation.primitive.lowering;
    const source = equation.inputs[0];
    if ((kind === "alias" || kind === "barrier") && source instanceof Var && stored.has(source)) {
      stored.add(equation.outputs[0]);
    }
  }
  return stored;
}

interface Work {
  readonly instructions: number;
  readonly loads: ReadonlySet<Var>;
}

function addUp(equation: Equation, workOf: (atom: Var | Literal) => Work): Work {
  let instructions = instructionsOf(equation);
  const loads = new Set<Var>();
  for (const input of equation.inputs) {
    const below = workOf(input);
    instructions += below.instructions;
    for (const load of below.loads) loads.add(load);
  }
  return { instructions, loads };
}

// A pooling window or a broadcast reads each element more than once.
function isRepeated(equation: Equation, input: Var | Literal): boolean {
  const context = contextOf(equation);
  const { lowering } = equation.primitive;
  const size = sizeOf(typeOf(input).shape);
  if (lowering.kind === "scatter") {
    const form = lowering.form(context);
    return sizeOf(form.space) * sizeOf(form.inner) > size;
  }
  if (lowering.kind !== "reduction") return false;
  const at = equation.outputs[0].type.shape.map((_, axis) => axisCoordinate(axis));
  const { inner, stages } = lowering.at(context, at, placeholderRead(equation));
  return stages.length > 1 || sizeOf(equation.outputs[0].type.shape) * sizeOf(inner) > size;
}

function instructionsOf(equation: Equation): number {
  const { lowering } = equation.primitive;
  if (lowering.kind !== "pointwise") return 0;
  const at = equation.outputs[0].type.shape.map((_, axis) => axisCoordinate(axis));
  const value = lowering.value(contextOf(equation), at, placeholderRead(equation));
  return countInstructions(simplifyExpression(value), new Set());
}

function placeholderRead(
  equation: Equation,
): (input: number, at: readonly ReturnType<typeof axisCoordinate>[]) => Expression {
  return (input, at) => {
    const atom = equation.inputs[input];
    const { dtype } = typeOf(atom);
    if (atom instanceof Literal) return { kind: "constant", dtype, value: atom.value };
    const index = linearIndex(
      at,
      at.map(() => 1),
    );
    return { kind: "load", dtype, buffer: input, index, guards: [], fill: 0 };
  };
}

function countInstructions(expression: Expression, seen: Set<Expression>): number {
  if (expression.kind !== "scalar" || seen.has(expression)) return 0;
  seen.add(expression);
  let count = 1;
  for (const operand of expression.operands) count += countInstructions(operand, seen);
  return count;
}
