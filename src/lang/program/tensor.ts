import type { DType, TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import type { Shape } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import { currentEvaluator } from "./evaluator.ts";
import type { Var } from "./program.ts";
import type { Trace } from "./trace.ts";

/** Data that a device holds; what is inside is the business of the tensor module. */
export abstract class Concrete {
  /** The device's name. */
  abstract readonly device: string;
}

/** A Var of a program being recorded. */
export class Symbolic {
  readonly trace: Trace;
  readonly variable: Var;

  constructor(trace: Trace, variable: Var) {
    this.trace = trace;
    this.variable = variable;
  }
}

/**
 * An n-dimensional array, immutable: concrete (it has data) or symbolic (a Var of a program being recorded).
 *
 * Users never free tensors. Shape and dtype are type parameters with wide defaults.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(x.shape, x.dtype, x.toArray());
 * ```
 */
export class Tensor<S extends Shape = Shape, D extends DType = DType> {
  readonly shape: S;
  readonly dtype: D;
  /** A scalar that stands for a JS number: it takes the dtype of whatever it meets. */
  readonly weak: boolean;
  /**
   * Where the elements come from.
   *
   * @internal
   */
  readonly source: Concrete | Symbolic;

  /** @internal Tensors are made by `tensor` and by operations. */
  constructor(dtype: D, shape: S, source: Concrete | Symbolic, weak = false) {
    this.dtype = dtype;
    this.shape = shape;
    this.source = source;
    this.weak = weak;
  }

  /** A copy of the elements, row-major, on devices of the CPU. Throws under `jit` and on asynchronous devices. */
  dataSync(): TypedArray {
    return currentEvaluator().read(this);
  }

  /** A copy of the elements, row-major, on any device. Rejects under `jit`. */
  async data(): Promise<TypedArray> {
    return currentEvaluator().readAsync(this);
  }

  /** The only element of a tensor of size 1; bool gives 0 or 1. Throws for other sizes. */
  item(): number {
    const elements = this.dataSync();
    if (elements.length !== 1) {
      throw new NeuriteError({
        operation: "item",
        got: formatType(this),
        expected: "a tensor with one element",
        hint: "use dataSync() or toArray()",
      });
    }
    return elements[0];
  }

  /** The elements as nested JS arrays; a scalar gives a number. */
  toArray(): NestedNumbers {
    return nest(this.dataSync(), this.shape);
  }

  /** The only element, so that `Number(x)` and `x > 0` work; throws for other sizes and under `jit`, never NaN. */
  valueOf(): number {
    return this.item();
  }

  /** NumPy-like text. */
  toString(): string {
    return currentEvaluator().format(this);
  }
}

/** Numbers in nested arrays. */
export type NestedNumbers = number | NestedNumbers[];

function nest(elements: TypedArray, shape: Shape): NestedNumbers {
  let next = 0;
  const build = (axis: number): NestedNumbers => {
    if (axis === shape.length) return elements[next++];
    return Array.from({ length: shape[axis] }, () => build(axis + 1));
  };
  return build(0);
}
