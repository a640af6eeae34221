import { NeuriteError, unknownName } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { adamFromConfig } from "./adam.ts";
import { chain, scale } from "./chain.ts";
import type { Optimizer, Transformation } from "./optimizer.ts";
import { descentFromConfig } from "./sgd.ts";

type Maker = (config: Readonly<Record<string, unknown>>) => Transformation | Optimizer;

const makers: Readonly<Record<string, Maker>> = {
  sgd: (config) => descentFromConfig("sgd", config),
  momentum: (config) => descentFromConfig("momentum", config),
  adam: adamFromConfig,
  scale: ({ factor }) => scale({ factor: Number(factor) }),
  chain: ({ stages }) => chain(...(Array.isArray(stages) ? stages.map(stageFrom) : [])),
};

/** The names of optimizers that need no options. */
export type OptimizerName = "sgd" | "momentum" | "adam";

/**
 * The optimizer of a name, with its defaults, or the one given. Throws for an unknown name, suggesting the closest.
 *
 * @example
 * ```ts
 * import { optimizerOf } from "neurite/optim";
 *
 * const optimizer = optimizerOf("adam");
 * ```
 */
export function optimizerOf(optimizer: OptimizerName | Optimizer): Optimizer {
  return typeof optimizer === "string" ? optimizerFromConfig({ type: optimizer, config: {} }) : optimizer;
}

/**
 * The optimizer that `{type, config}` describes, read from JSON. Throws for an unknown type, suggesting the closest, and
 * for options that do not fit.
 *
 * @example
 * ```ts
 * import { optimizerFromConfig, sgd } from "neurite/optim";
 *
 * const json = JSON.stringify(sgd({ learningRate: 0.1 }));
 * const optimizer = optimizerFromConfig(JSON.parse(json));
 * ```
 */
export function optimizerFromConfig(description: unknown): Optimizer {
  const made = stageFrom(description);
  if ("learningRate" in made) return made;
  throw new NeuriteError({
    operation: "optimizer",
    got: `'${made.type}'`,
    expected: "an optimizer, which has a learning rate",
    hint: "combine it with one by chain",
  });
}

function stageFrom(description: unknown): Transformation | Optimizer {
  const { type, config } = isPlainObject(description) ? description : { type: undefined, config: undefined };
  if (typeof type !== "string" || !isPlainObject(config)) {
    throw new NeuriteError({
      operation: "optimizer",
      got: JSON.stringify(description),
      expected: '{"type": …, "config": {…}}',
    });
  }
  if (!Object.hasOwn(makers, type)) throw unknownName("optimizer", type, ["sgd", "momentum", "adam"]);
  return makers[type](config);
}
