import { isFloat } from "../../base/dtype.ts";
import { checkOptions, NeuriteError } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { div, mul } from "./arithmetic.ts";
import { full } from "./operand.ts";
import { type Padding, perAxis, placeWindows } from "./spatial.ts";
import type { WindowGeometry } from "./spatial-index.ts";
import { windowMax, windowSum } from "./window-primitives.ts";

/** How a window moves over the spatial axes. */
export interface PoolingOptions {
  /** Positions between two windows; default the window, so that windows do not overlap. */
  readonly strides?: number | readonly number[];
  /** What is added around the input; default `valid`, nothing. */
  readonly padding?: Padding;
}

function pool(
  operation: string,
  primitive: Primitive<WindowGeometry>,
  x: Tensor,
  window: number | readonly number[],
  options: PoolingOptions,
): { readonly output: Tensor; readonly geometry: WindowGeometry } {
  checkOptions(operation, options, ["strides", "padding"]);
  if (x.shape.length < 3) {
    throw new NeuriteError({ operation, got: formatType(x), expected: "a tensor [N, spatial…, C]" });
  }
  const input = x.shape.slice(1, -1);
  const extents = perAxis(operation, "window", window, input.length);
  const strides = perAxis(operation, "strides", options.strides ?? extents, input.length);
  const placement = placeWindows(operation, input, extents, strides, options.padding ?? "valid");
  const geometry = { input, window: extents, strides, ...placement };
  return { output: bind(primitive, [x], geometry)[0], geometry };
}

/**
 * The maximum of each window on the spatial axes, x [N, spatial…, C]; what is outside the input does not count. The
 * gradient goes to the first maximum of a window.
 *
 * @example
 * ```ts
 * maxPool(tensor([1, 2, 4, 3], { shape: [1, 4, 1] }), 2); // [[[2], [4]]]
 * ```
 */
export function maxPool(x: Tensor, window: number | readonly number[], options: PoolingOptions = {}): Tensor {
  return pool("maxPool", windowMax, x, window, options).output;
}

/**
 * The sum of each window on the spatial axes, x [N, spatial…, C].
 *
 * @example
 * ```ts
 * sumPool(tensor([1, 2, 4, 3], { shape: [1, 4, 1] }), 2); // [[[3], [7]]]
 * ```
 */
export function sumPool(x: Tensor, window: number | readonly number[], options: PoolingOptions = {}): Tensor {
  return pool("sumPool", windowSum, x, window, options).output;
}

/**
 * The mean of each window on the spatial axes, x [N, spatial…, C], of floats; what is outside the input does not count.
 *
 * @example
 * ```ts
 * avgPool(tensor([1, 2, 4, 3], { shape: [1, 4, 1] }), 2); // [[[1.5], [3.5]]]
 * ```
 */
export function avgPool(x: Tensor, window: number | readonly number[], options: PoolingOptions = {}): Tensor {
  if (!isFloat(x.dtype)) {
    throw new NeuriteError({
      operation: "avgPool",
      got: formatType(x),
      expected: "f32 or f64",
      hint: "cast it",
    });
  }
  const { output, geometry } = pool("avgPool", windowSum, x, window, options);
  const { input, window: extents, output: places, strides, low } = geometry;
  const allInside = input.every(
    (extent, d) => low[d] <= 0 && (places[d] - 1) * strides[d] + extents[d] - low[d] <= extent,
  );
  if (allInside) return mul(output, 1 / sizeOf(extents));
  const [counts] = bind(windowSum, [full([1, ...input, 1], 1, x.dtype)], geometry);
  return div(output, counts);
}
