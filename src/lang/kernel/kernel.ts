import type { DType, TypedArray } from "../../base/dtype.ts";
import type { TensorType } from "../../base/type.ts";
import type { Coordinate, Guard } from "./coordinate.ts";
import type { Expression } from "./expression.ts";

/** How a kernel uses one of its buffers: `update` reads and writes it. */
export interface KernelBuffer {
  readonly dtype: DType;
  readonly access: "read" | "write" | "update";
}

/** How partial values of a reduction are combined. */
export type Combine = "sum" | "prod" | "max" | "min";

/** The value from which a combination starts. */
export const identityOf: Readonly<Record<Combine, number>> = {
  sum: 0,
  prod: 1,
  max: -Infinity,
  min: Infinity,
};

/**
 * Reduces an expression over the inner axes; later statements read it as `result(k)`, k its position among the reduce statements.
 * Integer `max` and `min` start from the type's limits.
 */
export interface Reduce {
  readonly kind: "reduce";
  readonly combine: Combine;
  readonly value: Expression;
}

/** buffer[index] = value (or += for `add`), where the guards hold: once per space point (`outer`) or at every inner point too (`inner`). */
export interface Store {
  readonly kind: "store";
  readonly level: "outer" | "inner";
  readonly mode: "set" | "add";
  readonly buffer: number;
  readonly index: Coordinate;
  readonly guards: readonly Guard[];
  readonly value: Expression;
}

/** Sets the run's error word to `code` where the condition is true. */
export interface Check {
  readonly kind: "check";
  readonly level: "outer" | "inner";
  readonly condition: Expression;
  readonly code: number;
}

export type Statement = Reduce | Store | Check;

/**
 * for space axes: for each statement in order: (for inner axes: …).
 * Axes are numbered space first, then inner. Points of the space are independent, except that `add` stores accumulate,
 * in the order of the loops.
 */
export interface LoopNest {
  readonly kind: "loops";
  readonly name: string;
  readonly space: readonly number[];
  readonly inner: readonly number[];
  readonly buffers: readonly KernelBuffer[];
  readonly statements: readonly Statement[];
}

/**
 * sum[b, i, j] = Σ_k left(b, i, k) · right(b, k, j), then the epilogue at every (b, i, j), reading the sum as `result(0)`.
 * Axes are numbered batch, rows, columns, depth; left never mentions columns, right never rows, the epilogue never depth.
 */
export interface Contraction {
  readonly kind: "contraction";
  readonly name: string;
  readonly batch: readonly number[];
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly depth: readonly number[];
  readonly dtype: "f32" | "f64" | "i32" | "u32";
  readonly buffers: readonly KernelBuffer[];
  readonly left: Expression;
  readonly right: Expression;
  readonly epilogue: readonly (Store | Check)[];
}

/** Something a loop nest cannot say (sort, Cholesky, …): runs as a function over typed arrays on every CPU device. */
export interface Routine {
  readonly kind: "routine";
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly types: readonly TensorType[];
  /** Reads and writes the arrays of `buffers`, in that order. */
  readonly run: (arrays: readonly TypedArray[]) => void;
}

export type Kernel = LoopNest | Contraction | Routine;

/** Where a plan's buffer lives. */
export type Place =
  | { readonly kind: "input"; readonly input: number }
  | { readonly kind: "arena"; readonly byteOffset: number }
  | { readonly kind: "constant"; readonly data: TypedArray }
  /** A fresh buffer that becomes the storage of an output. */
  | { readonly kind: "output"; readonly output: number }
  /** A sub-range of another buffer, by bytes: one step of a scan's stacked operand. */
  | { readonly kind: "view"; readonly of: number; readonly byteOffset: number };

/** A contiguous array of a plan. */
export interface PlanBuffer {
  readonly dtype: DType;
  readonly length: number;
  readonly place: Place;
}

/** One step of a plan. */
export type Command =
  | {
      readonly kind: "kernel";
      readonly kernel: Kernel;
      readonly buffers: readonly number[];
      readonly scope: string;
    }
  | { readonly kind: "copy"; readonly from: number; readonly to: number }
  /** Runs the branch that the i32 or bool at `selector` names, clamped to the branches there are. */
  | { readonly kind: "branch"; readonly selector: number; readonly branches: readonly (readonly Command[])[] }
  /** Runs `condition`, reads the bool at `predicate`, runs `body` while it is true. */
  | {
      readonly kind: "while";
      readonly condition: readonly Command[];
      readonly predicate: number;
      readonly body: readonly Command[];
    }
  /** Runs `body` `count` times; before step t every stepped view stands at its byteOffset + t · stride bytes. */
  | {
      readonly kind: "repeat";
      readonly count: number;
      readonly body: readonly Command[];
      readonly steps: readonly { readonly buffer: number; readonly strideBytes: number }[];
    };

/** What an error code of the error word means. */
export interface CheckInfo {
  readonly operation: string;
  readonly scope: string;
  readonly message: string;
}

/** A compiled program: what the runtime of a CPU device runs. */
export interface Plan {
  readonly buffers: readonly PlanBuffer[];
  readonly arenaBytes: number;
  readonly commands: readonly Command[];
  /** The buffer of each program output. */
  readonly outputs: readonly number[];
  /** Error code k is checks[k - 1]. */
  readonly checks: readonly CheckInfo[];
}
