import type { Lowering, Parameters, Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { asTensor, type TensorLike } from "./operand.ts";

function identity<P extends Parameters>(name: string, parameters: P, lowering: Lowering<P>): Primitive<P> {
  const primitive: Primitive<P> = {
    name,
    infer: ([x]) => [x],
    batch: (context) => bind(primitive, context.inputs, context.parameters),
    reference: ({ inputs: [x] }) => [x.data.slice()],
    lowering,
    samples: [{ inputs: [{ dtype: "f32", shape: [2, 3] }], parameters }],
  };
  return primitive;
}

/** An identity that names a value; its derivative is the identity. */
export const markPrimitive: Primitive<{ readonly name: string }> = {
  .../*#__PURE__*/ identity("mark", { name: "hidden" }, { kind: "alias" }),
  derivative: ({ tangents }) => tangents,
};

/**
 * Names a value, so that `withMarks` can return it and its derivative; costs nothing when compiled.
 *
 * @example
 * ```ts
 * const z = mark("z", mul(tensor([1, 2]), 3));
 * ```
 */
export function mark(name: string, x: TensorLike): Tensor {
  return bind(markPrimitive, [asTensor(x)], { name })[0];
}

/** An identity that the compiler may not look through. */
export const barrierPrimitive: Primitive = {
  .../*#__PURE__*/ identity("barrier", {}, { kind: "barrier" }),
  derivative: ({ tangents }) => tangents,
};

/**
 * The same values, opaque to the compiler: what is recomputed behind a barrier is not merged with what was computed
 * before it.
 *
 * @example
 * ```ts
 * const again = mul(barrier(tensor([1, 2])), 3);
 * ```
 */
export function barrier(x: TensorLike): Tensor {
  return bind(barrierPrimitive, [asTensor(x)], {})[0];
}

/** An identity without a derivative. */
export const stopGradientPrimitive: Primitive = /*#__PURE__*/ identity("stopGradient", {}, { kind: "alias" });

/**
 * The same values, constant to differentiation.
 *
 * @example
 * ```ts
 * grad((x: Tensor) => mul(x, stopGradient(x)))(tensor(3)); // 3, not 6
 * ```
 */
export function stopGradient(x: TensorLike): Tensor {
  return bind(stopGradientPrimitive, [asTensor(x)], {})[0];
}
