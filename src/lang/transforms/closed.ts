import type { TensorType } from "../../base/type.ts";
import type { Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";

/** Records a function that depends on its arguments only. */
export function traceClosed(
  name: string,
  f: (...inputs: Tensor[]) => readonly Tensor[],
  types: readonly TensorType[],
): Program {
  const { program, captured } = trace(f, types, { name });
  if (captured.length > 0) throw new Error(`${name} reads a tensor that is not an argument`);
  return program;
}

/** The tensor that stands for a Var. */
export function lookUp(values: ReadonlyMap<Var, Tensor>, variable: Var): Tensor {
  const value = values.get(variable);
  if (value === undefined) throw new Error(`Var ${variable.id} is read before it is assigned`);
  return value;
}
