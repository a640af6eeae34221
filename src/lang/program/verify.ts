import { NeuriteError } from "../../base/error.ts";
import { formatType, sameType } from "../../base/type.ts";
import type { Parameter } from "./primitive.ts";
import { type Equation, Program, typeOf, Var } from "./program.ts";

/** Throws unless every Var is assigned once, before it is read, with the type its primitive infers; also in nested programs. */
export function verifyProgram(program: Program): void {
  const assigned = new Set<Var>();
  const assign = (variable: Var, what: string): void => {
    if (assigned.has(variable)) throw invalid(`${what} is assigned twice`);
    assigned.add(variable);
  };
  for (const input of program.inputs) assign(input, "an input");
  for (const equation of program.equations) {
    for (const atom of equation.inputs) {
      if (atom instanceof Var && !assigned.has(atom)) {
        throw invalid(`'${equation.primitive.name}' reads a Var that is not assigned before`);
      }
    }
    checkTypes(equation);
    for (const parameter of Object.values(equation.parameters)) verifyNested(parameter);
    for (const output of equation.outputs) assign(output, `a result of '${equation.primitive.name}'`);
  }
  for (const output of program.outputs) {
    if (!assigned.has(output)) throw invalid("an output is never assigned");
  }
}

function checkTypes(equation: Equation): void {
  const inferred = equation.primitive.infer(equation.inputs.map(typeOf), equation.parameters);
  const declared = equation.outputs.map((output) => output.type);
  if (inferred.length !== declared.length || !inferred.every((type, i) => sameType(type, declared[i]))) {
    throw invalid(
      `'${equation.primitive.name}' declares ${declared.map(formatType).join(", ")}, its rule infers ${inferred.map(formatType).join(", ")}`,
    );
  }
}

function verifyNested(parameter: Parameter): void {
  if (parameter instanceof Program) verifyProgram(parameter);
  else if (Array.isArray(parameter)) for (const item of parameter) verifyNested(item);
}

function invalid(got: string): NeuriteError {
  return new NeuriteError({ operation: "verify", got, expected: "a well-formed program" });
}
