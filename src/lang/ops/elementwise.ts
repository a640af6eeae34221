import { dtypes as allDTypes, type DType, isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { type Shape, sameShape } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import type { Expression } from "../kernel/expression.ts";
import type { Operand, Parameters, Primitive, Sample } from "../program/primitive.ts";
import { Literal } from "../program/program.ts";
import { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { allocate } from "./host.ts";
import { asTensor, lift, type TensorLike } from "./operand.ts";
import { broadcastOperands, broadcastTo } from "./structure.ts";

const integerRange: Readonly<Record<"i32" | "u32" | "u8" | "bool", Interval>> = {
  i32: [-9, 9],
  u32: [0, 20],
  u8: [0, 20],
  bool: [0, 1],
};

/** Which dtypes an elementwise operation takes: `bits` are bool and the integers. */
export type DTypeClass = "float" | "number" | "bits" | "integer" | "any";

const members: Readonly<Record<DTypeClass, readonly DType[]>> = {
  float: ["f32", "f64"],
  number: ["f32", "f64", "i32", "u32", "u8"],
  bits: ["bool", "i32", "u32", "u8"],
  integer: ["i32", "u32", "u8"],
  any: allDTypes,
};

/** Values that the conformance suite draws an operand from. */
export type Interval = readonly [number, number];

interface CommonRules {
  /** Default: floats. */
  readonly dtypes?: DTypeClass;
  /** The dtype of the result; default that of the operands. */
  readonly result?: "same" | "bool";
  /** Where the float operands of the conformance suite lie; default [-2, 2]. */
  readonly ranges?: readonly Interval[];
}

/** All rules of an elementwise operation of one operand. */
export interface UnaryRules extends CommonRules {
  /** The result's tangent from the operand's tangent, the operand and the result; absent: constant to autodiff. */
  readonly derivative?: (dx: Tensor, x: Tensor, y: Tensor) => Tensor;
  /** The operand's cotangent, for linear operations. */
  readonly transpose?: (cotangent: Tensor) => Tensor;
  readonly lower: (x: Expression) => Expression;
  /** Plain evaluation in f64; storing rounds floats and wraps integers around. */
  readonly reference: (x: number, dtype: DType) => number;
}

/** A rule of one operand among two; literals of the program come as numbers. */
type BinaryRule = (tangent: Tensor, x: TensorLike, y: TensorLike, output: Tensor) => Tensor;

/** All rules of an elementwise operation of two operands. */
export interface BinaryRules extends CommonRules {
  /** One rule per operand; the resulting tangents are added. */
  readonly derivative?: readonly [BinaryRule, BinaryRule];
  /** One rule per operand that the operation is linear in, from the cotangent and the operands. */
  readonly transpose?: readonly ((cotangent: Tensor, x: TensorLike, y: TensorLike) => Tensor)[];
  readonly lower: (x: Expression, y: Expression) => Expression;
  readonly reference: (x: number, y: number, dtype: DType) => number;
}

/** An exported operation and the primitive behind it. */
export type Operation<F> = F & { readonly primitive: Primitive };
/** An elementwise operation of one operand. */
export type Unary = Operation<(x: TensorLike) => Tensor>;
/** An elementwise operation of two operands, broadcast to one shape. */
export type Binary = Operation<(x: TensorLike, y: TensorLike) => Tensor>;

/**
 * Declares an elementwise operation of one operand: shape, dtype checks, batching, lifting of numbers and samples come
 * from the family.
 *
 * @example
 * ```ts no-run
 * export const tanh: Unary = elementwise("tanh", {
 *   derivative: (dx, _, y) => mul(dx, sub(1, square(y))), // ẏ = (1 − y²) ẋ
 *   lower: math.tanh,
 *   reference: Math.tanh,
 * });
 * ```
 */
export function elementwise(name: string, rules: UnaryRules): Unary {
  const { derivative, transpose, lower, reference, ...common } = rules;
  const primitive = elementwisePrimitive(name, {
    ...common,
    arity: 1,
    derivatives: derivative && [(dx, [x], y) => derivative(dx, asTensor(x), y)],
    transposes: transpose && [(cotangent) => transpose(cotangent)],
    lower: ([x]) => lower(x),
    reference: ([x], dtype) => reference(x, dtype),
  });
  return Object.assign((x: TensorLike) => applyElementwise(primitive, [x]), { primitive });
}

/** Declares an elementwise operation of two operands. */
export function elementwiseBinary(name: string, rules: BinaryRules): Binary {
  const { derivative, transpose, lower, reference, ...common } = rules;
  const primitive = elementwisePrimitive(name, {
    ...common,
    arity: 2,
    derivatives: derivative?.map(
      (rule) =>
        (tangent, [x, y], output) =>
          rule(tangent, x, y, output),
    ),
    transposes: transpose?.map(
      (rule) =>
        (cotangent, [x, y]) =>
          rule(cotangent, x, y),
    ),
    lower: ([x, y]) => lower(x, y),
    reference: ([x, y], dtype) => reference(x, y, dtype),
  });
  return Object.assign((x: TensorLike, y: TensorLike) => applyElementwise(primitive, [x, y]), { primitive });
}

/** Rules over a list of operands, for operations of any number of them. */
export interface ElementwiseRules extends CommonRules {
  readonly arity: number;
  readonly derivatives?:
    | readonly ((tangent: Tensor, inputs: readonly TensorLike[], output: Tensor) => Tensor)[]
    | undefined;
  /** The place of the linear operand itself holds NaN. */
  readonly transposes?: readonly ((cotangent: Tensor, inputs: readonly TensorLike[]) => Tensor)[] | undefined;
  readonly lower: (operands: readonly Expression[]) => Expression;
  readonly reference: (operands: readonly number[], dtype: DType) => number;
  /** True when the first operand is a bool that chooses. */
  readonly chooses?: boolean;
}

/** The primitive of an elementwise operation. */
export function elementwisePrimitive(name: string, rules: ElementwiseRules): Primitive {
  const { derivatives, transposes } = rules;
  const allowed = members[rules.dtypes ?? "float"];
  const primitive: Primitive = {
    name,
    infer: (inputs) => {
      const values = rules.chooses === true ? inputs.slice(1) : inputs;
      checkDTypes(name, values, allowed);
      if (rules.chooses === true) checkDTypes(name, inputs.slice(0, 1), ["bool"]);
      return [
        { dtype: rules.result === "bool" ? "bool" : values[0].dtype, shape: commonShape(name, inputs) },
      ];
    },
    ...(derivatives && {
      derivative: ({ inputs, tangents, outputs: [output] }) => {
        const operands = inputs.map(plain);
        const terms = tangents.flatMap((tangent, i) =>
          tangent === undefined ? [] : [derivatives[i](tangent, operands, output)],
        );
        return [terms.length === 0 ? undefined : terms.reduce(addTangents)];
      },
    }),
    ...(transposes && {
      transpose: ({ cotangents: [cotangent], inputs }) =>
        inputs.map((input, i) =>
          input !== undefined || cotangent === undefined
            ? undefined
            : transposes[i](cotangent, inputs.map(plain)),
        ),
    }),
    batch: ({ inputs, batched, size }) => {
      const shaped = inputs.map((input, i) =>
        input instanceof Literal || batched[i] ? input : broadcastTo(input, [size, ...input.shape]),
      );
      return bind(primitive, shaped, {});
    },
    reference: ({ inputs, outputs: [type] }) => {
      const result = allocate(type);
      const dtype = inputs[inputs.length - 1].dtype;
      for (let i = 0; i < result.length; i++) {
        const operands = inputs.map(({ shape, data }) => data[shape.length === 0 ? 0 : i]);
        result[i] = rules.reference(operands, dtype);
      }
      return [result];
    },
    lowering: {
      kind: "pointwise",
      value: ({ inputs }, at, read) => rules.lower(inputs.map((_, i) => read(i, at))),
    },
    samples: allowed.flatMap((dtype) => sampleOf(dtype, rules)),
  };
  return primitive;
}

/** Lifts numbers, broadcasts the operands to one shape and binds. */
export function applyElementwise(primitive: Primitive, inputs: readonly TensorLike[]): Tensor {
  const { operands, weak } = lift(primitive.name, inputs);
  const [result] = bind(primitive, broadcastOperands(primitive.name, operands), {});
  // What is computed from JS numbers alone still stands for a JS number.
  return weak && result.dtype === "f64"
    ? new Tensor(result.dtype, result.shape, result.source, true)
    : result;
}

// Here because the sum rule of differentiation needs it.
/**
 * x + y, broadcast to one shape; integers wrap around.
 *
 * @example
 * ```ts
 * add(tensor([[1], [2]]), tensor([10, 20])); // [[11, 21], [12, 22]]
 * ```
 */
export const add: Binary = /*#__PURE__*/ elementwiseBinary("add", {
  dtypes: "number",
  derivative: [(dx) => dx, (dy) => dy],
  transpose: [(cotangent) => cotangent, (cotangent) => cotangent],
  lower: (x, y) => ({ kind: "scalar", op: "add", dtype: x.dtype, operands: [x, y] }),
  reference: (x, y) => x + y,
});

function addTangents(x: Tensor, y: Tensor): Tensor {
  return add(x, y);
}

function plain(operand: Operand | undefined): TensorLike {
  if (operand === undefined) return Number.NaN;
  return operand instanceof Literal ? operand.value : operand;
}

function checkDTypes(name: string, types: readonly TensorType[], allowed: readonly DType[]): void {
  for (const type of types) {
    if (!allowed.includes(type.dtype)) {
      throw new NeuriteError({
        operation: name,
        got: formatType(type),
        expected: `dtype ${allowed.join(", ")}`,
        hint: `cast it: cast(x, "${allowed[0]}")`,
      });
    }
    if (type.dtype !== types[0].dtype) {
      throw new NeuriteError({
        operation: name,
        got: types.map(formatType).join(" and "),
        expected: "operands of one dtype",
      });
    }
  }
}

// Literals have shape [] and fit any other.
function commonShape(name: string, types: readonly TensorType[]): Shape {
  const shaped = types.filter((type) => type.shape.length > 0);
  if (shaped.length === 0) return [];
  if (!shaped.every((type) => sameShape(type.shape, shaped[0].shape))) {
    throw new NeuriteError({
      operation: name,
      got: types.map(formatType).join(" and "),
      expected: "operands of one shape",
    });
  }
  return shaped[0].shape;
}

function sampleOf(dtype: DType, rules: ElementwiseRules): Sample<Parameters>[] {
  const count = rules.chooses === true ? rules.arity - 1 : rules.arity;
  const selector: TensorType[] = rules.chooses === true ? [{ dtype: "bool", shape: [3, 5] }] : [];
  const types = Array.from({ length: count }, (): TensorType => ({ dtype, shape: [3, 5] }));
  const ranges = types.map(
    (_, i): Interval => (isFloat(dtype) ? (rules.ranges?.[i] ?? [-2, 2]) : integerRange[dtype]),
  );
  return [
    {
      inputs: [...selector, ...types],
      parameters: {},
      ranges: [...selector.map((): Interval => [0, 1]), ...ranges],
    },
  ];
}
