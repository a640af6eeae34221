// The steps of random programs: each takes operands from the values so far, or declines when none of them fits.
import { isFloat } from "../../src/base/dtype.ts";
import { type Shape, sameShape, sizeOf } from "../../src/base/shape.ts";
import { checkpoint, cond, scan, whileLoop } from "../../src/lang/control/index.ts";
import {
  abs,
  add,
  argmax,
  broadcastTo,
  cast,
  clip,
  concatenate,
  conv,
  cumsum,
  div,
  dotGeneral,
  dynamicSlice,
  dynamicUpdateSlice,
  eq,
  exp,
  flip,
  floor,
  gt,
  iota,
  logicalAnd,
  logicalNot,
  logSoftmax,
  lt,
  mark,
  max,
  maximum,
  maxPool,
  mean,
  min,
  minimum,
  mul,
  neg,
  pad,
  relu,
  rem,
  reshape,
  scatter,
  sigmoid,
  sign,
  slice,
  softmax,
  softplus,
  sort,
  stopGradient,
  sub,
  sum,
  sumPool,
  take,
  tanh,
  tensordot,
  transpose,
  where,
} from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { vmap } from "../../src/lang/transforms/index.ts";

/** A tensor whose elements are at most `bound` in size. */
export interface Value {
  readonly tensor: Tensor;
  readonly bound: number;
}

/** Gives the operands of one step: the values so far, latest first, and numbers that choose among possibilities. */
export interface Chooser {
  /** A value that fits; undefined when there is none. */
  value(fits?: (tensor: Tensor) => boolean): Value | undefined;
  /** A number from 0 to count − 1. */
  below(count: number): number;
}

/** A step of a random program. */
export type Step = (choose: Chooser) => Value | undefined;

/** A step on one value of the program's numbers that fits. */
function onOne(
  f: (x: Tensor, choose: Chooser) => Tensor,
  bound: (bound: number, x: Tensor) => number = (size) => size,
  fits: (x: Tensor) => boolean = () => true,
): Step {
  return (choose) => {
    const x = choose.value((candidate) => isNumber(candidate) && fits(candidate));
    return x && { tensor: f(x.tensor, choose), bound: bound(x.bound, x.tensor) };
  };
}

/** A step on two values whose shapes broadcast. */
function onTwo(f: (x: Tensor, y: Tensor) => Tensor, bound: (a: number, b: number) => number): Step {
  return (choose) => {
    const x = choose.value(isNumber);
    const y =
      x && choose.value((candidate) => candidate.dtype === x.tensor.dtype && broadcasts(candidate, x.tensor));
    return x && y && { tensor: f(x.tensor, y.tensor), bound: bound(x.bound, y.bound) };
  };
}

const isNumber = (x: Tensor): boolean => x.dtype !== "bool";
const hasAxis = (x: Tensor): boolean => x.shape.length > 0;
const isFull = (x: Tensor): boolean => hasAxis(x) && sizeOf(x.shape) > 0;
const isImage = (x: Tensor): boolean => x.shape.length === 3 && sizeOf(x.shape) > 0;
const isReal = (x: Tensor): boolean => isFloat(x.dtype);

function broadcasts(x: Tensor, y: Tensor): boolean {
  const extents = (t: Tensor): number[] => [...t.shape].reverse();
  return extents(x).every((extent, k) => {
    const other = extents(y)[k] ?? 1;
    return extent === other || extent === 1 || other === 1;
  });
}

function axisOf(x: Tensor, choose: Chooser): number {
  return choose.below(x.shape.length);
}

/** Integers from 0 to extent − 1 made from a tensor's elements. */
function indicesFrom(x: Tensor, extent: number): Tensor {
  return cast(rem(abs(x), extent), "i32");
}

const addition = onTwo(add, (a, b) => a + b);
const product = onTwo(mul, (a, b) => a * b);

/** Steps without rounding, on integers: results are equal bit for bit. */
const linear: readonly Step[] = [
  onOne(neg),
  addition,
  product,
  onTwo(sub, (a, b) => a + b),
  onOne(
    (x, choose) => mul(x, [0, 1, -1, 2][choose.below(4)]),
    (bound) => 2 * bound,
  ),
  onOne(
    (x, choose) => add([0, 1, -3][choose.below(3)], x),
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
  gathering,
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
  choosing(false),
  onOne(
    (x) => vmap((row: Tensor) => sub(row, sum(row)))(x),
    (bound, x) => bound * (1 + sizeOf(x.shape)),
    isFull,
  ),
];

const piecewise: readonly Step[] = [
  onTwo(maximum, Math.max),
  onTwo(minimum, Math.max),
  onOne(relu),
  onOne(abs),
  onOne(
    (x) => clip(x, -2, 3),
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
  comparison(lt),
  comparison(eq),
  comparison((x, y) => logicalNot(gt(x, y))),
  selection,
  choosing(true),
  onOne(
    (x) => cast(logicalAnd(gt(x, -1), lt(x, 2)), x.dtype),
    () => 1,
  ),
];

const smooth: readonly Step[] = [
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

/** Programs of integers that no device rounds. */
export const exactSteps: readonly Step[] = [...linear, ...piecewise, ...discontinuous];
/** Programs of reals whose rounding errors stay small. */
export const smoothSteps: readonly Step[] = [...linear, ...smooth, ...smooth, ...piecewise];

function rotated(rank: number, by: number): number[] {
  return Array.from({ length: rank }, (_, k) => (k + by) % rank);
}

function concatenation(choose: Chooser): Value | undefined {
  const x = choose.value((candidate) => isNumber(candidate) && hasAxis(candidate));
  if (x === undefined) return undefined;
  const axis = axisOf(x.tensor, choose);
  const rest = (shape: Shape): Shape => shape.filter((_, k) => k !== axis);
  const y = choose.value(
    ({ dtype, shape }) =>
      dtype === x.tensor.dtype &&
      shape.length === x.tensor.shape.length &&
      sameShape(rest(shape), rest(x.tensor.shape)),
  );
  return y && { tensor: concatenate([x.tensor, y.tensor], axis), bound: Math.max(x.bound, y.bound) };
}

/** Σ over an axis of each, the first pair with equal extents; a common first axis may be a batch. */
function contraction(choose: Chooser): Value | undefined {
  const x = choose.value((candidate) => isNumber(candidate) && hasAxis(candidate));
  if (x === undefined) return undefined;
  const { shape, dtype } = x.tensor;
  const axis = axisOf(x.tensor, choose);
  const y = choose.value((candidate) => candidate.dtype === dtype && candidate.shape.includes(shape[axis]));
  if (y === undefined) return undefined;
  const other = y.tensor.shape.indexOf(shape[axis]);
  const bound = x.bound * y.bound * Math.max(1, shape[axis]);
  const isBatch = axis > 0 && other > 0 && shape[0] === y.tensor.shape[0] && choose.below(2) === 0;
  const tensor = isBatch
    ? dotGeneral(x.tensor, y.tensor, { contract: [[axis], [other]], batch: [[0], [0]] })
    : tensordot(x.tensor, y.tensor, [[axis], [other]]);
  return { tensor, bound };
}

/** A convolution of a sequence with a kernel cut out of it. */
function convolution(choose: Chooser): Value | undefined {
  const x = choose.value((candidate) => isReal(candidate) && isImage(candidate));
  if (x === undefined) return undefined;
  const [, extent, channels] = x.tensor.shape;
  const width = 1 + choose.below(Math.min(3, extent));
  const filters = 1 + choose.below(2);
  const cut = reshape(slice(x.tensor, [0], [1, width]), [width, channels, 1]);
  const kernel = broadcastTo(cut, [width, channels, filters]);
  const tensor = conv(x.tensor, kernel, {
    strides: 1 + choose.below(2),
    padding: choose.below(2) === 0 ? "same" : "valid",
  });
  return { tensor, bound: x.bound * x.bound * width * channels };
}

function gathering(choose: Chooser): Value | undefined {
  const x = choose.value((candidate) => isNumber(candidate) && isFull(candidate));
  const y = choose.value((candidate) => isNumber(candidate) && candidate.shape.length < 2);
  if (x === undefined || y === undefined) return undefined;
  const axis = axisOf(x.tensor, choose);
  const indices = rem(add(iota(Math.max(1, sizeOf(y.tensor.shape))), choose.below(5)), x.tensor.shape[axis]);
  return { tensor: take(x.tensor, indices, axis), bound: x.bound };
}

/** Adds the rows of a tensor, by turns, to the rows of another. */
function scattering(choose: Chooser): Value | undefined {
  const x = choose.value((candidate) => isNumber(candidate) && isFull(candidate));
  if (x === undefined) return undefined;
  const { shape, dtype } = x.tensor;
  const updates = choose.value(
    (candidate) =>
      candidate.dtype === dtype && isFull(candidate) && sameShape(candidate.shape.slice(1), shape.slice(1)),
  );
  if (updates === undefined) return undefined;
  const count = updates.tensor.shape[0];
  const indices = reshape(indicesFrom(mul(iota(count), 1 + choose.below(3)), shape[0]), [count, 1]);
  const tensor = scatter(x.tensor, indices, updates.tensor, { mode: "add" });
  return { tensor, bound: x.bound + count * updates.bound };
}

function comparison(compare: (x: Tensor, y: Tensor) => Tensor): Step {
  return onTwo(compare, () => 1);
}

function selection(choose: Chooser): Value | undefined {
  const condition = choose.value(({ dtype }) => dtype === "bool");
  const x =
    condition && choose.value((candidate) => isNumber(candidate) && broadcasts(candidate, condition.tensor));
  if (condition === undefined || x === undefined) return undefined;
  return { tensor: where(condition.tensor, x.tensor, neg(x.tensor)), bound: x.bound };
}

/** A scan along axis 0 in either direction. */
function looping(choose: Chooser): Value | undefined {
  const x = choose.value((candidate) => isNumber(candidate) && isFull(candidate));
  const w =
    x &&
    choose.value(({ dtype, shape }) => dtype === x.tensor.dtype && sameShape(shape, x.tensor.shape.slice(1)));
  if (x === undefined || w === undefined) return undefined;
  const body = (carry: Tensor, row: Tensor): [Tensor, Tensor] => [
    sub(row, carry),
    add(mul(carry, 2), w.tensor),
  ];
  const [last, rows] = scan(body, w.tensor, x.tensor, { reverse: choose.below(2) === 1 });
  return { tensor: sub(rows, last), bound: 4 * (w.bound + x.bound * x.tensor.shape[0]) };
}

/** A choice between branches of which one captures a value; by data, or by what is known beforehand. */
function choosing(byData: boolean): Step {
  return (choose) => {
    const x = choose.value(isNumber);
    const y =
      x && choose.value(({ dtype, shape }) => dtype === x.tensor.dtype && sameShape(shape, x.tensor.shape));
    if (x === undefined || y === undefined) return undefined;
    const predicate = byData ? lt(sum(y.tensor), sum(x.tensor)) : lt(choose.below(2), 1);
    const tensor = cond(
      predicate,
      (a: Tensor) => mul(a, y.tensor),
      (a: Tensor) => sub(a, 1),
      x.tensor,
    );
    return { tensor, bound: x.bound * y.bound + x.bound + 1 };
  };
}

function repeating(choose: Chooser): Value | undefined {
  const x = choose.value(isNumber);
  if (x === undefined) return undefined;
  const times = choose.below(4);
  const start: [Tensor, Tensor] = [iotaOfOne(), x.tensor];
  const [, tensor] = whileLoop(
    ([n]) => lt(n, times),
    ([n, y]): [Tensor, Tensor] => [add(n, 1), maximum(neg(y), sub(x.tensor, 1))],
    start,
  );
  return { tensor, bound: x.bound + 1 };
}

function iotaOfOne(): Tensor {
  return reshape(iota(1), []);
}
