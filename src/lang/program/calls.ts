import type { Parameter } from "./primitive.ts";
import { type Atom, type Equation, Literal, Program, Var } from "./program.ts";

/** Writes the bodies of all `call` equations in their place, also in nested programs: the compiler's first pass. */
export function expandCalls(program: Program): Program {
  const equations: Equation[] = [];
  const names = new Map<Var, Atom>();
  const write = (body: Program): void => {
    for (const equation of body.equations) {
      const inputs = equation.inputs.map((atom) => resolve(names, atom));
      const callee = equation.parameters.body;
      if (equation.primitive.lowering.kind === "call" && callee instanceof Program) {
        for (const [i, input] of callee.inputs.entries()) names.set(input, inputs[i]);
        write(callee);
        const results = callee.outputs.map((output) => resolve(names, output));
        for (const [i, output] of equation.outputs.entries()) names.set(output, results[i]);
      } else {
        // Fresh Vars: one body may be called twice.
        const outputs = equation.outputs.map((output) => new Var(output.type));
        for (const [i, output] of equation.outputs.entries()) names.set(output, outputs[i]);
        const parameters = Object.fromEntries(
          Object.entries(equation.parameters).map(([key, value]) => [key, expandNested(value)]),
        );
        equations.push({ ...equation, inputs, outputs, parameters });
      }
    }
  };
  write(program);
  const outputs = program.outputs.map((output) => {
    const atom = resolve(names, output);
    if (atom instanceof Literal) throw new Error("a program returns a literal");
    return atom;
  });
  return new Program(program.inputs, equations, outputs);
}

function resolve(names: ReadonlyMap<Var, Atom>, atom: Atom): Atom {
  return atom instanceof Literal ? atom : (names.get(atom) ?? atom);
}

function expandNested(parameter: Parameter): Parameter {
  if (parameter instanceof Program) return expandCalls(parameter);
  return Array.isArray(parameter) ? parameter.map(expandNested) : parameter;
}
