import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { zerosLike } from "../ops/create.ts";
import { Program } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { inline } from "../program/trace.ts";
import { jointProgram, linearizeProgram } from "./linearize.ts";
import {
  type AnyFunction,
  floatLeaves,
  matchLeaves,
  type Recorded,
  recordFunction,
  restoreArguments,
  restoreOutput,
} from "./record.ts";
import { pullBack } from "./transpose.ts";
import type { Tensors } from "./types.ts";

/**
 * Forward-mode derivative (Jacobian · tangent): the function's result at `primals` and its derivative in the direction
 * `tangents`, as [output, output tangent].
 *
 * Each tangent has the structure and the types of its primal; tangents of integers are ignored. Throws when they do not
 * fit, and for functions made by `customGradient`.
 *
 * @example
 * ```ts
 * const [y, dy] = jvp((x: Tensor) => mul(x, x), [tensor([1, 2])], [tensor([1, 0])]); // [1, 4] and [2, 0]
 * ```
 */
export function jvp<A extends unknown[], R>(
  f: (...args: A) => R,
  primals: readonly [...A],
  tangents: readonly [...Tensors<A>],
): [output: Tensors<R>, tangent: Tensors<R>];
export function jvp(f: AnyFunction, primals: readonly unknown[], tangents: readonly unknown[]): unknown {
  const recorded = recordFunction("jvp", f, primals, { positions: primals.map((_, i) => i) });
  const seeds = matchTangents("jvp: tangents", recorded, tangents);
  const { program, present } = jointProgram(recorded.program, floatLeaves(recorded));
  refuseReverseOnly("jvp", program);
  const results = inline(program, [...recorded.inputs, ...seeds]);
  const outputs = results.slice(0, present.length);
  return [
    restoreOutput(recorded, outputs),
    restoreOutput(recorded, fillAbsent(outputs, present, results.slice(present.length))),
  ];
}

/**
 * The function's result at `primals`, and its derivative there as a linear function of tangents:
 * [output, (...tangents) => output tangent]. What does not depend on the tangents is computed once.
 *
 * @example
 * ```ts
 * const [y, derivative] = linearize((x: Tensor) => mul(x, x), tensor([1, 2]));
 * derivative(tensor([1, 0])); // [2, 0]
 * derivative(tensor([0, 1])); // [0, 4]
 * ```
 */
export function linearize<A extends unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): [output: Tensors<R>, derivative: (...tangents: readonly [...Tensors<A>]) => Tensors<R>];
export function linearize(f: AnyFunction, ...primals: unknown[]): unknown {
  const recorded = recordFunction("linearize", f, primals, { positions: primals.map((_, i) => i) });
  const { primal, linear, present } = linearizeProgram(recorded.program, floatLeaves(recorded));
  refuseReverseOnly("linearize", linear);
  const results = inline(primal, recorded.inputs);
  const outputs = results.slice(0, present.length);
  const residuals = results.slice(present.length);
  const derivative = (...tangents: unknown[]): unknown => {
    const seeds = matchTangents("linearize: tangents", recorded, tangents);
    return restoreOutput(recorded, fillAbsent(outputs, present, inline(linear, [...residuals, ...seeds])));
  };
  return [restoreOutput(recorded, outputs), derivative];
}

/**
 * Reverse-mode derivative (cotangent · Jacobian): the function's result at `primals`, and the function that maps a
 * cotangent of it to a tuple with one cotangent per argument: [output, pullback].
 *
 * The cotangent has the structure and the types of the output. Throws when it does not fit.
 *
 * @example
 * ```ts
 * const [y, pullback] = vjp((x: Tensor) => mul(x, x), tensor([1, 2]));
 * const [dx] = pullback(tensor([1, 1])); // [2, 4]
 * ```
 */
export function vjp<A extends unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): [output: Tensors<R>, pullback: (cotangent: Tensors<R>) => Tensors<A>];
export function vjp(f: AnyFunction, ...primals: unknown[]): unknown {
  const recorded = recordFunction("vjp", f, primals, { positions: primals.map((_, i) => i) });
  const active = floatLeaves(recorded);
  const { primal, linear, present, residualCount } = linearizeProgram(recorded.program, active);
  const results = inline(primal, recorded.inputs);
  const outputs = results.slice(0, present.length);
  const residuals = results.slice(present.length);
  const pullback = (cotangent: unknown): unknown => {
    const given = matchLeaves("vjp: cotangent", cotangent, recorded.output, outputs);
    const unknowns = linear.inputs.slice(residualCount).map(() => undefined);
    const known = given.filter((_, i) => present[i]);
    const pulled = pullBack(linear, [...residuals, ...unknowns], known)
      .slice(residualCount)
      .values();
    const leaves = recorded.inputs
      .slice(0, recorded.leafCount)
      .map((input, i) => (active[i] ? pulled.next().value : undefined) ?? zerosLike(input));
    return restoreArguments(recorded, leaves);
  };
  return [restoreOutput(recorded, outputs), pullback];
}

/** Tangents of the float leaves of the arguments. */
function matchTangents(operation: string, recorded: Recorded, tangents: readonly unknown[]): Tensor[] {
  if (tangents.length !== recorded.arguments.length) {
    throw new NeuriteError({
      operation,
      got: `${tangents.length} tangents`,
      expected: `${recorded.arguments.length}, one for each argument`,
    });
  }
  return recorded.arguments.flatMap(({ structure, tensors }, i) =>
    matchLeaves(operation, tangents[i], structure, tensors).filter((_, leaf) => isFloat(tensors[leaf].dtype)),
  );
}

/** Tangents of all outputs, zeros for those that have none. */
function fillAbsent(
  outputs: readonly Tensor[],
  present: readonly boolean[],
  tangents: readonly Tensor[],
): Tensor[] {
  const rest = tangents.values();
  return outputs.map((output, i) => (present[i] ? rest.next().value : undefined) ?? zerosLike(output));
}

/** Throws when a program holds a derivative that only reverse mode can take: the linear call of `customGradient`. */
export function refuseReverseOnly(operation: string, program: Program): void {
  for (const { primitive, parameters } of program.equations) {
    if (primitive.lowering.kind === "none") {
      throw new NeuriteError({
        operation,
        got: "a function made by customGradient",
        expected: "functions with a forward-mode derivative",
        hint: "a gradient of your own says nothing about tangents: use grad, vjp or jacobian (reverse mode)",
      });
    }
    for (const value of Object.values(parameters).flat()) {
      if (value instanceof Program) refuseReverseOnly(operation, value);
    }
  }
}
