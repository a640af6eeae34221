import { checkOptions, NeuriteError, unknownName } from "../../base/error.ts";
import { isPlainObject } from "../../base/tree.ts";
import {
  add,
  cast,
  clip,
  elu,
  gelu,
  gt,
  leakyRelu,
  logSoftmax,
  mul,
  relu,
  sigmoid,
  sign,
  silu,
  softmax,
  softplus,
  stopGradient,
  sub,
  swish,
  type Tensor,
  tanh,
} from "../../tensor/index.ts";
import type { Json } from "../layer.ts";

/** The names of activations. */
export type ActivationName =
  | "linear"
  | "threshold"
  | "sign"
  | "relu"
  | "leakyRelu"
  | "elu"
  | "selu"
  | "gelu"
  | "silu"
  | "swish"
  | "softplus"
  | "tanh"
  | "sigmoid"
  | "hardTanh"
  | "hardSigmoid"
  | "hardSwish"
  | "softmax"
  | "logSoftmax";

/** An activation with options of its own. */
export type ActivationConfig =
  | {
      readonly type: "threshold" | "sign";
      /** Let gradients through as if the activation were linear (Bengio et al. 2013); default false: they are 0. */
      readonly straightThrough?: boolean;
    }
  | {
      readonly type: "leakyRelu";
      /** The slope left of 0; default 0.01. */
      readonly negativeSlope?: number;
    }
  | {
      readonly type: "elu";
      /** Minus the limit on the left; default 1. */
      readonly alpha?: number;
    }
  | {
      readonly type: "gelu";
      /** The approximation by tanh; default false. */
      readonly approximate?: boolean;
    };

/** What options accept: a name, or an activation with options of its own. */
export type ActivationLike = ActivationName | ActivationConfig;

/**
 * The options that activations know.
 *
 * @inline
 */
interface ActivationOptions {
  readonly straightThrough?: boolean;
  readonly negativeSlope?: number;
  readonly alpha?: number;
  readonly approximate?: boolean;
}

/**
 * A function of z.
 *
 * @inline
 */
type Activation = (z: Tensor, options?: ActivationOptions) => Tensor;

/**
 * Each activation as a function a = σ(z) (lecture 1, "Examples of Nonlinear Functions"; lecture 4, "Neural Network models").
 * Softmax is over the last axis; the slope of `leakyRelu` left of 0 is the lecture's 0.01.
 *
 * @example
 * ```ts
 * import { activations } from "neurite/nn";
 *
 * activations.relu(tensor([-1, 2])); // [0, 2]
 * activations.leakyRelu(tensor([-1, 2])); // [-0.01, 2]
 * activations.threshold(tensor([-1, 2])); // [0, 1]
 * ```
 */
export const activations: Readonly<Record<ActivationName, Activation>> = {
  linear: (z) => z,
  threshold: (z, { straightThrough = false } = {}) => passing(straightThrough, z, cast(gt(z, 0), z.dtype)), // 1 where z > 0, else 0
  sign: (z, { straightThrough = false } = {}) => passing(straightThrough, z, sign(z)),
  relu: (z) => relu(z),
  leakyRelu: (z, { negativeSlope = 0.01 } = {}) => leakyRelu(z, negativeSlope),
  elu: (z, { alpha } = {}) => elu(z, alpha),
  selu: (z) => mul(elu(z, 1.6732632423543772), 1.0507009873554805), // Klambauer et al. 2017
  gelu: (z, { approximate = false } = {}) => gelu(z, { approximate }),
  silu: (z) => silu(z),
  swish: (z) => swish(z),
  softplus: (z) => softplus(z),
  tanh: (z) => tanh(z),
  sigmoid: (z) => sigmoid(z),
  hardTanh: (z) => clip(z, -1, 1),
  hardSigmoid: (z) => hardSigmoid(z),
  hardSwish: (z) => mul(z, hardSigmoid(z)),
  softmax: (z) => softmax(z),
  logSoftmax: (z) => logSoftmax(z),
};

// min(max(z / 6 + 1/2, 0), 1)
function hardSigmoid(z: Tensor): Tensor {
  return clip(add(mul(z, 1 / 6), 0.5), 0, 1);
}

// z − z is 0 with the gradient of z.
function passing(straightThrough: boolean, z: Tensor, step: Tensor): Tensor {
  return straightThrough ? add(stopGradient(step), sub(z, stopGradient(z))) : step;
}

/** All names, in the order of the documentation. */
export const activationNames: readonly ActivationName[] = [
  "linear",
  "threshold",
  "sign",
  "relu",
  "leakyRelu",
  "elu",
  "selu",
  "gelu",
  "silu",
  "swish",
  "softplus",
  "tanh",
  "sigmoid",
  "hardTanh",
  "hardSigmoid",
  "hardSwish",
  "softmax",
  "logSoftmax",
];

/** An activation that was chosen by its name or with options. */
export interface ChosenActivation {
  readonly name: ActivationName;
  /** What chose it, as JSON. */
  readonly config: Json;
  apply(z: Tensor): Tensor;
}

const optionsOf: { readonly [name in ActivationName]?: { readonly [option: string]: "number" | "boolean" } } =
  {
    threshold: { straightThrough: "boolean" },
    sign: { straightThrough: "boolean" },
    leakyRelu: { negativeSlope: "number" },
    elu: { alpha: "number" },
    gelu: { approximate: "boolean" },
  };

/** The activation of a name or of `{type, …}`; throws for anything else, naming the layer. */
export function activationOf(layer: string, given: unknown): ChosenActivation {
  const { type, ...options } = isPlainObject(given) ? given : { type: given };
  const operation = `${layer}: activation`;
  const name = activationNames.find((known) => known === type);
  if (name === undefined) {
    if (typeof type === "string") throw unknownName(operation, type, activationNames);
    throw new NeuriteError({
      operation,
      got: JSON.stringify(given) ?? String(given),
      expected: 'a name, or {type, …} such as { type: "leakyRelu", negativeSlope: 0.1 }',
    });
  }
  const known = optionsOf[name] ?? {};
  checkOptions(`${operation} '${name}'`, options, Object.keys(known));
  for (const [option, value] of Object.entries(options)) {
    const fits = known[option] === "number" ? Number.isFinite(value) : typeof value === "boolean";
    if (fits) continue;
    throw new NeuriteError({
      operation: `${operation} '${name}'`,
      got: `${option}: ${JSON.stringify(value)}`,
      expected: known[option] === "number" ? "a finite number" : "true or false",
    });
  }
  const config = Object.keys(options).length === 0 ? name : { type: name, ...options };
  return { name, config, apply: (z) => activations[name](z, options) };
}
