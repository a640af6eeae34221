// The steps that random programs are made of: each takes operands from the values so far, or declines when none fits.
import { sizeOf } from "../../src/base/shape.ts";
import { checkpoint, customGradient } from "../../src/lang/control/index.ts";
import {
  abs,
  add,
  argmax,
  argsort,
  broadcastTo,
  cast,
  clip,
  concatenate,
  cumsum,
  div,
  dynamicSlice,
  dynamicUpdateSlice,
  eq,
  exp,
  flip,
  floor,
  gt,
  logicalAnd,
  logicalNot,
  logSoftmax,
  logSumExp,
  lt,
  mark,
  matmul,
  max,
  maximum,
  maxPool,
  mean,
  min,
  minimum,
  mul,
  ne,
  neg,
  oneHot,
  pad,
  random,
  relu,
  rem,
  reshape,
  round,
  sigmoid,
  sign,
  slice,
  softmax,
  softplus,
  sort,
  split,
  sqrt,
  stack,
  stopGradient,
  sub,
  sum,
  sumPool,
  takeAlongAxis,
  tanh,
  transpose,
  tril,
  variance,
  where,
} from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { vmap } from "../../src/lang/transforms/index.ts";
import {
  axisOf,
  hasAxis,
  isFull,
  isImage,
  isReal,
  isSigned,
  onOne,
  onTwo,
  type Step,
} from "./random-step.ts";
import {
  bitwise,
  choosing,
  comparison,
  concatenation,
  contraction,
  convolution,
  gathering,
  looping,
  nestedLooping,
  recurrence,
  repeating,
  rotated,
  scattering,
  selection,
} from "./random-structures.ts";

const one = (): number => 1;
const isMatrix = (x: Tensor): boolean => x.shape.length === 2;

/** The identity, of which backpropagation makes three times as much. */
const tripledGradient: (x: Tensor) => Tensor = customGradient(
  (x: Tensor) => [x, undefined] as const,
  (_: undefined, cotangent: Tensor) => [mul(cotangent, 3)] as const,
);

/** Steps without rounding, on integers: results are equal bit for bit. */
const linear: readonly Step[] = [
  onOne(neg),
  onTwo(add, (a, b) => a + b),
  onTwo(mul, (a, b) => a * b),
  onTwo(sub, (a, b) => a + b),
  onOne(
    (x, choose) => mul(x, [0, 1, 2, -1][choose.below(isSigned(x) ? 4 : 3)]),
    (bound) => 2 * bound,
  ),
  onOne(
    (x, choose) => add([0, 1, -3][choose.below(isSigned(x) ? 3 : 2)], x),
    (bound) => bound + 3,
  ),
  onOne(
    (x, choose) => sum(x, { axis: axisOf(x, choose), keepDims: choose.below(2) === 1 }),
    (bound, x) => bound * sizeOf(x.shape),
    hasAxis,
  ),
  onOne(
    (x) => sum(x),
    (bound, x) => bound * sizeOf(x.shape),
  ),
  onOne((x, choose) => transpose(x, rotated(x.shape.length, choose.below(4)))),
  onOne((x) => reshape(x, [sizeOf(x.shape)])),
  onOne((x, choose) =>
    reshape(
      x,
      [...x.shape].sort(() => choose.below(3) - 1),
    ),
  ),
  onOne((x, choose) =>
    slice(
      x,
      x.shape.map((extent) => choose.below(Math.min(2, extent + 1))),
    ),
  ),
  onOne((x, choose) => slice(x, [], [], [[2, -1, -2][choose.below(3)]]), undefined, hasAxis),
  onOne((x, choose) =>
    pad(
      x,
      x.shape.map(() => [choose.below(2), choose.below(3)] as const),
    ),
  ),
  onOne((x, choose) => flip(x, axisOf(x, choose)), undefined, hasAxis),
  onOne((x, choose) => broadcastTo(x, [1 + choose.below(3), ...x.shape])),
  concatenation,
  onOne(
    (x, choose) => cumsum(x, { axis: axisOf(x, choose) }),
    (bound, x) => bound * sizeOf(x.shape),
    hasAxis,
  ),
  contraction,
  convolution,
  onOne(
    (x, choose) => sumPool(x, [1 + choose.below(Math.min(3, x.shape[1]))]),
    (bound) => 3 * bound,
    isImage,
  ),
  onOne((x) => mark("a", x)),
  gathering(false),
  scattering,
  onOne(
    (x, choose) => dynamicSlice(x, [choose.below(4)], [x.shape[0] - 1]),
    undefined,
    (x) => x.shape.length === 1 && x.shape[0] > 1,
  ),
  onOne((x, choose) =>
    dynamicUpdateSlice(
      x,
      flip(x),
      x.shape.map(() => choose.below(2)),
    ),
  ),
  onOne(
    (x) => checkpoint((y: Tensor) => mul(sub(y, 1), y))(x),
    (bound) => (bound + 1) * bound,
  ),
  looping,
  nestedLooping,
  onOne(
    (x, choose) => where(random.bernoulli(random.key(choose.below(9)), 0.5, x.shape), x, mul(x, 2)),
    (bound) => 2 * bound,
  ),
  onOne(
    (x, choose) => random.permutation(random.key(choose.below(9)), x, axisOf(x, choose)),
    undefined,
    hasAxis,
  ),
  onOne((x, choose) => tril(x, choose.below(3) - 1), undefined, isMatrix),
  onOne((x, choose) => stack([x, neg(x)], choose.below(x.shape.length + 1))),
  onOne((x) => concatenate(split(x, [1]).reverse(), 0), undefined, isFull),
  onOne((x) => tripledGradient(x)),
  choosing(false),
  onOne(
    (x) => vmap((row: Tensor) => sub(row, sum(row)))(x),
    (bound, x) => bound * (1 + sizeOf(x.shape)),
    isFull,
  ),
];

const piecewise: readonly Step[] = [
  recurrence,
  onTwo(maximum, Math.max),
  onTwo(minimum, Math.max),
  onOne(relu),
  onOne((x) => takeAlongAxis(x, argsort(x, { axis: 0 }), 0), undefined, isFull),
  onOne(abs),
  onOne(
    (x) => clip(x, 1, 3),
    () => 3,
  ),
  onOne(
    (x, choose) => max(x, { axis: axisOf(x, choose), keepDims: choose.below(2) === 1 }),
    undefined,
    isFull,
  ),
  onOne((x, choose) => min(x, { axis: axisOf(x, choose) }), undefined, isFull),
  onOne(
    (x, choose) => maxPool(x, [1 + choose.below(Math.min(3, x.shape[1]))], { strides: 1 + choose.below(2) }),
    undefined,
    isImage,
  ),
  onOne(
    (x, choose) => sort(x, { axis: axisOf(x, choose), descending: choose.below(2) === 1 }),
    undefined,
    hasAxis,
  ),
];

/** Without a derivative, or without reverse mode. */
const discontinuous: readonly Step[] = [
  repeating,
  onOne(sign, () => 1),
  onOne(
    (x) => rem(x, 3),
    () => 3,
  ),
  onOne((x) => floor(mul(x, 0.5)), undefined, isReal),
  onOne(
    (x, choose) => cast(argmax(x, { axis: axisOf(x, choose) }), x.dtype),
    (_, x) => Math.max(...x.shape),
    isFull,
  ),
  onOne((x) => cast(cast(x, "i32"), x.dtype)),
  onOne(
    (x) => cast(cast(x, "u8"), x.dtype),
    () => 255,
  ),
  onOne(stopGradient),
  bitwise,
  onOne(
    (x) => oneHot(argmax(x, { axis: 0 }), x.shape[0]),
    one,
    (x) => x.dtype === "f32" && isFull(x),
  ),
  comparison(lt),
  comparison(eq),
  comparison((x, y) => logicalNot(gt(x, y))),
  selection,
  choosing(true),
  gathering(true),
  onOne(
    (x) => cast(logicalAnd(gt(x, 0), lt(x, 2)), x.dtype),
    () => 1,
  ),
];

const smooth: readonly Step[] = [
  // Layer normalisation, and attention of rows to each other.
  onOne(
    (x) =>
      div(
        sub(x, mean(x, { axis: -1, keepDims: true })),
        sqrt(add(variance(x, { axis: -1, keepDims: true }), 0.5)),
      ),
    (bound) => 3 * bound,
    (x) => isReal(x) && isFull(x),
  ),
  onOne(
    (x) => matmul(softmax(div(matmul(x, transpose(x)), x.shape[1])), x),
    undefined,
    (x) => isReal(x) && isFull(x) && isMatrix(x),
  ),
  onOne(
    (x) => logSumExp(x, { axis: 0 }),
    (bound, x) => bound + sizeOf(x.shape),
    (x) => isReal(x) && isFull(x),
  ),
  onOne(tanh, () => 1, isReal),
  onOne(sigmoid, () => 1, isReal),
  onOne(
    (x) => exp(neg(abs(x))),
    () => 1,
    isReal,
  ),
  onOne(softplus, (bound) => bound + 1, isReal),
  onOne(
    (x, choose) => softmax(x, axisOf(x, choose)),
    () => 1,
    (x) => isReal(x) && isFull(x),
  ),
  onOne(
    (x, choose) => logSoftmax(x, axisOf(x, choose)),
    (bound, x) => 2 * bound + sizeOf(x.shape),
    (x) => isReal(x) && isFull(x),
  ),
  onOne(
    (x, choose) => mean(x, { axis: axisOf(x, choose), keepDims: true }),
    undefined,
    (x) => isReal(x) && isFull(x),
  ),
  onTwo(
    (x, y) => (isReal(x) ? div(x, add(abs(y), 1)) : x),
    (a) => a,
  ),
];

/** Programs of reals in which every step rounds once, or not at all. */
export const roundedSteps: readonly Step[] = [
  onOne(neg, one),
  onTwo(add, one),
  onTwo(sub, one),
  onTwo(mul, one),
  onTwo(div, one),
  onTwo(maximum, one),
  onTwo(minimum, one),
  onTwo(rem, one),
  onOne((x, choose) => mul(x, [0, 1, -1, 2, 0.1][choose.below(5)]), one),
  onOne((x, choose) => add(x, [0, -0, 0.1][choose.below(3)]), one),
  onOne((x, choose) => sub([0, 1][choose.below(2)], x), one),
  onOne((x, choose) => div(x, [1, 3, -1, 2, 10][choose.below(5)]), one),
  onOne((x) => div(1, x), one),
  onOne((x) => sub(x, x), one),
  onOne(abs, one),
  onOne(sign, one),
  onOne(relu, one),
  onOne(sqrt, one),
  onOne(floor, one),
  onOne(round, one),
  onOne((x) => cast(cast(x, "i32"), x.dtype), one),
  onOne((x) => cast(cast(x, x.dtype === "f32" ? "f64" : "f32"), x.dtype), one),
  onOne((x) => max(x, { axis: 0 }), one, isFull),
  onOne((x) => broadcastTo(x, [2, ...x.shape]), one),
  onOne(
    (x) =>
      pad(
        x,
        x.shape.map(() => 1),
        -0,
      ),
    one,
  ),
  comparison(lt),
  comparison(ne),
  selection,
];

/** Programs of integers that no device rounds. */
export const exactSteps: readonly Step[] = [...linear, ...piecewise, ...discontinuous];
/** Programs of reals whose rounding errors stay small. */
export const smoothSteps: readonly Step[] = [...linear, ...smooth, ...smooth, ...piecewise];
