// Steps of random programs that join several values: contractions, indexing, control flow.
import { type Shape, sameShape, sizeOf } from "../../src/base/shape.ts";
import { cond, scan, whileLoop } from "../../src/lang/control/index.ts";
import {
  add,
  and,
  broadcastTo,
  clip,
  concatenate,
  conv,
  dotGeneral,
  iota,
  lt,
  matmul,
  maximum,
  mul,
  neg,
  or,
  rem,
  reshape,
  scatter,
  shiftLeft,
  shiftRight,
  slice,
  sub,
  sum,
  take,
  tensordot,
  transpose,
  where,
  xor,
} from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { vmap } from "../../src/lang/transforms/index.ts";
import {
  axisOf,
  broadcasts,
  type Chooser,
  hasAxis,
  indicesFrom,
  isFull,
  isImage,
  isNumber,
  isReal,
  onTwo,
  type Step,
  type Value,
} from "./random-step.ts";

export function rotated(rank: number, by: number): number[] {
  return Array.from({ length: rank }, (_, k) => (k + by) % rank);
}

export function concatenation(choose: Chooser): Value | undefined {
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
export function contraction(choose: Chooser): Value | undefined {
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
export function convolution(choose: Chooser): Value | undefined {
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

/** Rows, or what lies along another axis, at places that come from data or from their own number. */
export function gathering(byData: boolean): Step {
  return (choose) => {
    const x = choose.value((candidate) => isNumber(candidate) && isFull(candidate));
    const y = choose.value((candidate) => isNumber(candidate) && candidate.shape.length < 2);
    if (x === undefined || y === undefined) return undefined;
    const axis = axisOf(x.tensor, choose);
    const numbers = byData ? y.tensor : add(iota(sizeOf(y.tensor.shape)), choose.below(5));
    return { tensor: take(x.tensor, indicesFrom(numbers, x.tensor.shape[axis]), axis), bound: x.bound };
  };
}

/** Adds the rows of a tensor, by turns, to the rows of another. */
export function scattering(choose: Chooser): Value | undefined {
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

export function comparison(compare: (x: Tensor, y: Tensor) => Tensor): Step {
  return onTwo(compare, () => 1);
}

/** and, or, xor or a shift of integers. */
export function bitwise(choose: Chooser): Value | undefined {
  const isWord = ({ dtype }: Tensor): boolean => dtype === "i32" || dtype === "u32";
  const x = choose.value(isWord);
  const y =
    x && choose.value((candidate) => candidate.dtype === x.tensor.dtype && broadcasts(candidate, x.tensor));
  if (x === undefined || y === undefined) return undefined;
  const operation = [and, or, xor, shiftLeft, shiftRight][choose.below(5)];
  return { tensor: rem(operation(x.tensor, y.tensor), 7), bound: 7 };
}

export function selection(choose: Chooser): Value | undefined {
  const condition = choose.value(({ dtype }) => dtype === "bool");
  const x =
    condition && choose.value((candidate) => isNumber(candidate) && broadcasts(candidate, condition.tensor));
  if (condition === undefined || x === undefined) return undefined;
  return { tensor: where(condition.tensor, x.tensor, neg(x.tensor)), bound: x.bound };
}

/** A scan along axis 0 in either direction. */
export function looping(choose: Chooser): Value | undefined {
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
export function choosing(byData: boolean): Step {
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

export function repeating(choose: Chooser): Value | undefined {
  const x = choose.value(isNumber);
  if (x === undefined) return undefined;
  const times = choose.below(4);
  const start: [Tensor, Tensor] = [reshape(iota(1), []), x.tensor];
  const [, tensor] = whileLoop(
    ([n]) => lt(n, times),
    ([n, y]): [Tensor, Tensor] => [add(n, 1), maximum(neg(y), sub(x.tensor, 1))],
    start,
  );
  return { tensor, bound: x.bound + 1 };
}

/** A recurrent layer along axis 0 of a matrix, or of each matrix of a batch; the weights are made of the first row. */
export function recurrence(choose: Chooser): Value | undefined {
  const x = choose.value(
    (candidate) => isNumber(candidate) && candidate.shape.length > 1 && candidate.shape.length < 4,
  );
  if (x === undefined || sizeOf(x.tensor.shape) === 0) return undefined;
  const extent = x.tensor.shape[x.tensor.shape.length - 1];
  const [reverse, keepsState, sharesWeights] = [0, 1, 2].map(() => choose.below(2) === 1);
  const layer = (rows: Tensor): Tensor => {
    const W = broadcastTo(slice(rows, [0], [1]), [extent, extent]);
    const V = sharesWeights ? W : transpose(W);
    const cell = (h: Tensor, row: Tensor): [Tensor, Tensor] => {
      const next = clip(add(matmul(row, W), matmul(h, V)), 1, 3);
      return [next, keepsState ? next : matmul(sub(next, row), W)];
    };
    const [last, all] = scan(cell, sum(rows, { axis: 0 }), rows, { reverse });
    return add(all, last);
  };
  const apply = x.tensor.shape.length === 3 ? vmap(layer) : layer;
  return { tensor: apply(x.tensor), bound: 3 + (3 + x.bound) * x.bound * extent };
}

/** A scan over the rows of a matrix, in which another one runs over the elements of the row. */
export function nestedLooping(choose: Chooser): Value | undefined {
  const x = choose.value(({ dtype, shape }) => dtype !== "bool" && shape.length === 2);
  if (x === undefined) return undefined;
  const reverse = choose.below(2) === 1;
  const [total, rows] = scan(
    (outer: Tensor, row: Tensor): [Tensor, Tensor] => {
      const inner = (carry: Tensor, element: Tensor): [Tensor, Tensor] => [
        sub(element, carry),
        mul(carry, outer),
      ];
      return scan(inner, outer, row, { reverse });
    },
    sub(sum(x.tensor), 1),
    x.tensor,
  );
  const carry = x.bound * 2 * sizeOf(x.tensor.shape) + 1;
  return { tensor: sub(rows, total), bound: carry * carry + carry };
}
