import { add, mul, neg } from "../ops/arithmetic.ts";
import { reshapePrimitive, sum, transposePrimitive } from "../ops/structure.ts";
import { type Equation, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inScope } from "../program/trace.ts";

/** The values of a Var of a loop's body: one for each step along axis 0, or one for all steps. */
export interface Steps {
  readonly tensor: Tensor;
  readonly stacked: boolean;
}

/** Σ over the steps of a Var of the body, computed after the loop from the values of other Vars at all steps. */
export interface Total {
  /** The Vars whose values it needs. */
  readonly needs: readonly Var[];
  compute(stepsOf: (variable: Var) => Steps): Tensor;
}

// f(Σ x) = Σ f(x), one operand after the other.
const additive: ReadonlySet<string> = new Set([
  add.primitive.name,
  neg.primitive.name,
  reshapePrimitive.name,
  transposePrimitive.name,
]);

/**
 * How to sum a Var over the steps after the loop: a product of matrices becomes one product over a longer depth, a sum
 * one sum. `originOf` knows the equations of the loop and its carries ("carry"); undefined is what exists outside it.
 * Undefined where values would have to be stacked to be summed.
 */
export function totalOf(
  variable: Var,
  originOf: (variable: Var) => Equation | "carry" | undefined,
  length: number,
): Total | undefined {
  const equation = originOf(variable);
  if (equation === "carry") return undefined;
  if (equation === undefined) {
    const compute: Total["compute"] = (stepsOf) => {
      const { tensor, stacked } = stepsOf(variable);
      return stacked ? sum(tensor, { axis: 0 }) : mul(tensor, length);
    };
    return { needs: [variable], compute };
  }
  const { primitive, parameters, scope } = equation;
  const operands = equation.inputs.filter((atom) => atom instanceof Var);
  if (operands.length !== equation.inputs.length) return undefined;
  if (additive.has(primitive.name)) {
    const parts: Total[] = [];
    for (const operand of operands) {
      const part = totalOf(operand, originOf, length);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return {
      needs: parts.flatMap((part) => part.needs),
      compute: (stepsOf) => {
        const totals = parts.map((part) => part.compute(stepsOf));
        return inScope(scope, () => bind(primitive, totals, parameters)[0]);
      },
    };
  }
  const { batchTotal } = primitive;
  if (batchTotal === undefined) return undefined;
  return {
    needs: operands,
    compute: (stepsOf) => {
      const steps = operands.map(stepsOf);
      const inputs = steps.map(({ tensor }) => tensor);
      const batched = steps.map(({ stacked }) => stacked);
      return inScope(scope, () =>
        batched.includes(true)
          ? batchTotal({ inputs, batched, size: length, parameters })[0]
          : mul(bind(primitive, inputs, parameters)[0], length),
      );
    },
  };
}
