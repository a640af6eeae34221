import type { Primitive } from "../program/primitive.ts";

/** The primitives among the exports of modules: themselves, or behind an exported operation. */
export function primitivesOf(...modules: readonly object[]): Primitive[] {
  const found = new Set<Primitive>();
  for (const value of modules.flatMap((module): unknown[] => Object.values(module))) {
    if (isPrimitive(value)) found.add(value);
    else if (typeof value === "function" && "primitive" in value && isPrimitive(value.primitive)) {
      found.add(value.primitive);
    }
  }
  return [...found];
}

function isPrimitive(value: unknown): value is Primitive {
  return typeof value === "object" && value !== null && "lowering" in value && "infer" in value;
}
