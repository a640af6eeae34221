import { sizeOf } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { stack } from "./arrays.ts";
import { zeros } from "./create.ts";
import { pad, slice } from "./movement.ts";
import { range } from "./offsets.ts";
import { reshape, transpose } from "./structure.ts";

/**
 * A convolution as positions on spatial axes: input position = output · stride + kernel · dilation − low.
 * Extents of all three are given, so that each of input, kernel and output can be computed from the other two.
 */
export type ConvolutionGeometry = {
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
  readonly strides: readonly number[];
  readonly low: readonly number[];
  readonly kernelDilation: readonly number[];
  readonly groups: number;
};

/** Puts factor − 1 zeros after every position of the spatial axes of [N, spatial…, C]. */
export function dilate(x: Tensor, factors: readonly number[]): Tensor {
  if (factors.every((factor) => factor === 1)) return x;
  const [count, ...rest] = x.shape;
  const channels = rest.pop() ?? 1;
  const apart = reshape(x, [count, ...rest.flatMap((extent) => [extent, 1]), channels]);
  const zeros = factors.flatMap((factor) => [[0, 0] as const, [0, factor - 1] as const]);
  const padded = pad(apart, [[0, 0], ...zeros, [0, 0]]);
  return reshape(padded, [count, ...rest.map((extent, d) => extent * factors[d]), channels]);
}

/** Computes an input gradient at stride 1 for a kernel. */
type Gradient = (kernel: Tensor, geometry: ConvolutionGeometry) => Tensor;

// Many phases, or zeros that are few, are worth no contractions of their own.
const mostPhases = 8;
const zerosAllowed = 1.2;

/**
 * The input gradient of a strided convolution by gradients of stride 1. With input = stride · q + phase each place of the
 * kernel falls into one phase. The phases are computed one by one, or all at once as channels, with zeros where a phase has fewer places.
 */
export function gradientByPhases(
  output: Tensor,
  kernel: Tensor,
  geometry: ConvolutionGeometry,
  gradient: Gradient,
): Tensor {
  const split = splitPhases(kernel, geometry);
  const { strides } = geometry;
  const used = sizeOf(kernel.shape.slice(0, strides.length));
  const isWasteful = sizeOf(split.geometry.kernel) * sizeOf(strides) > zerosAllowed * used;
  if (!isWasteful || sizeOf(strides) > mostPhases) {
    return interleavePhases(gradient(split.kernel, split.geometry), geometry);
  }
  const count = sizeOf(strides);
  const phases = range(0, count).map((phase) => {
    const spread = onePhase(split, geometry, phase, output, gradient);
    const [places, channels] = [spread.shape.slice(0, -1), spread.shape[spread.shape.length - 1]];
    return reshape(spread, [...places, geometry.groups, channels / geometry.groups]);
  });
  const together = stack(phases, -2);
  const [places, channels] = [together.shape.slice(0, -3), sizeOf(together.shape.slice(-3))];
  return interleavePhases(reshape(together, [...places, channels]), geometry);
}

/** A kernel whose phases are channels, [q…, phases · C, O], with the geometry of its gradient. */
interface SplitKernel {
  readonly kernel: Tensor;
  readonly geometry: ConvolutionGeometry;
}

// The gradient at the positions of one phase, from the places of the kernel that fall into it.
function onePhase(
  { kernel, geometry }: SplitKernel,
  { kernel: extents, strides, low, kernelDilation }: ConvolutionGeometry,
  phase: number,
  output: Tensor,
  gradient: Gradient,
): Tensor {
  const rank = strides.length;
  const channels = kernel.shape[rank] / sizeOf(strides);
  const digits = strides.map((stride, d) => Math.floor(phase / sizeOf(strides.slice(d + 1))) % stride);
  // q · stride + phase lies on the kernel, which begins behind the zeros in front.
  const front = strides.map((stride, d) => stride * geometry.low[d] - low[d]);
  const from = strides.map((stride, d) => Math.max(0, Math.ceil((front[d] - digits[d]) / stride)));
  const to = strides.map((stride, d) =>
    Math.floor((front[d] + extents[d] * kernelDilation[d] - 1 - digits[d]) / stride + 1),
  );
  const places = from.map((first, d) => Math.max(0, to[d] - first));
  // To these positions no place of the kernel gives anything back.
  if (places.includes(0)) {
    return zeros([output.shape[0], ...geometry.input, geometry.groups * channels], output.dtype);
  }
  const start = [...from, phase * channels, 0];
  const stop = [...from.map((first, d) => first + places[d]), (phase + 1) * channels, kernel.shape[rank + 1]];
  return gradient(slice(kernel, start, stop), {
    ...geometry,
    kernel: places,
    low: geometry.low.map((zeros, d) => zeros - from[d]),
  });
}

// A kernel and geometry of stride 1 whose result is [N, q…, groups · phases · C].
function splitPhases(
  kernel: Tensor,
  { input, output, strides, low, kernelDilation, groups }: ConvolutionGeometry,
): SplitKernel {
  const rank = strides.length;
  const axes = range(0, rank);
  const taps = dilateKernel(kernel, kernelDilation);
  const [channels, filters] = taps.shape.slice(rank);
  // Zeros in front make input position 0 phase 0 of place 0.
  const unitLow = low.map((zeros, d) => Math.ceil(zeros / strides[d]));
  const front = axes.map((d) => strides[d] * unitLow[d] - low[d]);
  const window = axes.map((d) => Math.ceil((front[d] + taps.shape[d]) / strides[d]));
  const widths = axes.map((d) => [front[d], window[d] * strides[d] - front[d] - taps.shape[d]] as const);
  const padded = pad(taps, [...widths, [0, 0], [0, 0]]);
  const apart = reshape(padded, [...axes.flatMap((d) => [window[d], strides[d]]), channels, filters]);
  const phasesLast = [...axes.map((d) => 2 * d), ...axes.map((d) => 2 * d + 1), 2 * rank, 2 * rank + 1];
  const ones = strides.map(() => 1);
  return {
    kernel: reshape(transpose(apart, phasesLast), [...window, sizeOf(strides) * channels, filters]),
    geometry: {
      input: axes.map((d) => Math.ceil(input[d] / strides[d])),
      kernel: window,
      output,
      strides: ones,
      low: unitLow,
      kernelDilation: ones,
      groups,
    },
  };
}

// Puts the phases of a result back between each other: [N, q…, groups · phases · C] → [N, input…, groups · C].
function interleavePhases(x: Tensor, { input, strides, groups }: ConvolutionGeometry): Tensor {
  const rank = strides.length;
  const axes = range(0, rank);
  const [count, ...quotients] = x.shape.slice(0, -1);
  const channels = x.shape[rank + 1] / (groups * sizeOf(strides));
  const apart = reshape(x, [count, ...quotients, groups, ...strides, channels]);
  const order = [0, ...axes.flatMap((d) => [1 + d, 2 + rank + d]), 1 + rank, 2 + 2 * rank];
  const whole = axes.map((d) => quotients[d] * strides[d]);
  const interleaved = reshape(transpose(apart, order), [count, ...whole, groups * channels]);
  return slice(interleaved, [], [count, ...input]);
}

// Puts the kernel's zeros in: [k…, C, O] → [k · dilation…, C, O].
function dilateKernel(kernel: Tensor, dilation: readonly number[]): Tensor {
  const [extents, rest] = [kernel.shape.slice(0, -2), kernel.shape.slice(-2)];
  const spread = dilate(reshape(kernel, [1, ...extents, sizeOf(rest)]), dilation);
  return reshape(spread, [...extents.map((extent, d) => extent * dilation[d]), ...rest]);
}
