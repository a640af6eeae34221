import { NeuriteError } from "../../base/error.ts";
import { formatShape } from "../../base/shape.ts";
import type { LayerCall, SymbolicTensor } from "./symbolic.ts";

/** The calls that outputs need, each after those it needs. Throws where an input is missing. */
export function callsTo(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): readonly LayerCall[] {
  const calls = new Set<LayerCall>();
  const visit = (symbol: SymbolicTensor): void => {
    const { call, name, shape } = symbol;
    if (inputs.includes(symbol) || (call !== undefined && calls.has(call))) return;
    if (call === undefined) {
      throw new NeuriteError({
        operation: "graph",
        got: `outputs that need an input${name === undefined ? "" : ` '${name}'`} of shape ${formatShape(shape)}`,
        expected: "this input among the inputs",
      });
    }
    for (const before of call.inputs) visit(before);
    calls.add(call);
  };
  for (const output of outputs) visit(output);
  return [...calls];
}

/** As `callsTo`; throws for inputs that no output needs, too. */
export function callsBetween(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): readonly LayerCall[] {
  const calls = callsTo(inputs, outputs);
  const used = new Set([...outputs, ...calls.flatMap((call) => call.inputs)]);
  const idle = inputs.findIndex((symbol) => !used.has(symbol));
  if (idle < 0 && inputs.length > 0) return calls;
  throw new NeuriteError({
    operation: "graph",
    got: inputs.length === 0 ? "no inputs" : `an input ${inputs[idle].name ?? idle} that no output needs`,
    expected: "inputs that lead to the outputs",
  });
}
