import type { Tensor } from "../tensor/index.ts";
import { branch, mapTensors, type Optimizer, type UpdateContext } from "./optimizer.ts";
import { describeSettings } from "./options.ts";
import { type LearningRate, ratesOf, scheduledRate } from "./schedule.ts";

/** How each tensor of the parameters is updated on its own. */
export interface Rule {
  /** What is remembered of a tensor: for each name what it is at first. */
  readonly memory: Readonly<Record<string, (parameter: Tensor) => Tensor>>;
  /**
   * Called once a step, for what all tensors share; the function it returns is called for each tensor, with what is
   * remembered in the order of `memory`. It returns what is added to the parameter, then what is remembered from now on.
   */
  step(
    context: UpdateContext,
  ): (gradient: Tensor, memory: readonly Tensor[], parameter: Tensor) => readonly [Tensor, ...Tensor[]];
}

/** The optimizer that follows a rule; its schedule is applied before the rule sees the learning rate. */
export function perWeight(
  type: string,
  settings: { readonly learningRate: LearningRate; readonly [option: string]: LearningRate | boolean },
  { memory, step }: Rule,
): Optimizer {
  const names = Object.keys(memory);
  const rates = ratesOf(settings.learningRate);
  return {
    type,
    config: describeSettings(settings),
    ...rates,
    init: (params) => Object.fromEntries(names.map((name) => [name, mapTensors(memory[name], params)])),
    update: (gradients, state, context) => {
      const updateOf = step({ ...context, learningRate: scheduledRate(rates.schedule, context) });
      const remembered: Tensor[][] = [];
      const updates = mapTensors(
        (gradient, parameter, ...old) => {
          const [update, ...fresh] = updateOf(gradient, old, parameter);
          remembered.push(fresh);
          return update;
        },
        gradients,
        context.params,
        ...names.map((name) => branch(state, name)),
      );
      const fresh = names.map((name, k) => {
        const tensors = remembered.values();
        return [name, mapTensors((old) => tensors.next().value?.[k] ?? old, branch(state, name))] as const;
      });
      return { updates, state: Object.fromEntries(fresh) };
    },
  };
}
