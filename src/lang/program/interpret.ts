import { dtypeFacts, roundTo, type TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import type { TensorType } from "../../base/type.ts";
import type { CheckInfo } from "../kernel/kernel.ts";
import type { HostArray, Parameters, Primitive } from "./primitive.ts";
import { type Atom, Literal, type Program, type Var } from "./program.ts";

/** Evaluates a program one equation at a time by the reference rules, in plain TypeScript; throws for indices out of range. */
export function interpretProgram(program: Program, inputs: readonly HostArray[]): HostArray[] {
  const values = new Map<Var, HostArray>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const read = (atom: Atom): HostArray => {
    const value = atom instanceof Literal ? literalArray(atom) : values.get(atom);
    if (value === undefined) throw new Error("a Var is read before it is assigned");
    return value;
  };
  for (const { primitive, inputs: atoms, outputs, parameters, scope } of program.equations) {
    const types = outputs.map((output) => output.type);
    const results = interpretEquation(primitive, atoms.map(read), parameters, types, scope);
    for (const [i, output] of outputs.entries()) values.set(output, { ...output.type, data: results[i] });
  }
  return program.outputs.map(read);
}

/** Evaluates one equation by the primitive's reference rule; throws for indices out of range. */
export function interpretEquation(
  primitive: Primitive,
  inputs: readonly HostArray[],
  parameters: Parameters,
  outputs: readonly TensorType[],
  scope: string,
): readonly TypedArray[] {
  for (const check of primitive.checks?.({ inputs, outputs, parameters }) ?? []) {
    const { data } = inputs[check.input];
    const { length } = check.extents;
    if (!data.every((index, i) => index >= 0 && index < check.extents[i % length])) {
      throw failedCheck({ operation: primitive.name, scope, message: check.message });
    }
  }
  return primitive.reference({ inputs, outputs, parameters });
}

/** The error for a check that failed while a program ran. */
export function failedCheck({ operation, scope, message }: CheckInfo): NeuriteError {
  return new NeuriteError({
    operation: scope === "" ? operation : `${operation} in '${scope}'`,
    got: message,
    expected: "indices from 0 to the extent of the axis less 1",
  });
}

/** A literal as a scalar, rounded to its dtype. */
export function literalArray(literal: Literal): HostArray {
  const data = dtypeFacts[literal.dtype].create(1);
  data[0] = roundTo(literal.dtype, literal.value);
  return { dtype: literal.dtype, shape: [], data };
}
