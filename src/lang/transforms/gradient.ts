import { isFloat } from "../../base/dtype.ts";
import { checkOptions, NeuriteError } from "../../base/error.ts";
import { flatten, isPlainObject, unflatten } from "../../base/tree.ts";
import { formatType } from "../../base/type.ts";
import { onesLike, zerosLike } from "../ops/create.ts";
import { Tensor } from "../program/tensor.ts";
import { inline } from "../program/trace.ts";
import { linearizeProgram } from "./linearize.ts";
import {
  type AnyFunction,
  listPositions,
  type Recorded,
  recordFunction,
  requireFloats,
  restoreArguments,
  withWeak,
} from "./record.ts";
import { pullBack } from "./transpose.ts";
import type { Gradients, Positions, Tensors } from "./types.ts";

/** Options of `grad` and `valueAndGrad`. */
export interface GradientOptions<N extends Positions = 0, Aux extends boolean = false> {
  /** Which arguments to differentiate: a position, or a list of them; default 0. */
  readonly argnums?: N;
  /** True when the function returns [output, auxiliary results]; default false. */
  readonly hasAux?: Aux;
}

/**
 * The gradient of a function with a scalar result: it takes the same arguments, and returns the derivative of the result
 * with respect to the first one, or to those at the positions `argnums` (a list gives a tuple).
 *
 * Arguments may be trees: nested arrays and objects of tensors and numbers. With `hasAux` the function returns
 * [output, auxiliary results] and the gradient function [gradient, auxiliary results]. Throws when the result is no
 * float scalar, and for arguments that are no floats.
 *
 * @example
 * ```ts
 * const loss = (w: Tensor, b: Tensor) => sum(add(mul(w, w), b));
 * const [dw, db] = grad(loss, [0, 1])(tensor([1, 2]), tensor([3, 4])); // [2, 4] and [1, 1]
 * ```
 */
export function grad<A extends unknown[], const N extends Positions = 0>(
  f: (...args: A) => Tensor,
  argnums?: N | GradientOptions<N>,
): (...args: A) => Gradients<A, N>;
export function grad<A extends unknown[], X, const N extends Positions = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: GradientOptions<N, true>,
): (...args: A) => [gradient: Gradients<A, N>, aux: Tensors<X>];
export function grad(
  f: AnyFunction,
  argnums: Positions | GradientOptions<Positions, boolean> = 0,
): AnyFunction {
  const options = readOptions("grad", argnums);
  return (...args) => {
    const { aux, gradient } = differentiate("grad", f, args, options);
    return options.hasAux ? [gradient, aux] : gradient;
  };
}

/**
 * As `grad`, and returns the function's result too: [value, gradient], with `hasAux` [[value, auxiliary results], gradient].
 *
 * @example
 * ```ts
 * const [value, gradient] = valueAndGrad((x: Tensor) => sum(mul(x, x)))(tensor([1, 2])); // 5 and [2, 4]
 * ```
 */
export function valueAndGrad<A extends unknown[], const N extends Positions = 0>(
  f: (...args: A) => Tensor,
  argnums?: N | GradientOptions<N>,
): (...args: A) => [value: Tensor, gradient: Gradients<A, N>];
export function valueAndGrad<A extends unknown[], X, const N extends Positions = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: GradientOptions<N, true>,
): (...args: A) => [result: [value: Tensor, aux: Tensors<X>], gradient: Gradients<A, N>];
export function valueAndGrad(
  f: AnyFunction,
  argnums: Positions | GradientOptions<Positions, boolean> = 0,
): AnyFunction {
  const options = readOptions("valueAndGrad", argnums);
  return (...args) => {
    const { value, aux, gradient } = differentiate("valueAndGrad", f, args, options);
    return [options.hasAux ? [value, aux] : value, gradient];
  };
}

interface Options {
  readonly argnums: Positions;
  readonly hasAux: boolean;
}

function readOptions(operation: string, given: Positions | GradientOptions<Positions, boolean>): Options {
  if (typeof given === "number" || isList(given)) return { argnums: given, hasAux: false };
  checkOptions(operation, given, ["argnums", "hasAux"]);
  return { argnums: given.argnums ?? 0, hasAux: given.hasAux ?? false };
}

function isList(value: unknown): value is readonly number[] {
  return Array.isArray(value);
}

function differentiate(
  operation: string,
  f: AnyFunction,
  args: readonly unknown[],
  { argnums, hasAux }: Options,
): { value: Tensor; aux: unknown; gradient: unknown } {
  const positions = listPositions(operation, argnums, args);
  const auxiliary = hasAux ? separateAux(operation, f) : undefined;
  const recorded = recordFunction(operation, auxiliary?.f ?? f, args, { positions });
  requireFloats(operation, recorded, positions);
  requireScalar(operation, recorded, hasAux);
  const active = recorded.inputs.map((_, i) => i < recorded.leafCount);
  const { primal, linear, present, residualCount } = linearizeProgram(recorded.program, active);
  const results = inline(primal, recorded.inputs);
  const outputs = results.slice(0, recorded.outputWeak.length);
  const value = withWeak(outputs[0], recorded.outputWeak[0]);
  const residuals = results.slice(outputs.length);
  // Only the value has a cotangent, 1; the auxiliary results have none.
  const cotangents = present.flatMap((isPresent, i) =>
    isPresent ? [i === 0 ? onesLike(outputs[0]) : undefined] : [],
  );
  const unknown = Array.from({ length: recorded.leafCount }, () => undefined);
  const gradients = pullBack(linear, [...residuals, ...unknown], cotangents)
    .slice(residualCount)
    .map((gradient, i) => gradient ?? zerosLike(recorded.inputs[i]));
  const trees = restoreArguments(recorded, gradients);
  return {
    value,
    aux: auxiliary?.restore(outputs.slice(1)),
    gradient: typeof argnums === "number" ? trees[0] : trees,
  };
}

/** Turns a function that returns [value, aux] into one that returns a list of tensors; what else aux holds is handed through. */
function separateAux(
  operation: string,
  f: AnyFunction,
): { f: AnyFunction; restore: (tensors: readonly Tensor[]) => unknown } {
  let aux = flatten<unknown>(undefined, isNode, operation);
  return {
    f: (...args) => {
      const result = f(...args);
      if (!Array.isArray(result) || result.length !== 2) {
        throw new NeuriteError({
          operation,
          got: `${Array.isArray(result) ? `a list of ${result.length}` : "a single result"} with hasAux`,
          expected: "a function that returns [output, auxiliary results]",
        });
      }
      aux = flatten<unknown>(result[1], isNode, operation);
      return [result[0], ...aux.leaves.filter((leaf) => leaf instanceof Tensor)];
    },
    restore: (tensors) => {
      const rest = tensors.values();
      return unflatten(
        aux.structure,
        aux.leaves.map((leaf) => (leaf instanceof Tensor ? rest.next().value : leaf)),
      );
    },
  };
}

// Anything that is no array and no plain object is a leaf here.
function isNode(value: unknown): value is unknown {
  if (typeof value !== "object" || value === null) return value !== undefined && value !== null;
  return !Array.isArray(value) && !isPlainObject(value);
}

function requireScalar(operation: string, recorded: Recorded, hasAux: boolean): void {
  const [output] = recorded.program.outputs;
  const single = hasAux || recorded.output.kind === "leaf";
  if (single && output.type.shape.length === 0 && isFloat(output.type.dtype)) return;
  throw new NeuriteError({
    operation,
    got: single ? `${formatType(output.type)} as the function's result` : "a tree as the function's result",
    expected: "a float scalar",
    hint: "reduce it with sum or mean, return [value, aux] with hasAux, or use vjp or jacobian",
  });
}
