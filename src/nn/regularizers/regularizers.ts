import { NeuriteError } from "../../base/error.ts";
import { abs, add, mul, square, sum, type Tensor } from "../../tensor/index.ts";

/** The options that made a regularizer. */
export type RegularizerConfig = { readonly [option: string]: number };

/** A penalty on a tensor, to be added to the loss, that knows what made it. */
export interface Regularizer {
  /** A scalar. */
  (x: Tensor): Tensor;
  /** The name of the function that makes it, `"l2"`. */
  readonly type: string;
  readonly config: RegularizerConfig;
}

/**
 * l1 · Σ |x|, default 0.01: Lasso, drives weights to 0 (lecture 4, "New types of regularization"). Throws for a factor
 * below 0.
 *
 * @example
 * ```ts
 * import { regularizers } from "neurite/nn";
 *
 * regularizers.l1({ l1: 0.5 })(tensor([1, -3])); // 2
 * ```
 */
export function l1({ l1 = 0.01 }: { readonly l1?: number } = {}): Regularizer {
  return regularizer("l1", { l1 }, (x) => mul(sum(abs(x)), l1));
}

/**
 * l2 · Σ x², default 0.01: Ridge, weight decay (lecture 4, "New types of regularization"). Throws for a factor below 0.
 *
 * @example
 * ```ts
 * import { dense, regularizers } from "neurite/nn";
 *
 * regularizers.l2({ l2: 0.5 })(tensor([1, -3])); // 5
 * dense({ units: 10, kernelRegularizer: regularizers.l2({ l2: 1e-4 }) });
 * ```
 */
export function l2({ l2 = 0.01 }: { readonly l2?: number } = {}): Regularizer {
  return regularizer("l2", { l2 }, (x) => mul(sum(square(x)), l2));
}

/** The factors of `l1l2`. */
export interface L1L2Config {
  /** Default 0.01. */
  readonly l1?: number;
  /** Default 0.01. */
  readonly l2?: number;
}

/**
 * l1 · Σ |x| + l2 · Σ x², each default 0.01: the elastic net (Zou and Hastie 2005). Throws for a factor below 0.
 *
 * @example
 * ```ts
 * import { regularizers } from "neurite/nn";
 *
 * regularizers.l1l2({ l1: 0.5, l2: 0.25 })(tensor([1, -3])); // 4.5
 * ```
 */
export function l1l2({ l1 = 0.01, l2 = 0.01 }: L1L2Config = {}): Regularizer {
  return regularizer("l1l2", { l1, l2 }, (x) => add(mul(sum(abs(x)), l1), mul(sum(square(x)), l2)));
}

function regularizer(type: string, config: RegularizerConfig, penalty: (x: Tensor) => Tensor): Regularizer {
  for (const [option, value] of Object.entries(config)) {
    if (value >= 0 && value < Number.POSITIVE_INFINITY) continue;
    throw new NeuriteError({ operation: type, got: `${option}: ${value}`, expected: "a number from 0" });
  }
  return Object.assign(penalty, { type, config });
}
