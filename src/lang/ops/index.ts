import type { Primitive } from "../program/primitive.ts";
import * as activations from "./activations.ts";
import * as arithmetic from "./arithmetic.ts";
import * as bitcast from "./bitcast.ts";
import * as comparison from "./comparison.ts";
import * as concatenate from "./concatenate.ts";
import * as contraction from "./contraction.ts";
import * as convolutionPrimitives from "./convolution-primitives.ts";
import * as cumulative from "./cumulative.ts";
import * as dynamicSlice from "./dynamic-slice.ts";
import * as exponential from "./exponential.ts";
import * as identity from "./identity.ts";
import * as indexingPrimitives from "./indexing-primitives.ts";
import * as iota from "./iota.ts";
import * as linearAlgebraPrimitives from "./linear-algebra-primitives.ts";
import * as movement from "./movement.ts";
import * as operand from "./operand.ts";
import { primitivesOf } from "./primitives.ts";
import * as reductions from "./reductions.ts";
import * as select from "./select.ts";
import * as sorting from "./sorting.ts";
import * as structure from "./structure.ts";
import * as threefry from "./threefry.ts";
import * as windowPrimitives from "./window-primitives.ts";

export * from "./activations.ts";
export * from "./arithmetic.ts";
export * from "./arrays.ts";
export * from "./bitcast.ts";
export * from "./comparison.ts";
export * from "./concatenate.ts";
export * from "./contraction.ts";
export * from "./convolution.ts";
export * from "./create.ts";
export * from "./cumulative.ts";
export * from "./dynamic-slice.ts";
export * from "./einsum.ts";
export * from "./exponential.ts";
export * from "./identity.ts";
export * from "./indexing.ts";
export * from "./iota.ts";
export * from "./linear-algebra.ts";
export * from "./logic.ts";
export * from "./mathematics.ts";
export * from "./matmul.ts";
export * from "./movement.ts";
export * from "./operand.ts";
export * as random from "./random.ts";
export { dropout } from "./random.ts";
export * from "./ranges.ts";
export * from "./reductions.ts";
export * from "./select.ts";
export * from "./sorting.ts";
export * from "./statistics.ts";
export * from "./structure.ts";
export * from "./window.ts";

/** Every primitive that a module of operations exports: the conformance suite runs over them. */
export const primitives: readonly Primitive[] = /*#__PURE__*/ primitivesOf(
  arithmetic,
  exponential,
  activations,
  reductions,
  bitcast,
  comparison,
  concatenate,
  dynamicSlice,
  identity,
  iota,
  movement,
  operand,
  select,
  structure,
  contraction,
  convolutionPrimitives,
  cumulative,
  indexingPrimitives,
  linearAlgebraPrimitives,
  sorting,
  threefry,
  windowPrimitives,
);
