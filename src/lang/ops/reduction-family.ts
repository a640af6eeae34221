import type { DType, TypedArray } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { normalizeAxes, type Shape, stridesOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import type { Coordinate } from "../kernel/coordinate.ts";
import type {
  BatchContext,
  DerivativeContext,
  HostArray,
  Primitive,
  ReductionAt,
  Sample,
  TransposeContext,
} from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { allocate, forEachIndex, positionOf } from "./host.ts";
import { asTensor, type TensorLike } from "./operand.ts";

/** Axes are non-negative and ascending; with `keepDims` they stay with extent 1. */
export type ReductionParameters = { readonly axes: readonly number[]; readonly keepDims: boolean };

/** What differs between reductions. */
export interface ReductionRules {
  /** The dtypes that are accepted. */
  readonly dtypes: readonly DType[];
  /** The dtype of the result where it is not that of the operand. */
  readonly result?: DType;
  /** True for reductions of an empty set that have no value, such as max. */
  readonly refusesEmpty?: boolean;
  derivative?(context: DerivativeContext<ReductionParameters>): readonly (Tensor | undefined)[];
  transpose?(context: TransposeContext<ReductionParameters>): readonly (Tensor | undefined)[];
  batchTotal?(context: BatchContext<ReductionParameters>): readonly Tensor[];
  /** The stages at one output element: `value` reads the element at inner coordinates. */
  readonly lower: (
    type: TensorType,
    value: (inner: readonly Coordinate[]) => ReturnType<ReductionAt["value"]>,
    extents: readonly number[],
  ) => Omit<ReductionAt, "inner">;
  /** The result from the values reduced into one element. */
  readonly reference: (values: readonly number[], dtype: DType) => number;
  readonly samples?: readonly Sample<ReductionParameters>[];
}

/** A reduction over axes. */
export function reduction(name: string, rules: ReductionRules): Primitive<ReductionParameters> {
  const primitive: Primitive<ReductionParameters> = {
    name,
    infer: ([x], { axes, keepDims }) => {
      checkOperand(name, rules, x, axes);
      return [{ dtype: rules.result ?? x.dtype, shape: reducedShape(x.shape, axes, keepDims) }];
    },
    ...(rules.derivative === undefined ? {} : { derivative: rules.derivative }),
    ...(rules.transpose === undefined ? {} : { transpose: rules.transpose }),
    ...(rules.batchTotal === undefined ? {} : { batchTotal: rules.batchTotal }),
    batch: ({ inputs, parameters: { axes, keepDims } }) =>
      bind(primitive, inputs, { axes: axes.map((axis) => axis + 1), keepDims }),
    reference: ({ inputs: [x], outputs: [type], parameters: { axes } }) => [
      reduceOnHost(x, type, axes, rules.reference),
    ],
    lowering: {
      kind: "reduction",
      at: ({ inputs: [x], parameters: { axes, keepDims } }, at, read) => {
        const inner = axes.map((axis) => x.shape[axis]);
        const coordinatesOf = (reduced: readonly Coordinate[]): Coordinate[] => {
          let kept = 0;
          return x.shape.map((_, axis) => {
            const position = axes.indexOf(axis);
            if (position >= 0) return reduced[position];
            return at[keepDims ? axis : kept++];
          });
        };
        return { inner, ...rules.lower(x, (reduced) => read(0, coordinatesOf(reduced)), inner) };
      },
    },
    samples: rules.samples ?? defaultSamples(rules.dtypes),
  };
  return primitive;
}

/** Binds a reduction after normalising the axes; no axes to reduce gives the operand back. */
export function reduceAxes(
  primitive: Primitive<ReductionParameters>,
  x: TensorLike,
  axes: number | readonly number[] | undefined,
  keepDims: boolean,
): Tensor {
  const operand = asTensor(x);
  const normalized = normalizeAxes(primitive.name, axes, operand.shape.length);
  return bind(primitive, [operand], { axes: normalized, keepDims })[0];
}

/** The shape that remains when axes are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return shape.filter((_, axis) => !axes.includes(axis));
}

function checkOperand(name: string, rules: ReductionRules, x: TensorType, axes: readonly number[]): void {
  if (!rules.dtypes.includes(x.dtype)) {
    throw new NeuriteError({
      operation: name,
      got: formatType(x),
      expected: `dtype ${rules.dtypes.join(", ")}`,
      hint: `cast it: cast(x, "${rules.dtypes.includes("i32") ? "i32" : rules.dtypes[0]}")`,
    });
  }
  if (rules.refusesEmpty === true && axes.some((axis) => x.shape[axis] === 0)) {
    throw new NeuriteError({
      operation: name,
      got: `${formatType(x)} over axes [${axes.join(", ")}]`,
      expected: "at least one element along the reduced axes: an empty set has no such value",
    });
  }
}

function reduceOnHost(
  x: HostArray,
  type: TensorType,
  axes: readonly number[],
  combine: (values: readonly number[], dtype: DType) => number,
): TypedArray {
  const result = allocate(type);
  const strides = stridesOf(x.shape);
  const keptStrides = strides.filter((_, axis) => !axes.includes(axis));
  const keptShape = reducedShape(x.shape, axes, false);
  const innerStrides = axes.map((axis) => strides[axis]);
  const innerShape = axes.map((axis) => x.shape[axis]);
  forEachIndex(keptShape, (outer, position) => {
    const start = positionOf(outer, keptStrides);
    const values: number[] = [];
    forEachIndex(innerShape, (inner) => values.push(x.data[positionOf(inner, innerStrides, start)]));
    result[position] = combine(values, x.dtype);
  });
  return result;
}

function defaultSamples(dtypes: readonly DType[]): Sample<ReductionParameters>[] {
  const axesOf = [
    { axes: [1], keepDims: false },
    { axes: [0, 2], keepDims: true },
    { axes: [0, 1, 2], keepDims: false },
  ];
  const samples = axesOf.map((parameters) => ({
    inputs: [{ dtype: dtypes[0], shape: [3, 4, 5] }],
    parameters,
  }));
  const others = dtypes.slice(1).map((dtype) => ({
    inputs: [{ dtype, shape: [2, 3] }],
    parameters: { axes: [0], keepDims: false },
    ...(dtype === "bool" ? { ranges: [[0, 1] as const] } : {}),
  }));
  return [...samples, ...others];
}
