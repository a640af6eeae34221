import { sizeOf } from "../base/shape.ts";
import { isPlainObject } from "../base/tree.ts";
import { type Equation, Program, Var } from "../tensor/index.ts";

/** How many products a program adds up: those of matrices and convolutions, in loops at every step. */
export function countMultiplyAdds(program: Program): number {
  return program.equations.reduce((total, equation) => total + countOf(equation), 0);
}

function countOf({ primitive, inputs, outputs, parameters }: Equation): number {
  if (!isPlainObject(parameters)) return 0;
  const [first, second] = inputs.map((atom) => (atom instanceof Var ? atom.type.shape : []));
  const size = sizeOf(outputs[0].type.shape);
  switch (primitive.name) {
    case "dotGeneral": {
      const { contract } = parameters;
      const axes: readonly number[] = Array.isArray(contract) ? contract[0] : [];
      return size * axes.reduce((product, axis) => product * first[axis], 1);
    }
    // Each output sees a kernel without its last axis.
    case "convolution":
      return (size * sizeOf(second)) / second[second.length - 1];
    // Each input is seen by a kernel; of what lies between the places of a stride, only what is there counts.
    case "convolutionInputGradient":
      return (sizeOf(first) * sizeOf(second)) / second[second.length - 1];
    default: {
      const { body, branches, length } = parameters;
      if (Array.isArray(branches)) return Math.max(...branches.map(countBody));
      return countBody(body) * (typeof length === "number" ? length : 1);
    }
  }
}

function countBody(body: unknown): number {
  return body instanceof Program ? countMultiplyAdds(body) : 0;
}
