import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import type { DType, Shape, Tensor } from "../../tensor/index.ts";

/** The options that made an initializer. */
export type InitializerConfig = { readonly [option: string]: number };

/** How parameters begin: a function of a key, a shape and a dtype that knows what made it. */
export interface Initializer {
  (key: Tensor, shape: Shape, dtype: DType): Tensor;
  /** The name of the function that makes it, `"glorotUniform"`. */
  readonly type: string;
  readonly config: InitializerConfig;
}

/** An initializer of this type; it throws for options that are not finite, and for dtypes that are no floats. */
export function initializer(
  type: string,
  config: InitializerConfig,
  draw: (key: Tensor, shape: Shape, dtype: "f32" | "f64") => Tensor,
): Initializer {
  for (const [option, value] of Object.entries(config)) {
    if (Number.isFinite(value)) continue;
    throw new NeuriteError({ operation: type, got: `${option}: ${value}`, expected: "a finite number" });
  }
  const checked = (key: Tensor, shape: Shape, dtype: DType): Tensor => {
    if (isFloat(dtype)) return draw(key, shape, dtype);
    throw new NeuriteError({ operation: type, got: `dtype ${dtype}`, expected: "f32 or f64" });
  };
  return Object.assign(checked, { type, config });
}
