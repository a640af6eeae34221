import { checkOptions, NeuriteError } from "../../base/error.ts";
import { formatShape } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { dilate } from "./convolution-phases.ts";
import { convolve } from "./convolution-primitives.ts";
import { type Padding, perAxis, placeWindows } from "./spatial.ts";

/** How the kernel moves over the input. */
export interface ConvolutionOptions {
  /** Positions between two outputs; default 1. */
  readonly strides?: number | readonly number[];
  /** What is added around the input; default `valid`, nothing. */
  readonly padding?: Padding;
  /** Spreads the input: factor − 1 zeros between positions; default 1. */
  readonly inputDilation?: number | readonly number[];
  /** Spreads the kernel: reads every factor-th position; default 1. */
  readonly kernelDilation?: number | readonly number[];
  /** Channels are split into this many groups, each with its own filters; default 1. */
  readonly groups?: number;
}

/**
 * Convolution (cross-correlation, as in every library) over 1 to 3 spatial axes, channels last:
 * x [N, spatial…, C], kernel [spatial…, C / groups, O] → [N, spatial…, O]. Throws for shapes that do not fit.
 *
 * @example
 * ```ts
 * const y = conv(ones([32, 28, 28, 1]), ones([3, 3, 1, 8]), { padding: "same" });
 * console.log(y.shape); // [32, 28, 28, 8]
 * ```
 */
export function conv(x: Tensor, kernel: Tensor, options: ConvolutionOptions = {}): Tensor {
  const rank = checkOperands("conv", x, kernel, options);
  const { padding = "valid", groups = 1 } = options;
  if (x.shape[rank + 1] !== kernel.shape[rank] * groups || kernel.shape[rank + 1] % groups !== 0) {
    throw new NeuriteError({
      operation: "conv: channels do not fit",
      got: `x ${formatShape(x.shape)}, kernel ${formatShape(kernel.shape)}, ${groups} groups`,
      expected: `a kernel of ${x.shape[rank + 1] / groups} input channels and a multiple of ${groups} filters`,
    });
  }
  const strides = perAxis("conv", "strides", options.strides, rank);
  const inputDilation = perAxis("conv", "inputDilation", options.inputDilation, rank);
  const kernelDilation = perAxis("conv", "kernelDilation", options.kernelDilation, rank);
  const input = x.shape.slice(1, -1);
  const extents = kernel.shape.slice(0, rank);
  const { low, output } = placeWindows(
    "conv",
    input.map((extent, d) => spannedBy(extent, inputDilation[d])),
    extents.map((extent, d) => spannedBy(extent, kernelDilation[d])),
    strides,
    padding,
  );
  // input / dilation is no affine index: a dilated input is written out with its zeros.
  const spread = dilate(x, inputDilation);
  return convolve(
    "output",
    { input: spread, kernel },
    { input: spread.shape.slice(1, -1), kernel: extents, output, strides, low, kernelDilation, groups },
  );
}

/**
 * The transpose of `conv` with respect to its input: spreads x [N, spatial…, O] over a larger output [N, spatial…, C] with
 * a kernel [spatial…, C / groups, O]. The output has input · stride positions for padding `same`, and
 * input · stride + max(kernel − stride, 0) for `valid`, as Keras; explicit padding is taken away from the latter.
 * Throws for shapes that do not fit.
 *
 * @example
 * ```ts
 * const y = convTranspose(ones([32, 7, 7, 8]), ones([3, 3, 1, 8]), { strides: 2, padding: "same" });
 * console.log(y.shape); // [32, 14, 14, 1]
 * ```
 */
export function convTranspose(
  x: Tensor,
  kernel: Tensor,
  options: Omit<ConvolutionOptions, "inputDilation"> = {},
): Tensor {
  const rank = checkOperands("convTranspose", x, kernel, options);
  const { padding = "valid", groups = 1 } = options;
  if (x.shape[rank + 1] !== kernel.shape[rank + 1] || x.shape[rank + 1] % groups !== 0) {
    throw new NeuriteError({
      operation: "convTranspose: channels do not fit",
      got: `x ${formatShape(x.shape)}, kernel ${formatShape(kernel.shape)}, ${groups} groups`,
      expected: `a kernel of ${x.shape[rank + 1]} filters, a multiple of ${groups}`,
    });
  }
  const strides = perAxis("convTranspose", "strides", options.strides, rank);
  const kernelDilation = perAxis("convTranspose", "kernelDilation", options.kernelDilation, rank);
  const output = x.shape.slice(1, -1);
  const extents = kernel.shape.slice(0, rank);
  const input = output.map((extent, d) => {
    const span = spannedBy(extents[d], kernelDilation[d]);
    if (padding === "same") return extent * strides[d];
    const [low, high] = padding === "valid" ? [0, 0] : (padding[d] ?? [0, 0]);
    return extent * strides[d] + Math.max(span - strides[d], 0) - low - high;
  });
  const spans = extents.map((extent, d) => spannedBy(extent, kernelDilation[d]));
  const { low } = placeWindows("convTranspose", input, spans, strides, padding);
  const geometry = { input, kernel: extents, output, strides, low, kernelDilation, groups };
  return convolve("input", { output: x, kernel }, geometry);
}

/** How many positions `extent` of them span with factor − 1 between neighbours. */
function spannedBy(extent: number, factor: number): number {
  return (extent - 1) * factor + 1;
}

function checkOperands(operation: string, x: Tensor, kernel: Tensor, options: object): number {
  checkOptions(operation, options, ["strides", "padding", "inputDilation", "kernelDilation", "groups"]);
  const rank = x.shape.length - 2;
  if (rank < 1 || rank > 3 || kernel.shape.length !== x.shape.length) {
    throw new NeuriteError({
      operation,
      got: `x ${formatShape(x.shape)}, kernel ${formatShape(kernel.shape)}`,
      expected: "x [N, spatial…, C] and kernel [spatial…, C / groups, O] with 1 to 3 spatial axes",
    });
  }
  return rank;
}
