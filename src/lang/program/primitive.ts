import type { TypedArray } from "../../base/dtype.ts";
import type { TensorType } from "../../base/type.ts";
import type { Coordinate, Guard } from "../kernel/coordinate.ts";
import type { Expression } from "../kernel/expression.ts";
import type { Combine } from "../kernel/kernel.ts";
import type { Literal, Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** A value fixed while a program is written: an axis, a shape, a branch. */
export type Parameter =
  | number
  | string
  | boolean
  | undefined
  | Program
  | ((...tensors: never[]) => unknown)
  | readonly Parameter[]
  | { readonly [key: string]: Parameter };

/** The static parameters of an equation. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** What a primitive reads: a tensor, or a literal that fits any shape (elementwise primitives only). */
export type Operand = Tensor | Literal;

/** The data of one operand on the reference device, row-major; a literal has shape []. */
export interface HostArray extends TensorType {
  readonly data: TypedArray;
}

/** A derivative rule sees the operands, their tangents (undefined: zero) and the results. */
export interface DerivativeContext<P> {
  readonly inputs: readonly Operand[];
  readonly tangents: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
  readonly parameters: P;
}

/** A transpose rule sees one cotangent per output (undefined: zero) and the operands; `undefined` marks those it is linear in. */
export interface TransposeContext<P> {
  readonly cotangents: readonly (Tensor | undefined)[];
  readonly inputs: readonly (Operand | undefined)[];
  readonly types: readonly TensorType[];
  readonly parameters: P;
}

/** A batching rule sees operands of which some have a leading batch axis of extent `size`. */
export interface BatchContext<P> {
  readonly inputs: readonly Operand[];
  readonly batched: readonly boolean[];
  readonly size: number;
  readonly parameters: P;
}

/** Everything the reference device needs to evaluate one equation. */
export interface ReferenceContext<P> {
  readonly inputs: readonly HostArray[];
  readonly outputs: readonly TensorType[];
  readonly parameters: P;
}

/** What every lowering sees: types and parameters. */
export interface LoweringContext<P> {
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly parameters: P;
}

/** The value of operand `input` at coordinates; where a guard fails, `fill`. A literal operand ignores the coordinates. */
export type Read = (
  input: number,
  at: readonly Coordinate[],
  guards?: readonly Guard[],
  fill?: number,
) => Expression;

/** One reduction over the inner axes; later stages see the results of earlier ones. */
export interface ReductionStage {
  readonly combine: Combine;
  value(inner: readonly Coordinate[], results: readonly Expression[]): Expression;
}

/** A nested reduction at one output point. */
export interface ReductionAt {
  /** Extents of the inner axes. */
  readonly inner: readonly number[];
  readonly stages: readonly ReductionStage[];
  /** The output element from the results of the stages. */
  value(results: readonly Expression[]): Expression;
}

/**
 * Stores of a scatter: the output starts as a copy of operand `initial` or as zeros, then every point of the space stores.
 * With `initial: "none"` the stores meet every element exactly once, without guards.
 */
export interface ScatterForm {
  readonly initial: number | "zeros" | "none";
  readonly space: readonly number[];
  readonly inner: readonly number[];
  /** Given coordinates for the space and inner axes. */
  at(
    space: readonly Coordinate[],
    inner: readonly Coordinate[],
    read: Read,
  ): {
    readonly stages: readonly ReductionStage[];
    readonly level: "outer" | "inner";
    readonly mode: "set" | "add";
    target(results: readonly Expression[]): {
      readonly at: readonly Coordinate[];
      readonly guards: readonly Guard[];
    };
    value(results: readonly Expression[]): Expression;
  };
}

/** Σ over depth of left · right; each group is a list of axis extents. */
export interface ContractionForm {
  readonly batch: readonly number[];
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly depth: readonly number[];
  left(
    read: Read,
    batch: readonly Coordinate[],
    rows: readonly Coordinate[],
    depth: readonly Coordinate[],
  ): Expression;
  right(
    read: Read,
    batch: readonly Coordinate[],
    depth: readonly Coordinate[],
    columns: readonly Coordinate[],
  ): Expression;
  /** The output coordinates of a point. */
  output(
    batch: readonly Coordinate[],
    rows: readonly Coordinate[],
    columns: readonly Coordinate[],
  ): readonly Coordinate[];
}

/** How a primitive becomes kernels. The compiler looks at nothing else of a primitive. */
export type Lowering<P> =
  /** Every output element is an expression of operand elements: elementwise, movement, gather, iota. */
  | {
      readonly kind: "pointwise";
      value(context: LoweringContext<P>, at: readonly Coordinate[], read: Read): Expression;
    }
  /** The same elements in the same order under another shape (reshape) or name (mark): an alias where it can be. */
  | { readonly kind: "alias" }
  /** As alias, but the compiler may not look through it: recomputation behind it is not merged with what is before it. */
  | { readonly kind: "barrier" }
  | {
      readonly kind: "reduction";
      at(context: LoweringContext<P>, at: readonly Coordinate[], read: Read): ReductionAt;
    }
  | { readonly kind: "scatter"; form(context: LoweringContext<P>): ScatterForm }
  | { readonly kind: "contraction"; form(context: LoweringContext<P>): ContractionForm }
  /** Runs the reference rule on whole arrays: sort, cumulative sum, Cholesky, triangular solve, eigenvalues. */
  | { readonly kind: "routine" }
  | { readonly kind: "cond" }
  | { readonly kind: "while" }
  | { readonly kind: "scan" }
  /** The equations of the program in parameter `body`, written in its place (`expandCalls`) before anything is compiled. */
  | { readonly kind: "call" }
  /** Never executed: transformations take it away (customGradient's linear call) or refuse it. */
  | { readonly kind: "none" };

/** An integer operand whose elements must lie in [0, extents[last coordinate]): the error word is set otherwise. */
export interface IndexCheck {
  readonly input: number;
  /** One extent per position along the operand's last axis; a single extent serves all. */
  readonly extents: readonly number[];
  /** What the user did wrong, for the error: `index out of range for axis 0 of extent 10`. */
  readonly message: string;
}

/** A primitive with all its rules side by side; `P` types its parameters. */
export interface Primitive<P extends Parameters = Parameters> {
  readonly name: string;
  /** Output types from input types; throws a NeuriteError for operands that do not fit. */
  infer(inputs: readonly TensorType[], parameters: P): readonly TensorType[];
  /** Tangents of the outputs (undefined: zero). Absent: the primitive has no derivative and its outputs are constants to autodiff. */
  derivative?(context: DerivativeContext<P>): readonly (Tensor | undefined)[];
  /** For control flow: computes outputs and tangents together, in place of binding the primitive and calling `derivative`. */
  forward?(context: Omit<DerivativeContext<P>, "outputs">): {
    readonly outputs: readonly Tensor[];
    readonly tangents: readonly (Tensor | undefined)[];
  };
  /** Cotangents of the operands marked `undefined` in the context (others are ignored). Only linear primitives have it. */
  transpose?(context: TransposeContext<P>): readonly (Tensor | undefined)[];
  /** Outputs with a leading batch axis. */
  batch(context: BatchContext<P>): readonly Tensor[];
  /** The sums of the batched outputs over the batch axis, where they can be had without computing the outputs first. */
  batchTotal?(context: BatchContext<P>): readonly Tensor[];
  /** Plain evaluation, rounding to the declared dtype: the oracle for every device. */
  reference(context: ReferenceContext<P>): readonly TypedArray[];
  readonly lowering: Lowering<P>;
  /** Elementwise, and yet too dear to compute again in the backward pass: random bits. */
  readonly costly?: true;
  /** Out-of-range indices it must report. */
  checks?(context: LoweringContext<P>): readonly IndexCheck[];
  /** Operands and parameters for the conformance suite, one or more per primitive. */
  readonly samples?: readonly Sample<P>[];
}

/** A case of the conformance suite: operand types (values are drawn from `range`), parameters. */
export interface Sample<P extends Parameters = Parameters> {
  readonly inputs: readonly TensorType[];
  readonly parameters: P;
  /** Interval of values of each operand; default [-2, 2], integers [0, 5]. */
  readonly ranges?: readonly (readonly [number, number])[];
  /** Makes what the primitive is defined for (a positive definite matrix) from the drawn values; differentiated along with it. */
  readonly prepare?: (inputs: readonly Tensor[]) => readonly Tensor[];
  /** Which operands derivatives are checked for; default: all floats. */
  readonly differentiable?: readonly boolean[];
}

/** True when recomputing the primitive in its consumer costs about as much as reading its result. */
export function isCheap(primitive: Primitive): boolean {
  const { kind } = primitive.lowering;
  return (kind === "pointwise" || kind === "alias") && primitive.costly !== true;
}
