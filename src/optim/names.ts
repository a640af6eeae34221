import { NeuriteError, unknownName } from "../base/error.ts";
import { adamFromConfig } from "./adam.ts";
import { chain, scale } from "./chain.ts";
import type { Optimizer, OptimizerConfig, OptimizerDescription, Transformation } from "./optimizer.ts";
import { descentFromConfig } from "./sgd.ts";

const makers: Readonly<Record<string, (config: OptimizerConfig) => Transformation | Optimizer>> = {
  sgd: (config) => descentFromConfig("sgd", config),
  momentum: (config) => descentFromConfig("momentum", config),
  adam: adamFromConfig,
  scale: ({ factor }) => scale({ factor: Number(factor) }),
  chain: ({ stages }) => chain(...(Array.isArray(stages) ? stages.map(stageOf) : [])),
};

/** The names of optimizers that need no options. */
export type OptimizerName = "sgd" | "momentum" | "adam";

/**
 * An optimizer itself, or the one of a name (with its defaults) or of a description read from a file. Throws for an
 * unknown name, suggesting the closest.
 *
 * @example
 * ```ts
 * import { optimizerOf } from "neurite/optim";
 *
 * const optimizer = optimizerOf("adam");
 * ```
 */
export function optimizerOf(optimizer: OptimizerName | Optimizer | OptimizerDescription): Optimizer {
  if (typeof optimizer === "object" && "update" in optimizer) return optimizer;
  const description = typeof optimizer === "string" ? { type: optimizer, config: {} } : optimizer;
  const made = stageOf(description);
  if ("learningRate" in made) return made;
  throw new NeuriteError({
    operation: "optimizer",
    got: `'${description.type}'`,
    expected: "an optimizer, which has a learning rate",
    hint: "combine it with one by chain",
  });
}

function stageOf({ type, config }: OptimizerDescription): Transformation | Optimizer {
  if (!Object.hasOwn(makers, type)) throw unknownName("optimizer", type, ["sgd", "momentum", "adam"]);
  return makers[type](config);
}
