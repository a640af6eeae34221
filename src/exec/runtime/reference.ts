import { dtypeFacts, roundTo, type TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import type { HostArray, Parameters, Primitive } from "../../lang/program/primitive.ts";
import { type Atom, Literal, type Program, type Var } from "../../lang/program/program.ts";

/**
 * Evaluates one equation by the primitive's reference rule: the oracle for every device.
 *
 * Throws when the rule returns arrays that do not fit the declared types.
 */
export function evaluateEquation(
  primitive: Primitive,
  inputs: readonly HostArray[],
  parameters: Parameters,
  outputs: readonly TensorType[],
): readonly TypedArray[] {
  const results = primitive.reference({ inputs, outputs, parameters });
  for (const [i, type] of outputs.entries()) {
    if (results[i]?.length !== sizeOf(type.shape)) {
      throw new NeuriteError({
        operation: `reference rule of '${primitive.name}'`,
        got: `${results[i]?.length ?? 0} elements`,
        expected: `${sizeOf(type.shape)} for ${formatType(type)}`,
      });
    }
  }
  return results;
}

/** Evaluates a program one equation at a time and returns the data of its outputs. */
export function evaluateProgram(program: Program, inputs: readonly TypedArray[]): TypedArray[] {
  const values = new Map<Var, TypedArray>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const read = (variable: Var): TypedArray => {
    const value = values.get(variable);
    if (value === undefined) throw new Error(`Var ${variable.id} is read before it is assigned`);
    return value;
  };
  const operand = (atom: Atom): HostArray =>
    atom instanceof Literal ? literalArray(atom) : { ...atom.type, data: read(atom) };
  for (const { primitive, inputs: atoms, outputs, parameters } of program.equations) {
    const types = outputs.map((output) => output.type);
    const results = evaluateEquation(primitive, atoms.map(operand), parameters, types);
    for (const [i, output] of outputs.entries()) values.set(output, results[i]);
  }
  return program.outputs.map(read);
}

/** A literal as a scalar, rounded to its dtype. */
export function literalArray(literal: Literal): HostArray {
  const data = dtypeFacts[literal.dtype].create(1);
  data[0] = roundTo(literal.dtype, literal.value);
  return { dtype: literal.dtype, shape: [], data };
}
