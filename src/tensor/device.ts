import type { TensorType } from "../base/type.ts";
import type { Plan } from "../lang/kernel/kernel.ts";
import type { HostArray, Operand, Parameters, Primitive } from "../lang/program/primitive.ts";
import type { Program } from "../lang/program/program.ts";
import { Symbolic, type Tensor } from "../lang/program/tensor.ts";
import { concreteValue, symbolicValueError } from "../lang/program/trace.ts";
import { Storage } from "./storage.ts";

/** A program made ready for a device. */
export interface Runner {
  /** The compiled plan, on devices that compile. */
  readonly plan?: Plan;
  /** One storage, or one number for a scalar that changes from run to run, for each input. */
  run(inputs: readonly (Storage | number)[]): Storage[];
  /** Gives back what the device holds for the program. */
  release(): void;
}

/** Where programs run. */
export interface Device {
  readonly name: string;
  /**
   * Makes a program ready. `donations[i]` names input i for errors if every run may overwrite and consume it; an input
   * without one is only read.
   */
  prepare(program: Program, donations: readonly (string | undefined)[]): Runner;
  /** Evaluates one equation at once. */
  evaluate(
    primitive: Primitive,
    inputs: readonly Operand[],
    parameters: Parameters,
    types: readonly TensorType[],
    scope: string,
  ): Storage[];
}

/** The storage of a concrete tensor; throws for a symbolic tensor without a value, and for one whose trace has ended. */
export function storageOf(tensor: Tensor, operation: string): Storage {
  const source = tensor.source instanceof Symbolic ? concreteValue(tensor)?.source : tensor.source;
  if (!(source instanceof Storage)) throw symbolicValueError(operation, tensor);
  return source;
}

/** The elements of a concrete tensor, for reading only. */
export function hostArrayOf(tensor: Tensor, operation: string): HostArray {
  const { dtype, shape } = tensor;
  return { dtype, shape, data: storageOf(tensor, operation).read() };
}
