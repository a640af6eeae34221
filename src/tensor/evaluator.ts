import type { TypedArray } from "../base/dtype.ts";
import { formatType } from "../base/type.ts";
import type { Evaluator } from "../lang/program/evaluator.ts";
import { Symbolic, Tensor } from "../lang/program/tensor.ts";
import { concreteValue } from "../lang/program/trace.ts";
import { hostArrayOf } from "./device.ts";
import { currentDevice } from "./devices.ts";
import { formatTensor } from "./format.ts";
import { Storage } from "./storage.ts";

/** Runs equations on the device in use. */
export const evaluator: Evaluator = {
  evaluate(primitive, inputs, parameters, types, scope) {
    const storages = currentDevice().evaluate(primitive, inputs, parameters, types, scope);
    return types.map((type, i) => new Tensor(type.dtype, type.shape, storages[i]));
  },
  read: copyOf,
  readAsync: async (tensor) => copyOf(tensor),
  format,
};

function copyOf(tensor: Tensor): TypedArray {
  return hostArrayOf(tensor, "reading a value").data.slice();
}

// Printing never fails: it is how errors are looked for.
function format(tensor: Tensor): string {
  const { source } = tensor;
  if (source instanceof Symbolic) {
    const { trace, variable } = source;
    const value = trace.closed ? undefined : concreteValue(tensor);
    if (value !== undefined) return format(value);
    const ended = trace.closed ? ", whose tracing has ended" : "";
    return `symbolic ${formatType(tensor)} (${trace.describe(variable)}${ended})`;
  }
  if (source instanceof Storage && source.donatedTo !== undefined) {
    return `donated ${formatType(tensor)} (given away as ${source.donatedTo})`;
  }
  return formatTensor(tensor, hostArrayOf(tensor, "printing").data);
}
