import { markPrimitive } from "../ops/identity.ts";
import { type Atom, type Equation, Program, Var } from "../program/program.ts";

/** The equations that some Vars depend on, in their order. */
export function neededEquations(equations: readonly Equation[], outputs: readonly Var[]): Equation[] {
  const needed = new Set<Atom>(outputs);
  const kept: Equation[] = [];
  for (let i = equations.length - 1; i >= 0; i--) {
    const equation = equations[i];
    if (!equation.outputs.some((output) => needed.has(output))) continue;
    kept.push(equation);
    for (const atom of equation.inputs) needed.add(atom);
  }
  return kept.reverse();
}

/** The program of some of another program's equations: those the outputs need, with Vars of its own. */
export function extractProgram(
  inputs: readonly Var[],
  equations: readonly Equation[],
  outputs: readonly Var[],
): Program {
  const names = new Map<Atom, Var>();
  const rename = (variable: Var): Var => {
    const fresh = new Var(variable.type);
    names.set(variable, fresh);
    return fresh;
  };
  const resolve = (atom: Atom): Atom => names.get(atom) ?? atom;
  const renamedInputs = inputs.map(rename);
  const renamed = neededEquations(equations, outputs).map((equation) => ({
    ...equation,
    inputs: equation.inputs.map(resolve),
    outputs: equation.outputs.map(rename),
  }));
  const renamedOutputs = outputs.map((output) => {
    const fresh = names.get(output);
    if (fresh === undefined) throw new Error(`Var ${output.id} is an output that no equation assigns`);
    return fresh;
  });
  return new Program(renamedInputs, renamed, renamedOutputs);
}

/** Equations that read marked values where they come from: values that are computed again are not marked again. */
export function withoutMarks(equations: readonly Equation[]): Equation[] {
  const origins = new Map<Atom, Atom>();
  const resolve = (atom: Atom): Atom => origins.get(atom) ?? atom;
  return equations.flatMap((equation) => {
    const inputs = equation.inputs.map(resolve);
    if (equation.primitive.name !== markPrimitive.name) return [{ ...equation, inputs }];
    origins.set(equation.outputs[0], inputs[0]);
    return [];
  });
}
