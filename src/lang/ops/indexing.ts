import { NeuriteError } from "../../base/error.ts";
import { formatShape, normalizeAxis, sameShape } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { moveAxis } from "./arrays.ts";
import { gatherPrimitive, scatterPrimitive } from "./indexing-primitives.ts";
import { range } from "./offsets.ts";
import { cast } from "./operand.ts";
import { reshape } from "./structure.ts";

// Indices of the other integer dtypes are converted.
function asIndices(operation: string, indices: Tensor): Tensor {
  if (indices.dtype === "i32" || indices.dtype === "u32" || indices.dtype === "u8")
    return cast(indices, "i32");
  throw new NeuriteError({
    operation,
    got: `indices ${formatType(indices)}`,
    expected: "integers",
    hint: "cast(indices, 'i32')",
  });
}

function asAxes(
  operation: string,
  x: Tensor,
  indices: Tensor,
  axes: readonly number[] | undefined,
): number[] {
  const columns = indices.shape[indices.shape.length - 1] ?? 0;
  return (axes ?? range(0, columns)).map((axis) => normalizeAxis(operation, axis, x.shape.length));
}

/**
 * Elements or slices of x: the last axis of `indices` [..., k] holds one index for each of k `axes` (default the first k).
 * Result: [...indices without its last axis, ...remaining axes of x]. An index out of range is clamped and reported.
 *
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4]]), tensor([[0, 1], [1, 1]], { dtype: "i32" })); // [2, 4]
 * ```
 */
export function gather(x: Tensor, indices: Tensor, axes?: readonly number[]): Tensor {
  const parameters = { axes: asAxes("gather", x, indices, axes), batch: 0 };
  return bind(gatherPrimitive, [x, asIndices("gather", indices)], parameters)[0];
}

/**
 * x with `updates` written (`set`, the default: the last one wins) or added (`add`) at indices, laid out as in `gather`.
 * An index out of range is dropped and reported.
 *
 * @example
 * ```ts
 * scatter(zeros([3]), tensor([[0], [2]], { dtype: "i32" }), tensor([5, 6])); // [5, 0, 6]
 * ```
 */
export function scatter(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  options: { readonly axes?: readonly number[]; readonly mode?: "set" | "add" } = {},
): Tensor {
  const { mode = "set", axes } = options;
  const parameters = { axes: asAxes("scatter", x, indices, axes), batch: 0, mode };
  return bind(scatterPrimitive, [x, asIndices("scatter", indices), updates], parameters)[0];
}

/**
 * Slices of x along one axis (default 0): that axis is replaced by the shape of `indices`. An index out of range is
 * clamped and reported.
 *
 * @example
 * ```ts
 * take(tensor([10, 20, 30]), tensor([2, 0], { dtype: "i32" })); // [30, 10]
 * ```
 */
export function take(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const at = normalizeAxis("take", axis, x.shape.length);
  const rank = indices.shape.length;
  const columns = reshape(asIndices("take", indices), [...indices.shape, 1]);
  let output = bind(gatherPrimitive, [x, columns], { axes: [at], batch: 0 })[0];
  // The axes of the indices come out first; put the axes before `axis` back in front of them.
  for (let k = 0; k < at; k++) output = moveAxis(output, rank + k, k);
  return output;
}

/**
 * For every position, the element of x whose index on one axis (default the last) is given: `indices` has the shape of
 * x but for that axis. Undoes `argsort`. An index out of range is clamped and reported.
 *
 * @example
 * ```ts
 * takeAlongAxis(tensor([[1, 2], [3, 4]]), tensor([[1], [0]], { dtype: "i32" }), 1); // [[2], [3]]
 * ```
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis = -1): Tensor {
  const at = normalizeAxis("takeAlongAxis", axis, x.shape.length);
  const last = x.shape.length - 1;
  if (!sameShape(x.shape.with(at, 0), indices.shape.with(Math.min(at, indices.shape.length - 1), 0))) {
    throw new NeuriteError({
      operation: "takeAlongAxis",
      got: `indices ${formatShape(indices.shape)} for x ${formatShape(x.shape)}, axis ${at}`,
      expected: "equal extents on every other axis",
    });
  }
  const inner = moveAxis(asIndices("takeAlongAxis", indices), at, last);
  const columns = reshape(inner, [...inner.shape, 1]);
  const output = bind(gatherPrimitive, [moveAxis(x, at, last), columns], { axes: [last], batch: last })[0];
  return moveAxis(output, last, at);
}
