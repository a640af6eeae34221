import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { flatten, formatStructure, type Structure, unflatten } from "../../base/tree.ts";
import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { cast, full } from "../ops/operand.ts";
import type { Program } from "../program/program.ts";
import { Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";

/** A function of the user's, before its types matter. */
export type AnyFunction = (...args: unknown[]) => unknown;

/** A tree of tensors in parts: numbers have become scalars that take the dtype of what they meet. */
export interface Leaves {
  readonly tensors: readonly Tensor[];
  readonly paths: readonly string[];
  readonly structure: Structure;
}

/** A user's function as a program at given arguments. */
export interface Recorded {
  /** (leaves of the chosen arguments, captured tensors) → leaves of the output */
  readonly program: Program;
  readonly inputs: readonly Tensor[];
  /** The chosen arguments. */
  readonly arguments: readonly Leaves[];
  /** How many inputs are leaves of arguments; the others are captured. */
  readonly leafCount: number;
  readonly output: Structure;
  readonly outputPaths: readonly string[];
  /** Which outputs stand for JS numbers. */
  readonly outputWeak: readonly boolean[];
}

/** True for what a tree of tensors may hold. */
export function isLeaf(value: unknown): value is Tensor | number {
  return value instanceof Tensor || typeof value === "number";
}

/** The tensors of a tree; throws for anything but tensors and numbers in arrays and plain objects. */
export function flattenTensors(tree: unknown, operation: string): Leaves {
  const { leaves, paths, structure } = flatten(tree, isLeaf, operation);
  return { tensors: leaves.map(asScalar), paths, structure };
}

function asScalar(leaf: Tensor | number): Tensor {
  return leaf instanceof Tensor ? leaf : withWeak(full([], leaf, "f64"), true);
}

/** The same tensor, standing for a JS number or not. */
export function withWeak(x: Tensor, weak: boolean): Tensor {
  return x.weak === weak ? x : new Tensor(x.dtype, x.shape, x.source, weak);
}

/** How a function is recorded. */
export interface RecordOptions {
  /** Which arguments become inputs; the others are handed to the function as they are. */
  readonly positions: readonly number[];
  /** Types of the leaves inside the function; default: those of the arguments, whose values can then be read. */
  readonly types?: readonly TensorType[];
}

/** Records a user's function at given arguments. */
export function recordFunction(
  operation: string,
  f: AnyFunction,
  args: readonly unknown[],
  { positions, types }: RecordOptions,
): Recorded {
  const chosen = positions.map((position) => flattenTensors(args[position], operation));
  const leaves = chosen.flatMap(({ tensors }) => tensors);
  let output = flattenTensors(undefined, operation);
  const { program, captured } = trace(
    (...tensors) => {
      const values = [...args];
      let next = 0;
      for (const [i, { structure, tensors: own }] of chosen.entries()) {
        values[positions[i]] = unflatten(structure, tensors.slice(next, next + own.length));
        next += own.length;
      }
      output = flattenTensors(f(...values), `${operation}: the function's result`);
      return output.tensors;
    },
    types ?? leaves,
    {
      name: f.name === "" ? operation : `${operation}(${f.name})`,
      ...(types === undefined ? { known: leaves, weak: leaves.map((leaf) => leaf.weak) } : {}),
    },
  );
  return {
    program,
    inputs: [...leaves, ...captured],
    arguments: chosen,
    leafCount: leaves.length,
    output: output.structure,
    outputPaths: output.paths,
    outputWeak: output.tensors.map((tensor) => tensor.weak),
  };
}

/** Puts one tensor per leaf back into the structures of the chosen arguments. */
export function restoreArguments(recorded: Recorded, leaves: readonly Tensor[]): unknown[] {
  let next = 0;
  return recorded.arguments.map(({ structure, tensors }) => {
    const own = tensors.map((tensor) => withWeak(leaves[next++], tensor.weak));
    return unflatten(structure, own);
  });
}

/** Puts one tensor per leaf back into the structure of the output. */
export function restoreOutput(recorded: Recorded, leaves: readonly Tensor[]): unknown {
  return unflatten(
    recorded.output,
    leaves.map((leaf, i) => withWeak(leaf, recorded.outputWeak[i])),
  );
}

/** Which inputs have tangents when all arguments are differentiated: their float leaves. */
export function floatLeaves(recorded: Recorded): boolean[] {
  return recorded.inputs.map((input, i) => i < recorded.leafCount && isFloat(input.dtype));
}

/** Throws unless every leaf of the chosen arguments is a float. */
export function requireFloats(operation: string, recorded: Recorded, positions: readonly number[]): void {
  for (const [i, { tensors, paths }] of recorded.arguments.entries()) {
    const leaf = tensors.findIndex((tensor) => !isFloat(tensor.dtype));
    if (leaf < 0) continue;
    const place = paths[leaf] === "" ? "" : ` at '${paths[leaf]}'`;
    throw new NeuriteError({
      operation,
      got: `${formatType(tensors[leaf])} as argument ${positions[i]}${place}`,
      expected: "floats: integers and truth values have no derivative",
      hint: "cast it, or choose the arguments to differentiate by their positions",
    });
  }
}

/** Argument positions as a list; throws for a position that no argument has. */
export function listPositions(
  operation: string,
  positions: number | readonly number[],
  args: readonly unknown[],
): readonly number[] {
  const list = typeof positions === "number" ? [positions] : positions;
  for (const position of list) {
    if (Number.isInteger(position) && position >= 0 && position < args.length) continue;
    throw new NeuriteError({
      operation,
      got: `argument position ${position} in a call with ${args.length} arguments`,
      expected: args.length === 0 ? "an argument" : `an integer from 0 to ${args.length - 1}`,
    });
  }
  return list;
}

/** The leaves of a tree of tangents or cotangents; throws unless it has the structure and the types expected. */
export function matchLeaves(
  operation: string,
  tree: unknown,
  structure: Structure,
  types: readonly TensorType[],
): Tensor[] {
  const given = flattenTensors(tree, operation);
  const [got, expected] = [formatStructure(given.structure), formatStructure(structure)];
  if (got !== expected) throw new NeuriteError({ operation, got, expected });
  return given.tensors.map((tensor, i) => {
    const fitted = tensor.weak ? cast(tensor, types[i].dtype) : tensor;
    if (sameType(fitted, types[i])) return fitted;
    throw new NeuriteError({
      operation,
      got: `${formatType(fitted)}${given.paths[i] === "" ? "" : ` at '${given.paths[i]}'`}`,
      expected: formatType(types[i]),
    });
  });
}
