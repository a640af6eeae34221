import type { DType } from "./dtype.ts";
import { type Shape, sameShape } from "./shape.ts";

/** What is known of a tensor before it has data: its element type and its shape. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A tensor type as text: `f32[32, 64]`. */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(", ")}]`;
}

/** True when element type and shape agree. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
