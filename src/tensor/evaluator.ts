import type { TypedArray } from "../base/dtype.ts";
import { formatType, type TensorType } from "../base/type.ts";
import type { Evaluator } from "../lang/program/evaluator.ts";
import { interpretEquation, literalArray } from "../lang/program/interpret.ts";
import type { HostArray, Operand, Parameters, Primitive } from "../lang/program/primitive.ts";
import { Literal } from "../lang/program/program.ts";
import type { Tensor } from "../lang/program/tensor.ts";
import { concreteValue, symbolicValueError } from "../lang/program/trace.ts";
import { fromHost } from "./create.ts";
import { Storage } from "./storage.ts";

/** Turns equations into data. */
export const evaluator: Evaluator = {
  evaluate(
    primitive: Primitive,
    inputs: readonly Operand[],
    parameters: Parameters,
    types: readonly TensorType[],
    scope: string,
  ): Tensor[] {
    const arrays = inputs.map(
      (input): HostArray =>
        input instanceof Literal
          ? literalArray(input)
          : { dtype: input.dtype, shape: input.shape, data: hostData(input) },
    );
    const results = interpretEquation(primitive, arrays, parameters, types, scope);
    return types.map((type, i) => fromHost(type.dtype, type.shape, results[i]));
  },
  read: (tensor) => hostData(tensor).slice(),
  readAsync: async (tensor) => hostData(tensor).slice(),
  format: (tensor) => `${formatType(tensor)} ${JSON.stringify(tensor.toArray())}`,
};

function hostData(tensor: Tensor): TypedArray {
  const source = concreteValue(tensor)?.source;
  if (!(source instanceof Storage)) throw symbolicValueError("reading a value", tensor);
  return source.host;
}
