import type { TypedArray } from "../../base/dtype.ts";
import type { TensorType } from "../../base/type.ts";
import type { Operand, Parameters, Primitive } from "./primitive.ts";
import type { Tensor } from "./tensor.ts";

/** What turns equations into data; the tensor module installs it. */
export interface Evaluator {
  evaluate(
    primitive: Primitive,
    inputs: readonly Operand[],
    parameters: Parameters,
    types: readonly TensorType[],
    scope: string,
  ): Tensor[];
  read(tensor: Tensor): TypedArray;
  readAsync(tensor: Tensor): Promise<TypedArray>;
  format(tensor: Tensor): string;
}

let installed: Evaluator | undefined;

/** Fills the evaluator slot: called once, by tensor/install.ts. */
export function installEvaluator(evaluator: Evaluator): void {
  installed = evaluator;
}

/** The installed evaluator. */
export function currentEvaluator(): Evaluator {
  if (installed === undefined) throw new Error("no evaluator is installed: import from 'neurite'");
  return installed;
}
