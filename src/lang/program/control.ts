import type { Program } from "./program.ts";

/** Parameters of a primitive with lowering `call`: its results are those of `body` on its operands. */
export type CallParameters = { readonly body: Program };

/**
 * Parameters of a primitive with lowering `cond`. Inputs: an i32 scalar selector, then the operands. Every branch maps
 * the operands to the outputs; the selector is clamped to the branches there are.
 */
export type CondParameters = { readonly branches: readonly Program[] };

/**
 * Parameters of a primitive with lowering `while`. Inputs: `constants` constants, then the carry. Both programs take
 * (constants, carry); `condition` returns a bool scalar, `body` the next carry, which is also the output.
 */
export type WhileParameters = {
  readonly constants: number;
  readonly condition: Program;
  readonly body: Program;
};

/**
 * Parameters of a primitive with lowering `scan`. Inputs: `constants` constants, `carries` initial carries, then the
 * sequences, stacked along axis 0 of extent `length`. The body maps (constants, carry, one slice of each sequence) to
 * (next carry, one slice of each result); outputs: the last carry, then the results stacked along axis 0. With
 * `reverse` the steps run from the last slice to the first, and each result lies where its slice was.
 */
export type ScanParameters = {
  readonly constants: number;
  readonly carries: number;
  readonly length: number;
  readonly reverse: boolean;
  readonly body: Program;
};
