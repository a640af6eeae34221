import { isFloat } from "../../base/dtype.ts";
import { checkOptions, NeuriteError, unknownName } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import { unflatten } from "../../base/tree.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { eq } from "../ops/comparison.ts";
import { zeros } from "../ops/create.ts";
import { iota } from "../ops/iota.ts";
import { cast } from "../ops/operand.ts";
import { reshape } from "../ops/structure.ts";
import type { Program } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { inline } from "../program/trace.ts";
import { batchProgram } from "./batch.ts";
import { refuseReverseOnly } from "./directional.ts";
import { linearizeProgram, positions } from "./linearize.ts";
import {
  type AnyFunction,
  listPositions,
  type Recorded,
  recordFunction,
  requireFloats,
  restoreArguments,
} from "./record.ts";
import { transposeProgram } from "./transpose.ts";
import type { JacobianOf, Jacobians, Positions } from "./types.ts";
import { moveAxis } from "./vectorize.ts";

/** Options of `jacobian`. */
export interface JacobianOptions<N extends Positions = 0> {
  /** Which arguments to differentiate: a position, or a list of them; default 0. */
  readonly argnums?: N;
  /** `reverse` (default) costs one pass per element of the result, `forward` one per element of the arguments. */
  readonly mode?: "forward" | "reverse";
}

/**
 * The Jacobian of a function: for every tensor of its result a tree like the argument, of tensors of shape
 * [...result shape, ...argument shape].
 *
 * Throws for arguments and results that are no floats.
 *
 * @example
 * ```ts
 * jacobian((x: Tensor) => mul(x, x))(tensor([1, 2])); // [[2, 0], [0, 4]]
 * ```
 */
export function jacobian<A extends unknown[], R, const N extends Positions = 0>(
  f: (...args: A) => R,
  options: JacobianOptions<N> = {},
): (...args: A) => Jacobians<R, A, N> {
  checkOptions("jacobian", options, ["argnums", "mode"]);
  const { mode = "reverse", argnums } = options;
  if (mode !== "reverse" && mode !== "forward") {
    throw unknownName("jacobian: mode", mode, ["forward", "reverse"]);
  }
  return mode === "reverse" ? jacobianReverse(f, argnums) : jacobianForward(f, argnums);
}

/**
 * The Jacobian by reverse mode, one pass for each element of the result: for long arguments and short results.
 *
 * @example
 * ```ts
 * jacobianReverse((x: Tensor) => mul(x, x))(tensor([1, 2])); // [[2, 0], [0, 4]]
 * ```
 */
export function jacobianReverse<A extends unknown[], R, const N extends Positions = 0>(
  f: (...args: A) => R,
  argnums?: N,
): (...args: A) => Jacobians<R, A, N>;
export function jacobianReverse(f: AnyFunction, argnums: Positions = 0): AnyFunction {
  return (...args) => {
    const recorded = recordForJacobian("jacobianReverse", f, args, argnums);
    const { program, inputs, leafCount } = recorded;
    const { primal, linear, present, residualCount } = linearizeProgram(program, activeLeaves(recorded));
    const residuals = inline(primal, inputs).slice(present.length);
    const isLinear = linear.inputs.map((_, i) => i >= residualCount);
    const place = positions(present);
    const rows = program.outputs.map(({ type }, output) => {
      const given = linear.outputs.map((_, i) => present[output] && i === place[output]);
      const transposed = transposeProgram(linear, isLinear, given);
      const pulled = runOnBasis(transposed.program, residuals, type, present[output]);
      const found = positions(transposed.present.slice(residualCount));
      return inputs.slice(0, leafCount).map((input, leaf) => {
        const rows = transposed.present[residualCount + leaf] ? pulled[found[leaf]] : undefined;
        const shape = [...type.shape, ...input.shape];
        return rows === undefined ? zeros(shape, input.dtype) : reshape(rows, shape);
      });
    });
    return restoreJacobian(recorded, rows, argnums);
  };
}

/**
 * The Jacobian by forward mode, one pass for each element of the arguments: for short arguments and long results.
 *
 * @example
 * ```ts
 * jacobianForward((x: Tensor) => mul(x, x))(tensor([1, 2])); // [[2, 0], [0, 4]]
 * ```
 */
export function jacobianForward<A extends unknown[], R, const N extends Positions = 0>(
  f: (...args: A) => R,
  argnums?: N,
): (...args: A) => Jacobians<R, A, N>;
export function jacobianForward(f: AnyFunction, argnums: Positions = 0): AnyFunction {
  return (...args) => {
    const recorded = recordForJacobian("jacobianForward", f, args, argnums);
    const { program, inputs, leafCount } = recorded;
    const columns = inputs.slice(0, leafCount).map((input, leaf) => {
      const { primal, linear, present } = linearizeProgram(
        program,
        inputs.map((_, i) => i === leaf),
      );
      refuseReverseOnly("jacobianForward", linear);
      const residuals = inline(primal, inputs).slice(present.length);
      const pushed = runOnBasis(linear, residuals, input, present.includes(true));
      const found = positions(present);
      return program.outputs.map(({ type }, output) => {
        const shape = [...type.shape, ...input.shape];
        if (!present[output]) return zeros(shape, type.dtype);
        return reshape(moveAxis(pushed[found[output]], 0, type.shape.length), shape);
      });
    });
    const rows = program.outputs.map((_, output) => columns.map((column) => column[output]));
    return restoreJacobian(recorded, rows, argnums);
  };
}

/**
 * The matrix of second derivatives of a function with a scalar result, by forward mode over reverse mode: for an
 * argument of shape s a tensor of shape [...s, ...s], for trees a tree of trees.
 *
 * @example
 * ```ts
 * hessian((x: Tensor) => sum(mul(x, mul(x, x))))(tensor([1, 2])); // [[6, 0], [0, 12]]
 * ```
 */
export function hessian<A extends unknown[], const N extends Positions = 0>(
  f: (...args: A) => Tensor,
  argnums?: N,
): (...args: A) => JacobianOf<Jacobians<Tensor, A, N>, Jacobians<Tensor, A, N>>;
export function hessian(f: AnyFunction, argnums: Positions = 0): AnyFunction {
  return jacobianForward(jacobianReverse(f, argnums), argnums);
}

function recordForJacobian(
  operation: string,
  f: AnyFunction,
  args: readonly unknown[],
  argnums: Positions,
): Recorded {
  const chosen = listPositions(operation, argnums, args);
  const recorded = recordFunction(operation, f, args, { positions: chosen });
  requireFloats(operation, recorded, chosen);
  const integer = recorded.program.outputs.find((output) => !isFloat(output.type.dtype));
  if (integer !== undefined) {
    throw new NeuriteError({
      operation,
      got: `${formatType(integer.type)} in the function's result`,
      expected: "floats: integers and truth values have no derivative",
    });
  }
  return recorded;
}

function activeLeaves({ inputs, leafCount }: Recorded): boolean[] {
  return inputs.map((_, i) => i < leafCount);
}

function restoreJacobian(recorded: Recorded, rows: readonly Tensor[][], argnums: Positions): unknown {
  const trees = rows.map((row) => {
    const trees = restoreArguments(recorded, row);
    return typeof argnums === "number" ? trees[0] : trees;
  });
  return unflatten(recorded.output, trees);
}

/** Runs a linear program, whose last input has the given type, on all unit vectors of that type at once. */
function runOnBasis(
  program: Program,
  residuals: readonly Tensor[],
  { dtype, shape }: TensorType,
  isNeeded: boolean,
): Tensor[] {
  if (!isNeeded) return [];
  const size = sizeOf(shape);
  const batched = program.inputs.map((_, i) => i === residuals.length);
  const force = program.outputs.map(() => true);
  const unit = cast(eq(iota([size, size], 0), iota([size, size], 1)), dtype);
  const basis = reshape(unit, [size, ...shape]);
  return inline(batchProgram(program, batched, size, force).program, [...residuals, basis]);
}
