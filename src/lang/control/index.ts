import type { Primitive } from "../program/primitive.ts";
import { checkpointPrimitive } from "./checkpoint.ts";
import { condPrimitive } from "./cond-primitive.ts";
import { customGradientPrimitive } from "./custom-gradient.ts";
import { scanPrimitive } from "./scan-primitive.ts";
import { whilePrimitive } from "./while-primitive.ts";

export type { Returned } from "./carry.ts";
export { checkpoint } from "./checkpoint.ts";
export { cond, switchCase } from "./cond.ts";
export { customGradient } from "./custom-gradient.ts";
export { type ScanOptions, scan } from "./scan.ts";
export { whileLoop } from "./while.ts";

/** The primitives of control flow: the conformance suite runs over them. */
export const primitives: readonly Primitive[] = [
  checkpointPrimitive,
  condPrimitive,
  customGradientPrimitive,
  scanPrimitive,
  whilePrimitive,
];
