import { dtypeFacts, roundTo } from "../../base/dtype.ts";
import type { HostArray } from "./primitive.ts";
import { type Atom, Literal, type Program, type Var } from "./program.ts";

/** Evaluates a program one equation at a time by the reference rules, in plain TypeScript. */
export function interpretProgram(program: Program, inputs: readonly HostArray[]): HostArray[] {
  const values = new Map<Var, HostArray>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const read = (atom: Atom): HostArray => {
    const value = atom instanceof Literal ? literalArray(atom) : values.get(atom);
    if (value === undefined) throw new Error("a Var is read before it is assigned");
    return value;
  };
  for (const { primitive, inputs: atoms, outputs, parameters } of program.equations) {
    const types = outputs.map((output) => output.type);
    const results = primitive.reference({ inputs: atoms.map(read), outputs: types, parameters });
    for (const [i, output] of outputs.entries()) values.set(output, { ...output.type, data: results[i] });
  }
  return program.outputs.map(read);
}

/** A literal as a scalar, rounded to its dtype. */
export function literalArray(literal: Literal): HostArray {
  const data = dtypeFacts[literal.dtype].create(1);
  data[0] = roundTo(literal.dtype, literal.value);
  return { dtype: literal.dtype, shape: [], data };
}
