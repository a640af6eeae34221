import type { Primitive } from "../program/primitive.ts";
import * as arithmetic from "./arithmetic.ts";
import * as comparison from "./comparison.ts";
import * as concatenate from "./concatenate.ts";
import * as dynamicSlice from "./dynamic-slice.ts";
import * as identity from "./identity.ts";
import * as iota from "./iota.ts";
import * as movement from "./movement.ts";
import * as operand from "./operand.ts";
import { primitivesOf } from "./primitives.ts";
import * as select from "./select.ts";
import * as structure from "./structure.ts";

export * from "./arithmetic.ts";
export * from "./comparison.ts";
export * from "./concatenate.ts";
export * from "./create.ts";
export * from "./dynamic-slice.ts";
export * from "./identity.ts";
export * from "./iota.ts";
export * from "./movement.ts";
export * from "./operand.ts";
export * from "./select.ts";
export * from "./structure.ts";

/** Every primitive that a module of operations exports: the conformance suite runs over them. */
export const primitives: readonly Primitive[] = /*#__PURE__*/ primitivesOf(
  arithmetic,
  comparison,
  concatenate,
  dynamicSlice,
  identity,
  iota,
  movement,
  operand,
  select,
  structure,
);
