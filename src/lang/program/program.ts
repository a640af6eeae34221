import type { DType } from "../../base/dtype.ts";
import type { TensorType } from "../../base/type.ts";
import type { Parameters, Primitive } from "./primitive.ts";

let created = 0;

/**
 * One quantity of a computation graph: a typed name that is assigned once.
 *
 * @example
 * ```ts
 * const program = programOf((x: Tensor) => mul(x, 2), tensor([1, 2, 3]));
 * program.inputs[0].type.shape; // [3]
 * ```
 */
export class Var {
  /** Grows with creation, so that sorting by it is deterministic. */
  readonly id: number = created++;
  readonly type: TensorType;

  constructor(type: TensorType) {
    this.type = type;
  }
}

/**
 * A number written in the program; it has no shape of its own and fits any elementwise operand.
 *
 * @example
 * ```ts
 * const [times] = programOf((x: Tensor) => mul(x, 2), tensor([1, 2, 3])).equations;
 * times.inputs[1] instanceof Literal; // true
 * ```
 */
export class Literal {
  readonly dtype: DType;
  readonly value: number;

  constructor(dtype: DType, value: number) {
    this.dtype = dtype;
    this.value = value;
  }
}

/** What an equation reads. */
export type Atom = Var | Literal;

/** `outputs = primitive[parameters](inputs)`. */
export interface Equation {
  readonly primitive: Primitive;
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Var[];
  readonly parameters: Parameters;
  /** The layer or function in which it was written, `hidden/dense`; kept through every transformation. */
  readonly scope: string;
}

/**
 * A computation graph: typed, statically shaped, each Var assigned once and before it is read.
 *
 * @example
 * ```ts
 * const program = programOf((x: Tensor) => sum(mul(x, 2)), tensor([1, 2, 3]));
 * program.equations.length; // 2
 * console.log(printProgram(program));
 * ```
 */
export class Program {
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Var[];

  constructor(inputs: readonly Var[], equations: readonly Equation[], outputs: readonly Var[]) {
    this.inputs = inputs;
    this.equations = equations;
    this.outputs = outputs;
  }
}

/** The type of an atom; a literal counts as a scalar. */
export function typeOf(atom: Atom): TensorType {
  return atom instanceof Var ? atom.type : { dtype: atom.dtype, shape: [] };
}
