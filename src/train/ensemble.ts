import { checkOptions, NeuriteError } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { takeRows } from "../data/index.ts";
import { add, div, random, Tensor } from "../tensor/index.ts";
import type { Data, NamedData } from "./data.ts";
import type { FitOptions } from "./fit.ts";

/** What an ensemble is made of: anything that learns and predicts. */
export interface Member<R> {
  /** Learns from examples. */
  fit(x: Data | NamedData, y: Data | NamedData, options: FitOptions): Promise<R>;
  /** The output for inputs. */
  predict(x: Data | NamedData): Tensor;
}

/** Options of `ensemble`. */
export interface EnsembleOptions {
  /** How many models; at least 2. */
  readonly members: number;
  /** Whether each learns from as many examples drawn with replacement: bagging. Default false: all learn from all. */
  readonly bootstrap?: boolean;
  /** Decides what is drawn. Default `random.key(0)`. */
  readonly key?: Tensor;
}

/** Several models that answer together. */
export interface Ensemble<M extends Member<R>, R> {
  readonly members: readonly M[];
  /**
   * Lets the models learn one after the other; resolves to what each `fit` gave. Options may be a function of the member,
   * from 0. Throws as the models do, and for a checkpoint that all would share.
   */
  fit(
    x: Data | NamedData,
    y: Data | NamedData,
    options?: FitOptions | ((member: number) => FitOptions),
  ): Promise<R[]>;
  /** The mean of what the models predict. */
  predict(x: Data | NamedData): Tensor;
}

/**
 * Several models whose predictions are averaged, made by a function of their number, which should give each a seed of its own.
 * With `bootstrap` it is bagging (Breiman, Bagging predictors, 1996): each learns from examples drawn with replacement,
 * which are tensors or nested arrays then.
 *
 * @example
 * ```ts
 * import { dense } from "neurite/nn";
 * import { ensemble, Sequential } from "neurite/train";
 *
 * const makeModel = (member: number) => {
 *   const model = new Sequential({ seed: member, layers: [dense({ units: 1, inputShape: [1] })] });
 *   model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 *   return model;
 * };
 * const models = ensemble(makeModel, { members: 3, bootstrap: true });
 * await models.fit([[0], [1], [2], [3]], [[1], [3], [5], [7]], { epochs: 10, verbose: 0 });
 * models.predict([[1.5]]).shape; // [1, 1]
 * ```
 */
export function ensemble<M extends Member<R>, R>(
  makeModel: (member: number) => M & Member<R>,
  options: EnsembleOptions,
): Ensemble<M, R> {
  checkOptions("ensemble", options, ["members", "bootstrap", "key"]);
  const { members: count, bootstrap = false, key = random.key(0) } = options;
  if (!Number.isInteger(count) || count < 2) {
    throw new NeuriteError({
      operation: "ensemble",
      got: `members: ${count}`,
      expected: "a whole number, at least 2",
    });
  }
  const members = Array.from({ length: count }, (_, member) => makeModel(member));
  return {
    members,
    fit: async (x, y, fitOptions = {}) => {
      if (typeof fitOptions !== "function" && fitOptions.checkpoint !== undefined) {
        throw new NeuriteError({
          operation: "ensemble: fit",
          got: "one checkpoint for all members",
          expected: "one for each",
          hint: "options may be a function of the member: (member) => ({ checkpoint: … })",
        });
      }
      const results: R[] = [];
      for (const [member, model] of members.entries()) {
        const [inputs, targets] = bootstrap ? bag(x, y, random.foldIn(key, member)) : [x, y];
        const own = typeof fitOptions === "function" ? fitOptions(member) : fitOptions;
        results.push(await model.fit(inputs, targets, own));
      }
      return results;
    },
    predict: (x) => {
      const predictions = members.map((model) => model.predict(x));
      return div(
        predictions.reduce((total, prediction) => add(total, prediction)),
        count,
      );
    },
  };
}

/** As many examples as there are, drawn with replacement. */
function bag(
  x: Data | NamedData,
  y: Data | NamedData,
  key: Tensor,
): readonly [x: Data | NamedData, y: Data | NamedData] {
  const count = countOf(x);
  const rows = random.randint(key, [count], 0, count).dataSync();
  return [drawn(x, rows), drawn(y, rows)];
}

/** The examples with these numbers. */
function drawn(data: Data | NamedData, rows: ArrayLike<number>): Data | NamedData {
  if (!isNamed(data)) return rowsOf(data, rows);
  return Object.fromEntries(Object.entries(data).map(([name, column]) => [name, rowsOf(column, rows)]));
}

function rowsOf(data: Data, rows: ArrayLike<number>): Data {
  if (data instanceof Tensor) return takeRows(data, rows);
  if (Array.isArray(data)) return Array.from(rows, (row) => data[row]);
  throw undrawable();
}

function countOf(data: Data | NamedData): number {
  const [column] = isNamed(data) ? Object.values(data) : [data];
  if (column instanceof Tensor && column.shape.length > 0) return column.shape[0];
  if (Array.isArray(column)) return column.length;
  throw undrawable();
}

function undrawable(): NeuriteError {
  return new NeuriteError({
    operation: "ensemble: fit",
    got: "data of unknown rows",
    expected: "tensors or nested arrays, of which examples can be drawn",
  });
}

function isNamed(data: Data | NamedData): data is NamedData {
  return isPlainObject(data);
}
