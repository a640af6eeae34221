import { castPrimitive } from "../lang/ops/operand.ts";
import { type Atom, type Equation, Program, Var } from "../lang/program/program.ts";

/**
 * Gives run-time numbers, which come as f64, the dtype f32 where the program casts them to it at every use: a kernel that
 * reads f64 runs on half as many lanes. The number rounds the same on its way in.
 */
export function narrowNumbers(program: Program, isNumber: readonly boolean[]): Program {
  const uses = new Map<Atom, (Equation | undefined)[]>();
  const use = (atom: Atom, by: Equation | undefined): void => {
    uses.set(atom, [...(uses.get(atom) ?? []), by]);
  };
  for (const equation of program.equations) for (const atom of equation.inputs) use(atom, equation);
  for (const output of program.outputs) use(output, undefined);
  const replaced = new Map<Atom, Var>();
  for (const [i, input] of program.inputs.entries()) {
    const casts = uses.get(input);
    if (isNumber[i] !== true || casts === undefined || !casts.every(isCastToSingle)) continue;
    const narrow = new Var({ dtype: "f32", shape: [] });
    replaced.set(input, narrow);
    for (const cast of casts) if (cast !== undefined) replaced.set(cast.outputs[0], narrow);
  }
  if (replaced.size === 0) return program;
  const resolve = <A extends Atom>(atom: A): A | Var => replaced.get(atom) ?? atom;
  return new Program(
    program.inputs.map(resolve),
    program.equations
      .filter((equation) => !replaced.has(equation.outputs[0]))
      .map((equation) => ({ ...equation, inputs: equation.inputs.map(resolve) })),
    program.outputs.map(resolve),
  );
}

function isCastToSingle(equation: Equation | undefined): boolean {
  return equation?.primitive.name === castPrimitive.name && equation.parameters.dtype === "f32";
}
