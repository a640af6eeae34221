import type { Primitive } from "../program/primitive.ts";
import * as arithmetic from "./arithmetic.ts";
import * as operand from "./operand.ts";
import { primitivesOf } from "./primitives.ts";
import * as select from "./select.ts";
import * as structure from "./structure.ts";

export * from "./arithmetic.ts";
export * from "./create.ts";
export * from "./operand.ts";
export * from "./select.ts";
export * from "./structure.ts";

/** Every primitive of the library that a module of operations exports: the conformance suite runs over them. */
export const primitives: readonly Primitive[] = /*#__PURE__*/ primitivesOf(
  arithmetic,
  operand,
  select,
  structure,
);
