import { isFloat } from "../../base/dtype.ts";
import { checkOptions, NeuriteError } from "../../base/error.ts";
import { formatType } from "../../base/type.ts";
import { add } from "../ops/arithmetic.ts";
import { onesLike, zeros } from "../ops/create.ts";
import { markPrimitive } from "../ops/identity.ts";
import { type Equation, Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { inline } from "../program/trace.ts";
import { linearizeProgram } from "./linearize.ts";
import { type AnyFunction, type Recorded, recordFunction, restoreOutput } from "./record.ts";
import { pullBack } from "./transpose.ts";
import type { Tensors } from "./types.ts";

/** A result with the values that were marked on the way. */
export interface Marked<R> {
  readonly output: Tensors<R>;
  /** By scope and name, `hidden/z`; a second value of the same name is `hidden/z 2`. */
  readonly marks: Readonly<Record<string, Tensor>>;
}

/** As `Marked`, with the derivative of the output with respect to each marked value. */
export interface MarkedGradients<R> extends Marked<R> {
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/** Options of `withMarks`. */
export interface MarkOptions<G extends boolean> {
  /** Also the derivatives of the output, a float scalar then, with respect to the marked floats; default false. */
  readonly gradients?: G;
}

/**
 * The same function, returning also the values that `mark(name, x)` names while it runs, and on request the derivative
 * of its scalar result with respect to each of them: the z, a and δ of backpropagation.
 *
 * Values marked inside `cond`, `scan`, `whileLoop`, `checkpoint` and `customGradient` are not returned.
 *
 * @example
 * ```ts
 * const loss = (x: Tensor) => sum(square(mark("z", mul(x, 3))));
 * const { output, marks, gradients } = withMarks(loss, { gradients: true })(tensor([1, 2]));
 * // output 45, marks.z [3, 6], gradients.z [6, 12]
 * ```
 */
export function withMarks<A extends unknown[], R>(
  f: (...args: A) => R,
  options?: MarkOptions<false>,
): (...args: A) => Marked<R>;
export function withMarks<A extends unknown[], R>(
  f: (...args: A) => R,
  options: MarkOptions<true>,
): (...args: A) => MarkedGradients<R>;
export function withMarks(f: AnyFunction, options: MarkOptions<boolean> = {}): AnyFunction {
  checkOptions("withMarks", options, ["gradients"]);
  return (...args) => {
    const recorded = recordFunction("withMarks", f, args, { positions: [] });
    const marked = recorded.program.equations.filter(isMark);
    const names = namesOf(marked);
    const collect = (tensors: readonly (Tensor | undefined)[]): Record<string, Tensor> =>
      Object.fromEntries(names.flatMap((name, i) => (tensors[i] === undefined ? [] : [[name, tensors[i]]])));
    if (options.gradients !== true) {
      const { inputs, equations, outputs } = recorded.program;
      const variables = marked.map((equation) => equation.outputs[0]);
      const results = inline(new Program(inputs, equations, [...outputs, ...variables]), recorded.inputs);
      return {
        output: restoreOutput(recorded, results.slice(0, outputs.length)),
        marks: collect(results.slice(outputs.length)),
      };
    }
    const { output, values, gradients } = differentiateMarks(recorded, marked);
    return {
      output: restoreOutput(recorded, [output]),
      marks: collect(values),
      gradients: collect(gradients),
    };
  };
}

function isMark(equation: Equation): boolean {
  return equation.primitive.name === markPrimitive.name;
}

function namesOf(marked: readonly Equation[]): string[] {
  const seen = new Map<string, number>();
  return marked.map(({ scope, parameters }) => {
    const name = `${scope === "" ? "" : `${scope}/`}${String(parameters.name)}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

// Every marked float becomes value + shift; the derivatives with respect to the shifts, at zero, are wanted.
function differentiateMarks(
  recorded: Recorded,
  marked: readonly Equation[],
): { output: Tensor; values: Tensor[]; gradients: (Tensor | undefined)[] } {
  const { inputs, equations, outputs } = recorded.program;
  const [{ type }] = outputs;
  if (recorded.output.kind !== "leaf" || type.shape.length > 0 || !isFloat(type.dtype)) {
    throw new NeuriteError({
      operation: "withMarks",
      got:
        recorded.output.kind === "leaf" ? `${formatType(type)} as the function's result` : "a tree as result",
      expected: "a float scalar, to be differentiated",
      hint: "reduce it with sum or mean",
    });
  }
  const shifts = new Map<Equation, Var>();
  for (const equation of marked) {
    const { type } = equation.outputs[0];
    if (isFloat(type.dtype)) shifts.set(equation, new Var(type));
  }
  const shifted = equations.flatMap((equation): Equation[] => {
    const shift = shifts.get(equation);
    if (shift === undefined) return [equation];
    const unshifted = new Var(shift.type);
    return [
      { ...equation, outputs: [unshifted] },
      { ...equation, primitive: add.primitive, inputs: [unshifted, shift], parameters: {} },
    ];
  });
  const variables = marked.map((equation) => equation.outputs[0]);
  const program = new Program([...inputs, ...shifts.values()], shifted, [...outputs, ...variables]);
  const active = program.inputs.map((_, i) => i >= inputs.length);
  const { primal, linear, present, residualCount } = linearizeProgram(program, active);
  const none = [...shifts.values()].map(({ type: { dtype, shape } }) => zeros(shape, dtype));
  const [output, ...rest] = inline(primal, [...recorded.inputs, ...none]);
  const residuals = rest.slice(marked.length);
  const cotangents = present.flatMap((isPresent, i) => {
    if (!isPresent) return [];
    return [i === 0 ? onesLike(output) : undefined];
  });
  const pulled = pullBack(linear, [...residuals, ...none.map(() => undefined)], cotangents)
    .slice(residualCount)
    .map((gradient, i) => gradient ?? none[i])
    .values();
  return {
    output,
    values: rest.slice(0, marked.length),
    gradients: marked.map((equation) => (shifts.has(equation) ? pulled.next().value : undefined)),
  };
}
