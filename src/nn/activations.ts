import {
  elu,
  gelu,
  leakyRelu,
  logSoftmax,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  swish,
  type Tensor,
  tanh,
} from "../tensor/index.ts";

/** The names of activations. */
export type ActivationName =
  | "linear"
  | "relu"
  | "leakyRelu"
  | "elu"
  | "gelu"
  | "silu"
  | "swish"
  | "softplus"
  | "tanh"
  | "sigmoid"
  | "softmax"
  | "logSoftmax";

/**
 * Each activation as a function a = σ(z) (lecture 4, "Neural Network models"); softmax is over the last axis.
 *
 * @example
 * ```ts
 * import { activations } from "neurite/nn";
 *
 * activations.relu(tensor([-1, 2])); // [0, 2]
 * ```
 */
export const activations: Readonly<Record<ActivationName, (z: Tensor) => Tensor>> = {
  linear: (z) => z,
  relu,
  leakyRelu: (z) => leakyRelu(z),
  elu: (z) => elu(z),
  gelu: (z) => gelu(z),
  silu,
  swish,
  softplus,
  tanh,
  sigmoid,
  softmax: (z) => softmax(z),
  logSoftmax: (z) => logSoftmax(z),
};

/** All names, in the order of the documentation. */
export const activationNames: readonly ActivationName[] = [
  "linear",
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "silu",
  "swish",
  "softplus",
  "tanh",
  "sigmoid",
  "softmax",
  "logSoftmax",
];
