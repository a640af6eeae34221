import { isFloat } from "../../base/dtype.ts";
import { formatType, sameType } from "../../base/type.ts";
import { zerosLike } from "../ops/create.ts";
import { isCheap, type Operand } from "../program/primitive.ts";
import { type Atom, type Equation, Literal, type Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inScope } from "../program/trace.ts";
import { lookUp, traceClosed } from "./closed.ts";
import { extractProgram, neededEquations, withoutMarks } from "./extract.ts";

/** A tangent or cotangent; `undefined` is zero and costs nothing. */
export type Tangent = Tensor | undefined;

/** A program that computes outputs and their tangents together. */
export interface Joint {
  /** (inputs, tangents of the active inputs) → (outputs, tangents of the outputs that have one) */
  readonly program: Program;
  /** Which outputs have a tangent; that of the others is zero. */
  readonly present: readonly boolean[];
}

/** A program in two parts, so that the second is linear in its tangents. */
export interface Linearized {
  /** inputs → (outputs, residuals) */
  readonly primal: Program;
  /** (residuals, tangents of the active inputs) → tangents of the outputs that have one */
  readonly linear: Program;
  /** Which outputs have a tangent; that of the others is zero. */
  readonly present: readonly boolean[];
  readonly residualCount: number;
}

/** Runs a program forward with tangents beside the values: the forward chain rule, equation by equation. */
export function pushForward(
  program: Program,
  inputs: readonly Tensor[],
  inputTangents: readonly Tangent[],
): { outputs: Tensor[]; tangents: Tangent[] } {
  const values = new Map<Var, Tensor>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const tangents = new Map<Atom, Tensor>();
  const setTangent = (variable: Var, tangent: Tangent, rule: string): void => {
    if (tangent === undefined) return;
    if (!sameType(variable.type, tangent)) {
      throw new Error(`${rule} gives the tangent ${formatType(tangent)} for a ${formatType(variable.type)}`);
    }
    tangents.set(variable, tangent);
  };
  for (const [i, variable] of program.inputs.entries()) setTangent(variable, inputTangents[i], "the caller");
  for (const equation of program.equations) {
    const { primitive, parameters } = equation;
    const operands = equation.inputs.map(
      (atom): Operand => (atom instanceof Literal ? atom : lookUp(values, atom)),
    );
    const incoming = equation.inputs.map((atom) => tangents.get(atom));
    const active = incoming.some((tangent) => tangent !== undefined);
    const [outputs, outgoing] = inScope(equation.scope, (): [readonly Tensor[], readonly Tangent[]] => {
      if (active && primitive.forward !== undefined) {
        const result = primitive.forward({ inputs: operands, tangents: incoming, parameters });
        return [result.outputs, result.tangents];
      }
      const results = bind(primitive, operands, parameters);
      if (!active || primitive.derivative === undefined) return [results, []];
      const context = { inputs: operands, tangents: incoming, outputs: results, parameters };
      return [results, primitive.derivative(context)];
    });
    for (const [i, output] of equation.outputs.entries()) {
      values.set(output, outputs[i]);
      setTangent(output, outgoing[i], `the derivative rule of '${primitive.name}'`);
    }
  }
  return {
    outputs: program.outputs.map((output) => lookUp(values, output)),
    tangents: program.outputs.map((output) => tangents.get(output)),
  };
}

/**
 * The program that computes outputs and tangents together.
 *
 * `active` says which inputs have a tangent (floats only), `instantiate` which outputs must have one, if need be zeros.
 */
export function jointProgram(
  program: Program,
  active: readonly boolean[],
  instantiate: readonly boolean[] = [],
): Joint {
  const types = program.inputs.map((input) => input.type);
  const count = types.length;
  const position = positions(active);
  let present: boolean[] = [];
  const joint = traceClosed(
    "a derivative",
    (...tensors) => {
      const seeds = active.map((isActive, i) => (isActive ? tensors[count + position[i]] : undefined));
      const { outputs, tangents } = pushForward(program, tensors.slice(0, count), seeds);
      const instantiated = tangents.map((tangent, i) =>
        tangent === undefined && instantiate[i] && isFloat(outputs[i].dtype)
          ? zerosLike(outputs[i])
          : tangent,
      );
      present = instantiated.map((tangent) => tangent !== undefined);
      return [...outputs, ...instantiated.filter((tangent) => tangent !== undefined)];
    },
    [...types, ...types.filter((_, i) => active[i])],
  );
  return { program: joint, present };
}

/**
 * Splits a program's derivative into a primal program that also returns residuals, and a program linear in the tangents.
 *
 * Inputs and the results of contractions, reductions, random, sort and control flow are kept as residuals; cheap
 * chains are computed again in the linear program.
 */
export function linearizeProgram(
  program: Program,
  active: readonly boolean[],
  instantiate: readonly boolean[] = [],
): Linearized {
  const { program: joint, present } = jointProgram(program, active, instantiate);
  const primalInputs = joint.inputs.slice(0, program.inputs.length);
  const tangentInputs = joint.inputs.slice(program.inputs.length);
  const outputs = joint.outputs.slice(0, program.outputs.length);
  const tangentOutputs = joint.outputs.slice(program.outputs.length);

  const dependent = new Set<Atom>(tangentInputs);
  for (const equation of joint.equations) {
    if (equation.inputs.some((atom) => dependent.has(atom))) {
      for (const output of equation.outputs) dependent.add(output);
    }
  }
  const isLinear = (equation: Equation): boolean => dependent.has(equation.outputs[0]);
  const linear = neededEquations(joint.equations, tangentOutputs).filter(isLinear);
  const { residuals, recomputed } = chooseResiduals(
    joint.equations.filter((equation) => !isLinear(equation)),
    [...linear.flatMap((equation) => equation.inputs), ...tangentOutputs].filter(
      (atom) => atom instanceof Var && !dependent.has(atom),
    ),
  );
  return {
    primal: extractProgram(primalInputs, joint.equations, [...outputs, ...residuals]),
    linear: extractProgram(
      [...residuals, ...tangentInputs],
      withoutMarks(joint.equations.filter((equation) => isLinear(equation) || recomputed.has(equation))),
      tangentOutputs,
    ),
    present,
    residualCount: residuals.length,
  };
}

/** Which of the values that a linear program reads are kept, and which equations are repeated for the others. */
function chooseResiduals(
  equations: readonly Equation[],
  read: readonly Atom[],
): { residuals: Var[]; recomputed: Set<Equation> } {
  const producers = new Map<Atom, Equation>();
  for (const equation of equations) for (const output of equation.outputs) producers.set(output, equation);
  const residuals = new Set<Var>();
  const recomputed = new Set<Equation>();
  const pending = [...read];
  for (let atom = pending.pop(); atom !== undefined; atom = pending.pop()) {
    if (atom instanceof Literal) continue;
    const producer = producers.get(atom);
    if (producer === undefined || !isCheap(producer.primitive)) residuals.add(atom);
    else if (!recomputed.has(producer)) {
      recomputed.add(producer);
      pending.push(...producer.inputs);
    }
  }
  return { residuals: [...residuals].sort((a, b) => a.id - b.id), recomputed };
}

/** The place of each chosen entry among the chosen ones. */
export function positions(chosen: readonly boolean[]): number[] {
  let next = 0;
  return chosen.map((isChosen) => (isChosen ? next++ : -1));
}
