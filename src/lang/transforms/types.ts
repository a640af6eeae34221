import type { Tree } from "../../base/tree.ts";
import type { Tensor } from "../program/tensor.ts";

/** A tree of the same structure with a tensor for every number: a gradient with respect to T, or a result of type T. */
export type Tensors<T> =
  Tree<Tensor> extends T
    ? T
    : T extends Tensor
      ? T
      : T extends number
        ? Tensor
        : T extends object
          ? { [K in keyof T]: Tensors<T[K]> }
          : T;

/** As `Tensors`, with tensors of any shape and dtype: batches of T, or a carry whose type a loop decides. */
export type AnyTensors<T> = T extends Tensor | number
  ? Tensor
  : T extends object
    ? { [K in keyof T]: AnyTensors<T[K]> }
    : T;

/** Which arguments to differentiate: a position, or a list of positions. */
export type Positions = number | readonly number[];

type At<A extends readonly unknown[], P> = P extends number ? A[P] : never;

/** What `grad` returns: one tree for a position, a tuple of trees for a list of positions. */
export type Gradients<A extends readonly unknown[], N extends Positions> = N extends readonly number[]
  ? { -readonly [K in keyof N]: Tensors<At<A, N[K]>> }
  : N extends number
    ? Tensors<A[N]>
    : never;

/** For every tensor of the output R, a tree like T of derivatives, of shape [...output shape, ...input shape]. */
export type JacobianOf<R, T> = R extends Tensor | number
  ? AnyTensors<T>
  : R extends object
    ? { [K in keyof R]: JacobianOf<R[K], T> }
    : R;

/** The Jacobian with respect to one argument, or a tuple of them for a list. */
export type Jacobians<R, A extends readonly unknown[], N extends Positions> = R extends Tensor | number
  ? N extends readonly number[]
    ? { -readonly [K in keyof N]: AnyTensors<At<A, N[K]>> }
    : N extends number
      ? AnyTensors<A[N]>
      : never
  : R extends object
    ? { [K in keyof R]: Jacobians<R[K], A, N> }
    : R;
