import type { Tensor } from "../tensor/index.ts";
import type { CrossentropyOptions, Loss, LossOptions } from "./loss.ts";

/** A loss with options of its own. */
export interface LossFunction<O extends LossOptions> extends Pick<Loss, "logitsOf" | "takesLabels"> {
  (prediction: Tensor, target: Tensor, options?: O): Tensor;
}

/**
 * A loss with some of its options set, as `compile` takes it; models that are saved keep the options.
 *
 * @example
 * ```ts
 * import { categoricalCrossentropy, huber, lossWith } from "neurite/losses";
 *
 * const smooth = lossWith(categoricalCrossentropy, { labelSmoothing: 0.1 });
 * lossWith(huber, { delta: 2 })(tensor([3, 3]), tensor([1, 0])); // 3
 * ```
 */
export function lossWith<O extends LossOptions>(loss: LossFunction<O>, options: O): Loss {
  const { logitsOf, takesLabels } = loss;
  const made = (prediction: Tensor, target: Tensor, given: CrossentropyOptions = {}): Tensor =>
    loss(prediction, target, { ...options, ...given });
  // Errors and saved models call a loss by the name of its function.
  Object.defineProperty(made, "name", { value: loss.name });
  const facts = { ...(logitsOf && { logitsOf }), ...(takesLabels && { takesLabels }) };
  return Object.assign(made, { ...facts, madeFrom: { loss, options } });
}
