import { NeuriteError } from "../../base/error.ts";
import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { addTangents } from "../ops/rules.ts";
import type { Operand } from "../program/primitive.ts";
import { type Atom, type Equation, Literal, type Program, typeOf } from "../program/program.ts";
import { Tensor } from "../program/tensor.ts";
import { bind, inScope } from "../program/trace.ts";
import { traceClosed } from "./closed.ts";
import { neededEquations } from "./extract.ts";
import type { Tangent } from "./linearize.ts";

/** The transpose of a linear program. */
export interface Transposed {
  /** (inputs that are not linear, cotangents of the outputs that have one) → cotangents of the linear inputs that have one */
  readonly program: Program;
  /** For each input, whether the program returns its cotangent; that of the others is zero. */
  readonly present: readonly boolean[];
}

/**
 * Runs a linear program backward: the backward chain rule (backpropagation), equation by equation.
 *
 * `inputs` are `undefined` where the program is linear in them; what does not depend on those is evaluated first.
 * Returns one cotangent per input. Throws when an equation has no transpose rule.
 */
export function pullBack(
  program: Program,
  inputs: readonly (Tensor | undefined)[],
  outputCotangents: readonly Tangent[],
): Tangent[] {
  const values = new Map<Atom, Tensor>();
  for (const [i, variable] of program.inputs.entries()) {
    const value = inputs[i];
    if (value !== undefined) values.set(variable, value);
  }
  const given = program.outputs.filter((_, i) => outputCotangents[i] !== undefined);
  const linear = evaluateKnown(neededEquations(program.equations, given), values);
  const cotangents = new Map<Atom, Tensor>();
  const accumulate = (atom: Atom, cotangent: Tangent): void => {
    const sum = addTangents(cotangents.get(atom), cotangent);
    if (sum !== undefined) cotangents.set(atom, sum);
  };
  for (const [i, output] of program.outputs.entries()) accumulate(output, outputCotangents[i]);
  for (const equation of linear.reverse()) {
    const incoming = equation.outputs.map((output) => cotangents.get(output));
    if (incoming.every((cotangent) => cotangent === undefined)) continue;
    const operands = equation.inputs.map((atom) => (atom instanceof Literal ? atom : values.get(atom)));
    inScope(equation.scope, () => {
      const outgoing = transposeEquation(equation, incoming, operands);
      for (const [i, atom] of equation.inputs.entries()) {
        if (operands[i] === undefined) accumulate(atom, checkCotangent(equation, outgoing[i], typeOf(atom)));
      }
    });
  }
  return program.inputs.map((variable) => cotangents.get(variable));
}

/** Evaluates the equations that depend on nothing linear, and returns the others. */
function evaluateKnown(equations: readonly Equation[], values: Map<Atom, Tensor>): Equation[] {
  return equations.filter((equation) => {
    const operands = equation.inputs.flatMap((atom): Operand[] => {
      const operand = atom instanceof Literal ? atom : values.get(atom);
      return operand === undefined ? [] : [operand];
    });
    if (operands.length < equation.inputs.length) return true;
    const results = inScope(equation.scope, () => bind(equation.primitive, operands, equation.parameters));
    for (const [i, output] of equation.outputs.entries()) values.set(output, results[i]);
    return false;
  });
}

function transposeEquation(
  equation: Equation,
  cotangents: readonly Tangent[],
  inputs: readonly (Operand | undefined)[],
): readonly Tangent[] {
  const { primitive, parameters, scope } = equation;
  if (primitive.transpose === undefined) {
    throw new NeuriteError({
      operation: "reverse-mode differentiation",
      got: `'${primitive.name}'${scope === "" ? "" : ` in '${scope}'`}, which has no transpose rule`,
      expected: "operations that are linear in the tangents",
      hint: "use forward mode (jvp, jacobianForward), or give it a gradient with customGradient",
    });
  }
  return primitive.transpose({ cotangents, inputs, types: equation.inputs.map(typeOf), parameters });
}

function checkCotangent(equation: Equation, cotangent: Tangent, type: TensorType): Tangent {
  if (cotangent !== undefined && !sameType(cotangent, type)) {
    throw new Error(
      `the transpose rule of '${equation.primitive.name}' gives ${formatType(cotangent)} for a ${formatType(type)}`,
    );
  }
  return cotangent;
}

/** The program of `pullBack`. `linear` marks the inputs it is linear in, `given` the outputs that have a cotangent (default: all). */
export function transposeProgram(
  program: Program,
  linear: readonly boolean[],
  given: readonly boolean[] = program.outputs.map(() => true),
): Transposed {
  const residuals = program.inputs.filter((_, i) => !linear[i]);
  const cotangents = program.outputs.filter((_, i) => given[i]);
  let present: boolean[] = [];
  const transposed = traceClosed(
    "a transposed derivative",
    (...tensors) => {
      const rest = tensors.values();
      const inputs = linear.map((isLinear) => (isLinear ? undefined : rest.next().value));
      const outputs = given.map((isGiven) => (isGiven ? rest.next().value : undefined));
      const results = pullBack(program, inputs, outputs);
      present = results.map((result, i) => linear[i] && result !== undefined);
      return results.filter((result, i): result is Tensor => present[i] && result instanceof Tensor);
    },
    [...residuals, ...cotangents].map((variable) => variable.type),
  );
  return { program: transposed, present };
}
