import { checkOptions, NeuriteError } from "../../base/error.ts";
import { type Structure, unflatten } from "../../base/tree.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { asTensor, cast } from "../ops/operand.ts";
import type { Tensor } from "../program/tensor.ts";
import { flattenTensors, type Leaves } from "../transforms/record.ts";
import type { AnyTensors } from "../transforms/types.ts";
import { requireSame, traceBodies } from "./bodies.ts";
import { chooseCarryTypes, type Loop, type Returned } from "./carry.ts";
import { bindScan } from "./scan-primitive.ts";

/** Options of `scan`. */
export interface ScanOptions {
  /** The number of steps; default: the extent of axis 0 of the sequences. */
  readonly length?: number;
  /** Runs from the last slice to the first; each result lies where its slice was. Default false. */
  readonly reverse?: boolean;
}

/**
 * A loop over axis 0 of sequences: `body(carry, x)` returns [next carry, y]; the result is [last carry, ys], with the
 * ys of all steps stacked along axis 0.
 *
 * Carry, sequences and ys are trees; without sequences (`undefined`) give `length`. The body is traced once, so only
 * types are known in it. Can be differentiated in both modes, to any order. Throws when the next carry differs from the
 * carry in structure, shape or dtype, and when the sequences differ in length.
 *
 * @example
 * ```ts
 * const [total, sums] = scan((carry, x) => [add(carry, x), add(carry, x)], 0, tensor([1, 2, 3])); // 6 and [1, 3, 6]
 * ```
 */
export function scan<C, X, Y>(
  body: (carry: AnyTensors<C>, x: AnyTensors<X>) => readonly [carry: Returned<C>, y: Y],
  initial: C,
  sequences: X,
  options?: ScanOptions,
): [carry: AnyTensors<C>, ys: AnyTensors<Y>];
export function scan(
  body: (carry: unknown, x: unknown) => readonly [unknown, unknown],
  initial: unknown,
  sequences: unknown,
  options: ScanOptions = {},
): unknown {
  checkOptions("scan", options, ["length", "reverse"]);
  const start = flattenTensors(initial, "scan: initial carry");
  const xs = flattenTensors(sequences, "scan: sequences");
  const length = lengthOf(xs, options.length);
  const slices = xs.tensors.map(({ dtype, shape }): TensorType => ({ dtype, shape: shape.slice(1) }));
  const step = (tensors: readonly Tensor[]): { next: Leaves; result: Leaves } => {
    const carry = unflatten(start.structure, tensors.slice(0, start.tensors.length));
    const returned = body(carry, unflatten(xs.structure, tensors.slice(start.tensors.length)));
    if (!Array.isArray(returned) || returned.length !== 2) {
      throw new NeuriteError({
        operation: "scan",
        got: "a body that does not return two things",
        expected: "[next carry, y]; return [carry, undefined] where there is nothing to stack",
      });
    }
    return {
      next: flattenTensors(returned[0], "scan: next carry"),
      result: flattenTensors(returned[1], "scan: y"),
    };
  };
  const loop: Loop = { name: "scan", start, others: slices, step: (tensors) => step(tensors).next };
  const carryTypes = chooseCarryTypes(loop);
  let structure: Structure = xs.structure;
  const { programs, captured } = traceBodies([
    {
      name: "scan",
      types: [...carryTypes, ...slices],
      f: (...tensors) => {
        const { next, result } = step(tensors);
        structure = result.structure;
        const carry = next.tensors.map((leaf, i) =>
          leaf.weak ? cast(leaf, carryTypes[i]?.dtype ?? "f32") : leaf,
        );
        requireSame(
          "scan",
          ["the next carry", "the initial one"],
          { ...next, types: carry },
          { structure: start.structure, types: carryTypes },
        );
        return [...carry, ...result.tensors.map((leaf) => asTensor(leaf))];
      },
    },
  ]);
  const carries = start.tensors.map((tensor, i) => cast(tensor, carryTypes[i].dtype));
  const results = bindScan([...captured, ...carries, ...xs.tensors], {
    constants: captured.length,
    carries: carries.length,
    length,
    reverse: options.reverse ?? false,
    body: programs[0],
  });
  return [
    unflatten(start.structure, results.slice(0, carries.length)),
    unflatten(structure, results.slice(carries.length)),
  ];
}

function lengthOf({ tensors, paths }: Leaves, wanted: number | undefined): number {
  const length = wanted ?? tensors[0]?.shape[0];
  if (length === undefined || !Number.isInteger(length) || length < 0) {
    throw new NeuriteError({
      operation: "scan",
      got: wanted === undefined ? "no sequence with an axis 0" : `length ${wanted}`,
      expected: "sequences, or the number of steps as option length",
    });
  }
  for (const [i, tensor] of tensors.entries()) {
    if (tensor.shape[0] === length) continue;
    throw new NeuriteError({
      operation: "scan",
      got: `the sequence ${formatType(tensor)}${paths[i] === "" ? "" : ` at '${paths[i]}'`}`,
      expected: `${length} steps along axis 0`,
    });
  }
  return length;
}
