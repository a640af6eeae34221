import { add, mul, sub } from "../tensor/index.ts";
import { statelessStage } from "./chain.ts";
import { mapTensors, type Transformation } from "./optimizer.ts";
import { requireOptions, requireRange } from "./options.ts";

/** The option of the stages that decay weights. */
export interface DecayOptions {
  /** λ, at least 0. */
  readonly rate: number;
}

/**
 * Weight decay coupled with the optimizer: adds λθ to each gradient, as the penalty ½λθ² would (lecture 4, "New types of
 * regularization"): a stage *before* an optimizer in `chain`. Biases decay too; `kernelRegularizer` of a layer spares them.
 *
 * @example
 * ```ts
 * import { chain, sgd, weightDecay } from "neurite/optim";
 *
 * const optimizer = chain(weightDecay({ rate: 1e-4 }), sgd());
 * ```
 */
export function weightDecay(options: DecayOptions): Transformation {
  const rate = rateOf("weightDecay", options);
  return statelessStage("weightDecay", { rate }, (gradients, { params }) =>
    mapTensors((gradient, parameter) => add(gradient, mul(parameter, rate)), gradients, params),
  );
}

/**
 * Decoupled weight decay, which the optimizer's own scaling leaves alone: takes ηλθ from each update (Loshchilov and Hutter,
 * arXiv:1711.05101), with the learning rate η as scheduled: a stage *after* an optimizer in `chain`.
 *
 * @example
 * ```ts
 * import { chain, decoupledWeightDecay, lion } from "neurite/optim";
 *
 * const optimizer = chain(lion(), decoupledWeightDecay({ rate: 0.01 }));
 * ```
 */
export function decoupledWeightDecay(options: DecayOptions): Transformation {
  const rate = rateOf("decoupledWeightDecay", options);
  return statelessStage("decoupledWeightDecay", { rate }, (updates, { params, learningRate }) => {
    const decay = mul(learningRate, rate);
    return mapTensors((update, parameter) => sub(update, mul(parameter, decay)), updates, params);
  });
}

function rateOf(operation: string, options: DecayOptions): number {
  requireOptions(operation, options, { rate: "number" });
  requireRange(operation, "rate", options.rate, 0, Number.POSITIVE_INFINITY);
  return options.rate;
}
