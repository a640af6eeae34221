import { NeuriteError } from "../../base/error.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { add, full, mul, random, type Shape } from "../../tensor/index.ts";
import { type Initializer, initializer } from "./initializer.ts";

export { orthogonal, randomDirections, spreadHinges } from "./directions.ts";

/**
 * Zeros.
 *
 * @example
 * ```ts
 * import { initializers } from "neurite/nn";
 *
 * initializers.zeros()(random.key(0), [3], "f32"); // [0, 0, 0]
 * ```
 */
export function zeros(): Initializer {
  return initializer("zeros", {}, (_, shape, dtype) => full(shape, 0, dtype));
}

/**
 * Ones.
 *
 * @example
 * ```ts
 * import { initializers } from "neurite/nn";
 *
 * initializers.ones()(random.key(0), [3], "f32"); // [1, 1, 1]
 * ```
 */
export function ones(): Initializer {
  return initializer("ones", {}, (_, shape, dtype) => full(shape, 1, dtype));
}

/**
 * One `value` everywhere, default 0.
 *
 * @example
 * ```ts
 * import { initializers } from "neurite/nn";
 *
 * initializers.constant({ value: 0.5 })(random.key(0), [2], "f32"); // [0.5, 0.5]
 * ```
 */
export function constant({ value = 0 }: { readonly value?: number } = {}): Initializer {
  return initializer("constant", { value }, (_, shape, dtype) => full(shape, value, dtype));
}

/** The interval of `uniform`. */
export interface UniformConfig {
  /** Default −0.05. */
  readonly minimum?: number;
  /** Default 0.05. */
  readonly maximum?: number;
}

/**
 * Spread evenly over [minimum, maximum).
 *
 * @example
 * ```ts
 * import { dense, initializers } from "neurite/nn";
 *
 * dense({ units: 10, kernelInitializer: initializers.uniform({ minimum: -0.1, maximum: 0.1 }) });
 * ```
 */
export function uniform({ minimum = -0.05, maximum = 0.05 }: UniformConfig = {}): Initializer {
  if (minimum > maximum) {
    throw new NeuriteError({
      operation: "uniform",
      got: `minimum ${minimum}, maximum ${maximum}`,
      expected: "minimum ≤ maximum",
    });
  }
  return initializer("uniform", { minimum, maximum }, (key, shape, dtype) =>
    random.uniform(key, shape, { minimum, maximum, dtype }),
  );
}

/** Centre and width of `normal` and `truncatedNormal`. */
export interface NormalConfig {
  /** Default 0. */
  readonly mean?: number;
  /** The standard deviation, default 0.05. */
  readonly std?: number;
}

/**
 * Normally distributed.
 *
 * @example
 * ```ts
 * import { dense, initializers } from "neurite/nn";
 *
 * dense({ units: 10, kernelInitializer: initializers.normal({ std: 0.01 }) });
 * ```
 */
export function normal({ mean = 0, std = 0.05 }: NormalConfig = {}): Initializer {
  return initializer("normal", { mean, std }, (key, shape, dtype) =>
    add(mul(random.normal(key, shape, { dtype }), std), mean),
  );
}

/**
 * Normally distributed, drawn again beyond two standard deviations from the mean.
 *
 * @example
 * ```ts
 * import { dense, initializers } from "neurite/nn";
 *
 * dense({ units: 10, kernelInitializer: initializers.truncatedNormal({ std: 0.01 }) });
 * ```
 */
export function truncatedNormal({ mean = 0, std = 0.05 }: NormalConfig = {}): Initializer {
  return initializer("truncatedNormal", { mean, std }, (key, shape, dtype) =>
    add(mul(random.truncatedNormal(key, shape, { dtype }), std), mean),
  );
}

/**
 * Uniform with variance 2 / (inputs + outputs) (Glorot and Bengio 2010): the default of layers.
 *
 * @example
 * ```ts
 * import { initializers } from "neurite/nn";
 *
 * initializers.glorotUniform()(random.key(0), [784, 100], "f32"); // between −√(6 / 884) and √(6 / 884)
 * ```
 */
export function glorotUniform(): Initializer {
  return scaled("glorotUniform", "uniform", ({ inputs, outputs }) => 2 / (inputs + outputs));
}

/**
 * Truncated normal with variance 2 / (inputs + outputs) (Glorot and Bengio 2010).
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * dense({ units: 10, activation: "tanh", kernelInitializer: "glorotNormal" });
 * ```
 */
export function glorotNormal(): Initializer {
  return scaled("glorotNormal", "normal", ({ inputs, outputs }) => 2 / (inputs + outputs));
}

/**
 * Uniform with variance 2 / inputs, for relu (He et al. 2015).
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * dense({ units: 10, activation: "relu", kernelInitializer: "heUniform" });
 * ```
 */
export function heUniform(): Initializer {
  return scaled("heUniform", "uniform", ({ inputs }) => 2 / inputs);
}

/**
 * Truncated normal with variance 2 / inputs, for relu (He et al. 2015).
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * dense({ units: 10, activation: "relu", kernelInitializer: "heNormal" });
 * ```
 */
export function heNormal(): Initializer {
  return scaled("heNormal", "normal", ({ inputs }) => 2 / inputs);
}

/**
 * Uniform with variance 1 / inputs (LeCun et al. 1998).
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * dense({ units: 10, activation: "tanh", kernelInitializer: "lecunUniform" });
 * ```
 */
export function lecunUniform(): Initializer {
  return scaled("lecunUniform", "uniform", ({ inputs }) => 1 / inputs);
}

/**
 * Truncated normal with variance 1 / inputs (LeCun et al. 1998).
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 *
 * dense({ units: 10, activation: "tanh", kernelInitializer: "lecunNormal" });
 * ```
 */
export function lecunNormal(): Initializer {
  return scaled("lecunNormal", "normal", ({ inputs }) => 1 / inputs);
}

// The standard deviation of the standard normal distribution cut off at ±2.
const truncatedDeviation = 0.8796256610342398;

/** How many values enter an output of the weights, and how many outputs a value reaches. */
interface Fans {
  readonly inputs: number;
  readonly outputs: number;
}

function scaled(
  type: string,
  distribution: "uniform" | "normal",
  variance: (fans: Fans) => number,
): Initializer {
  return initializer(type, {}, (key, shape, dtype) => {
    const deviation = Math.sqrt(variance(fansOf(type, shape)));
    if (distribution === "normal") {
      return mul(random.truncatedNormal(key, shape, { dtype }), deviation / truncatedDeviation);
    }
    const limit = Math.sqrt(3) * deviation;
    return random.uniform(key, shape, { minimum: -limit, maximum: limit, dtype });
  });
}

// The last two axes are channels in and out, those before them the receptive field: [in, out] or [h, w, in, out].
function fansOf(type: string, shape: Shape): Fans {
  if (shape.length === 1) return { inputs: shape[0], outputs: shape[0] };
  if (shape.length === 0) {
    throw new NeuriteError({ operation: type, got: formatShape(shape), expected: "at least one axis" });
  }
  const field = sizeOf(shape.slice(0, -2));
  return { inputs: field * shape[shape.length - 2], outputs: field * shape[shape.length - 1] };
}
