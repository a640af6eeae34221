/**
 * Random numbers: every function takes a key, and the same key gives the same numbers on every device.
 *
 * @module random
 */

import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { checkShape, normalizeAxis, type Shape, sizeOf } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import { Literal } from "../program/program.ts";
import { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { add, maximum as larger, mul, neg, rem, minimum as smaller, sub } from "./arithmetic.ts";
import { lt, shiftRight } from "./comparison.ts";
import { concatenate } from "./concatenate.ts";
import { erf, erfInv, log } from "./exponential.ts";
import { take } from "./indexing.ts";
import { iota } from "./iota.ts";
import { slice } from "./movement.ts";
import { cast, full } from "./operand.ts";
import { argmax } from "./reductions.ts";
import { select } from "./select.ts";
import { sortBy } from "./sorting.ts";
import { broadcastTo, reshape } from "./structure.ts";
import { type ThreefryWord, threefryPrimitive } from "./threefry.ts";

// Keys, bits, uniforms and integers are those of JAX (threefry2x32, jax_threefry_partitionable), number for number.

/**
 * A key, u32[2], from a seed: an integer, or an integer scalar tensor. Keys are values: the same key gives the same numbers.
 *
 * @example
 * ```ts
 * const key = random.key(0);
 * ```
 */
export function key(seed: number | Tensor): Tensor {
  if (seed instanceof Tensor) return concatenate([full([1], 0, "u32"), reshape(cast(seed, "u32"), [1])]);
  if (!Number.isSafeInteger(seed)) {
    throw new NeuriteError({ operation: "random.key", got: `the seed ${seed}`, expected: "an integer" });
  }
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return concatenate([full([1], high, "u32"), full([1], seed >>> 0, "u32")]);
}

// Both words of a key as scalars.
function wordsOf(key: Tensor): readonly [Tensor, Tensor] {
  if (key.dtype !== "u32" || key.shape.length !== 1 || key.shape[0] !== 2) {
    throw new NeuriteError({
      operation: "random",
      got: `${formatType(key)} as a key`,
      expected: "u32[2]",
      hint: "make one with random.key(0)",
    });
  }
  return [reshape(slice(key, [0], [1]), []), reshape(slice(key, [1], [2]), [])];
}

// The generator at the counters 0, 1, 2 … of a shape.
function generate(key: Tensor, shape: Shape, word: ThreefryWord): Tensor {
  checkShape("random", shape);
  const words = wordsOf(key).map((value) => broadcastTo(value, shape));
  const counters = reshape(iota(sizeOf(shape), 0, "u32"), shape);
  return bind(threefryPrimitive, [...words, new Literal("u32", 0), counters], { word })[0];
}

/**
 * `count` (default 2) independent keys; do not use the old one any more.
 *
 * @example
 * ```ts
 * const [next, forWeights] = random.split(random.key(0));
 * ```
 */
export function split(key: Tensor, count = 2): Tensor[] {
  const rows = keys(key, count);
  return Array.from({ length: count }, (_, i) => reshape(slice(rows, [i, 0], [i + 1, 2]), [2]));
}

/**
 * The keys of `split` in one tensor u32[count, 2], for `vmap` and `scan`.
 *
 * @example
 * ```ts
 * vmap((key: Tensor) => random.normal(key, [3]))(random.keys(random.key(0), 10));
 * ```
 */
export function keys(key: Tensor, count: number): Tensor {
  const words = (["first", "second"] as const).map((word) =>
    reshape(generate(key, [count], word), [count, 1]),
  );
  return concatenate(words, 1);
}

/**
 * A key from a key and an integer, so that numbered steps or layers get their own.
 *
 * @example
 * ```ts
 * const key = random.key(0);
 * for (let step = 0; step < 3; step++) console.log(random.normal(random.foldIn(key, step), [2]));
 * ```
 */
export function foldIn(key: Tensor, data: number | Tensor): Tensor {
  const counter = data instanceof Tensor ? reshape(cast(data, "u32"), []) : full([], data >>> 0, "u32");
  const operands = [...wordsOf(key), new Literal("u32", 0), counter];
  const words = (["first", "second"] as const).map((word) =>
    reshape(bind(threefryPrimitive, operands, { word })[0], [1]),
  );
  return concatenate(words);
}

/**
 * Uniform 32-bit words, u32.
 *
 * @example
 * ```ts
 * random.bits(random.key(0), [4]);
 * ```
 */
export function bits(key: Tensor, shape: Shape = []): Tensor {
  return generate(key, shape, "both");
}

/** The interval and dtype of uniform numbers. */
export interface UniformOptions {
  /** Default 0, included. */
  readonly minimum?: number;
  /** Default 1, excluded (but for rounding). */
  readonly maximum?: number;
  /** Default f32. */
  readonly dtype?: "f32" | "f64";
}

/**
 * Numbers spread evenly over [minimum, maximum): multiples of 2⁻²³ in f32 and of 2⁻⁵² in f64 of the interval.
 *
 * @example
 * ```ts
 * random.uniform(random.key(0), [2, 3], { minimum: -1 });
 * ```
 */
export function uniform(key: Tensor, shape: Shape = [], options: UniformOptions = {}): Tensor {
  const { minimum = 0, maximum = 1, dtype = "f32" } = options;
  const unit = dtype === "f32" ? unitSingle(key, shape) : unitDouble(key, shape);
  if (minimum === 0 && maximum === 1) return unit;
  const round = dtype === "f32" ? Math.fround : Number;
  const width = round(round(maximum) - round(minimum));
  return add(mul(unit, width), round(minimum));
}

// The upper 23 bits as a fraction: exactly (bits >>> 9 | 1.0) − 1 on the bits of f32.
function unitSingle(key: Tensor, shape: Shape): Tensor {
  return mul(cast(shiftRight(bits(key, shape), 9), "f32"), 2 ** -23);
}

// 32 bits of the first word, then the upper 20 of the second: exactly (bits >>> 12 | 1.0) − 1 on the bits of f64.
function unitDouble(key: Tensor, shape: Shape): Tensor {
  const high = mul(cast(generate(key, shape, "first"), "f64"), 2 ** -32);
  const low = mul(cast(shiftRight(generate(key, shape, "second"), 12), "f64"), 2 ** -52);
  return add(high, low);
}

/** The dtype of random floats. */
export interface FloatOptions {
  /** Default f32. */
  readonly dtype?: "f32" | "f64";
}

/**
 * Numbers from the standard normal distribution: √2 · erf⁻¹ of uniform ones in (−1, 1).
 *
 * @example
 * ```ts
 * random.normal(random.key(0), [784, 100]);
 * ```
 */
export function normal(key: Tensor, shape: Shape = [], { dtype = "f32" }: FloatOptions = {}): Tensor {
  // The least number above −1, so that erf⁻¹ stays finite.
  const minimum = dtype === "f32" ? -1 + 2 ** -24 : -1 + 2 ** -53;
  return mul(erfInv(uniform(key, shape, { minimum, maximum: 1, dtype })), Math.SQRT2);
}

/** The bounds and dtype of truncated normal numbers. */
export interface TruncatedNormalOptions extends FloatOptions {
  /** Default −2. */
  readonly minimum?: number;
  /** Default 2. */
  readonly maximum?: number;
}

/**
 * Numbers from the standard normal distribution restricted to (minimum, maximum).
 *
 * @example
 * ```ts
 * random.truncatedNormal(random.key(0), [784, 100]);
 * ```
 */
export function truncatedNormal(
  key: Tensor,
  shape: Shape = [],
  options: TruncatedNormalOptions = {},
): Tensor {
  const { minimum = -2, maximum = 2, dtype = "f32" } = options;
  const [low, high] = [minimum, maximum].map((bound) => erf(full([], bound / Math.SQRT2, dtype)));
  const spread = add(mul(uniform(key, shape, { dtype }), sub(high, low)), low);
  const step = dtype === "f32" ? 2 ** -24 : 2 ** -53;
  const inside = (bound: number, sign: number): number =>
    bound + sign * step * Math.max(Math.abs(bound), step);
  const drawn = mul(erfInv(spread), Math.SQRT2);
  return smaller(larger(drawn, inside(minimum, 1)), inside(maximum, -1));
}

/**
 * True with a probability, a number or a tensor; the shape is that of the tensor unless given.
 *
 * @example
 * ```ts
 * random.bernoulli(random.key(0), 0.9, [32, 100]);
 * ```
 */
export function bernoulli(key: Tensor, probability: number | Tensor = 0.5, shape?: Shape): Tensor {
  const like = probability instanceof Tensor ? probability.shape : [];
  const dtype = probability instanceof Tensor && probability.dtype === "f64" ? "f64" : "f32";
  return lt(uniform(key, shape ?? like, { dtype }), probability);
}

/**
 * Integers of [minimum, maximum), i32.
 *
 * @example
 * ```ts
 * random.randint(random.key(0), [10], 0, 6);
 * ```
 */
export function randint(key: Tensor, shape: Shape, minimum: number, maximum: number): Tensor {
  if (!Number.isInteger(minimum) || !Number.isInteger(maximum) || maximum <= minimum) {
    throw new NeuriteError({
      operation: "random.randint",
      got: `the interval [${minimum}, ${maximum})`,
      expected: "integers minimum < maximum",
    });
  }
  // 64 bits modulo the width, from two words: high · 2³² + low, every factor reduced first.
  const width = maximum - minimum;
  const half = 65536 % width;
  const factor = (Math.imul(half, half) >>> 0) % width;
  const [high, low] = split(key).map((one) => rem(bits(one, shape), width));
  const offset = rem(add(mul(high, factor), low), width);
  return add(cast(offset, "i32"), minimum);
}

/**
 * The integers 0 … n − 1 in random order (i32), or a tensor with its slices along `axis` (default 0) in random order.
 *
 * @example
 * ```ts
 * random.permutation(random.key(0), 10);
 * ```
 */
export function permutation(key: Tensor, x: number | Tensor, axis = 0): Tensor {
  if (x instanceof Tensor && x.shape.length !== 1) {
    const at = normalizeAxis("random.permutation", axis, x.shape.length);
    return take(x, permutation(key, x.shape[at]), at);
  }
  let order = x instanceof Tensor ? x : iota(x);
  const size = order.shape[0];
  // Sorting by random words: as often as it takes to make equal words unlikely to matter.
  const rounds = Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(4294967295));
  let next = key;
  for (let round = 0; round < rounds; round++) {
    const [rest, now] = split(next);
    [order] = sortBy(bits(now, [size]), [order]).slice(1);
    next = rest;
  }
  return order;
}

/**
 * Numbers from the standard Gumbel distribution, −log(−log u).
 *
 * @example
 * ```ts
 * random.gumbel(random.key(0), [5]);
 * ```
 */
export function gumbel(key: Tensor, shape: Shape = [], { dtype = "f32" }: FloatOptions = {}): Tensor {
  const least = dtype === "f32" ? 2 ** -126 : 2 ** -1022;
  return neg(log(neg(log(uniform(key, shape, { minimum: least, maximum: 1, dtype })))));
}

/**
 * Classes drawn with the probabilities softmax(logits) along an axis (default the last), i32.
 *
 * @example
 * ```ts
 * random.categorical(random.key(0), log(tensor([0, 1, 0]))); // 1
 * ```
 */
export function categorical(key: Tensor, logits: Tensor, axis = -1): Tensor {
  if (!isFloat(logits.dtype)) {
    throw new NeuriteError({
      operation: "random.categorical",
      got: formatType(logits),
      expected: "f32 or f64",
    });
  }
  return argmax(add(gumbel(key, logits.shape, { dtype: logits.dtype }), logits), { axis });
}

/**
 * Zeros each element with probability `rate` and divides the others by 1 − rate, so that the mean stays.
 *
 * @example
 * ```ts
 * dropout(ones([8]), { rate: 0.5, key: random.key(0) }); // about half of them 0, the others 2
 * ```
 */
export function dropout(x: Tensor, { rate, key }: { readonly rate: number; readonly key: Tensor }): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new NeuriteError({
      operation: "dropout",
      got: `rate ${rate}`,
      expected: "a number from 0 to below 1",
    });
  }
  if (rate === 0) return x;
  return select(bernoulli(key, 1 - rate, x.shape), mul(x, 1 / (1 - rate)), 0);
}
