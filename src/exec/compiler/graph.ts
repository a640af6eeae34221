import { sameShape } from "../../base/shape.ts";
import type { LoweringContext, Parameters } from "../../lang/program/primitive.ts";
import { printParameters } from "../../lang/program/print.ts";
import { type Atom, type Equation, Literal, type Program, typeOf, Var } from "../../lang/program/program.ts";

/** A program without repeated or dead equations, with the questions that the later passes ask of it. */
export interface Graph {
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
  /** The equation that assigns a Var; inputs have none. */
  readonly origin: ReadonlyMap<Var, Equation>;
  /** How many equations read a Var, counting a program output as one. */
  readonly uses: ReadonlyMap<Var, number>;
}

/** Merges equal equations, drops identities and what no output needs. */
export function buildGraph(program: Program): Graph {
  const replacement = new Map<Var, Atom>();
  const resolve = (atom: Atom): Atom => (atom instanceof Var ? (replacement.get(atom) ?? atom) : atom);
  const seen = new Map<string, Equation>();
  const kept: Equation[] = [];
  for (const equation of program.equations) {
    const inputs = equation.inputs.map(resolve);
    if (isIdentity(equation)) {
      replacement.set(equation.outputs[0], inputs[0]);
      continue;
    }
    const key = keyOf(equation, inputs);
    const earlier = key === undefined ? undefined : seen.get(key);
    if (earlier !== undefined) {
      for (const [i, output] of equation.outputs.entries()) replacement.set(output, earlier.outputs[i]);
      continue;
    }
    const renewed: Equation = { ...equation, inputs };
    if (key !== undefined) seen.set(key, renewed);
    kept.push(renewed);
  }
  const outputs = program.outputs.map(resolve);
  return withUses(program.inputs, withoutDead(kept, outputs), outputs);
}

/** What a lowering rule sees of an equation. */
export function contextOf(equation: Equation): LoweringContext<Parameters> {
  return {
    inputs: equation.inputs.map(typeOf),
    outputs: equation.outputs.map((output) => output.type),
    parameters: equation.parameters,
  };
}

function isIdentity(equation: Equation): boolean {
  return (
    equation.primitive.lowering.kind === "alias" &&
    sameShape(typeOf(equation.inputs[0]).shape, equation.outputs[0].type.shape)
  );
}

// A barrier is there to keep two equal computations apart.
function keyOf(equation: Equation, inputs: readonly Atom[]): string | undefined {
  const { primitive, parameters } = equation;
  if (primitive.lowering.kind === "barrier") return undefined;
  const operands = inputs.map((atom) => {
    if (atom instanceof Var) return `v${atom.id}`;
    return `${Object.is(atom.value, -0) ? "-0" : atom.value}:${atom.dtype}`;
  });
  const dtypes = equation.outputs.map((output) => output.type.dtype);
  return `${primitive.name}${printParameters(parameters)}(${operands.join(",")})${dtypes.join(",")}`;
}

function withoutDead(equations: readonly Equation[], outputs: readonly Atom[]): Equation[] {
  const live = new Set<Atom>(outputs);
  const kept: Equation[] = [];
  for (let i = equations.length - 1; i >= 0; i--) {
    const equation = equations[i];
    if (!equation.outputs.some((output) => live.has(output))) continue;
    kept.push(equation);
    for (const input of equation.inputs) if (!(input instanceof Literal)) live.add(input);
  }
  return kept.reverse();
}

function withUses(inputs: readonly Var[], equations: readonly Equation[], outputs: readonly Atom[]): Graph {
  const origin = new Map<Var, Equation>();
  const uses = new Map<Var, number>();
  const use = (atom: Atom): void => {
    if (atom instanceof Var) uses.set(atom, (uses.get(atom) ?? 0) + 1);
  };
  for (const equation of equations) {
    for (const input of new Set(equation.inputs)) use(input);
    for (const output of equation.outputs) origin.set(output, equation);
  }
  for (const output of outputs) use(output);
  return { inputs, equations, outputs, origin, uses };
}
