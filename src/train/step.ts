import { isFloat } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, sameShape, sizeOf } from "../base/shape.ts";
import type { Loss } from "../losses/index.ts";
import type { Metric } from "../metrics/index.ts";
import type { ApplyOptions, Layer, TensorTree, Variables } from "../nn/index.ts";
import { mapTensors, type TensorTree as OptimizerState } from "../optim/index.ts";
import {
  add,
  cast,
  type DType,
  div,
  isFinite as isFiniteTensor,
  jit,
  mean,
  mul,
  random,
  select,
  sum,
  type Tensor,
  valueAndGrad,
  withScope,
} from "../tensor/index.ts";
import { countExamples, type Examples } from "./data.ts";
import type { Objective } from "./objective.ts";
import { mapNamed, pathsOf } from "./trees.ts";

/** A network and what it is trained for. */
export interface Task extends Objective {
  readonly network: Layer;
  readonly dtype: DType;
}

/** All that training changes. */
export interface Progressing extends Variables {
  readonly optimizerState: OptimizerState;
}

/** What a step returns: the mean loss of the batch, then the sums over its examples of each metric. */
export interface Stepped extends Progressing {
  readonly results: readonly Tensor[];
}

/**
 * Forward, loss, backward, update, metrics; where loss or gradient are not finite everything stays as it was, and the
 * loss returned is NaN.
 */
type Train = (
  progressing: Progressing,
  batch: Examples,
  step: number,
  learningRate: number,
  key: Tensor,
) => Stepped;

/** The compiled functions of a task. */
export interface Steps {
  /** Updates in place; after an error at run time, such as an index out of range, everything is as it was. */
  readonly train: Train;
  /** The same figures without training. */
  readonly test: (variables: Variables, batch: Examples) => readonly Tensor[];
}

/** What a network gives on a batch, seen by its loss and its metrics. */
export interface Scored {
  readonly loss: Tensor;
  /** The sums over the examples. */
  readonly metrics: readonly Tensor[];
  readonly state: TensorTree;
}

/** Compiles the steps of a task; tracing happens at the first call of each, and again for batches of another size. */
export function makeSteps(task: Task): Steps {
  const { optimizer, dtype } = task;
  const train: Train = ({ params, state, optimizerState }, batch, step, learningRate, key) => {
    const options = { training: true, key: random.foldIn(key, step) };
    const lossOf = (params: TensorTree): [Tensor, Scored] => {
      const scored = score(task, { params, state }, batch, options);
      return [scored.loss, scored];
    };
    const [[loss, scored], gradients] = valueAndGrad(lossOf, { hasAux: true })(params);
    const updated = optimizer.update(gradients, optimizerState, {
      params,
      step: cast(step, dtype),
      learningRate,
    });
    const isSound = isFiniteTensor(add(loss, sumOfVectors(gradients)));
    const keepIfSound = (fresh: Tensor, old: Tensor): Tensor =>
      fresh === old ? old : select(isSound, fresh, old);
    return {
      params: mapNamed((old, update) => keepIfSound(add(old, update), old), params, updated.updates),
      state: mapNamed(keepIfSound, scored.state, state),
      optimizerState: mapTensors(keepIfSound, updated.state, optimizerState),
      results: [select(isSound, loss, Number.NaN), ...scored.metrics],
    };
  };
  const test: Steps["test"] = (variables, batch) => {
    const { loss, metrics } = score(task, variables, batch, {});
    return [loss, ...metrics];
  };
  return {
    train: jit(train, { donate: 0, name: "training step" }),
    test: jit(test, { name: "test step" }),
  };
}

// A bias gradient is the sum of its layer's δ over the batch: what is not finite in the backward pass shows there, and
// to look at vectors only costs nothing.
function sumOfVectors(gradients: TensorTree): Tensor | number {
  const vectors = [...pathsOf(gradients).values()].filter(({ shape }) => shape.length <= 1);
  return vectors.reduce<Tensor | number>((total, vector) => add(total, sum(vector)), 0);
}

/** Loss and metrics of a batch; on logits where an output has those that its loss takes. */
export function score(task: Task, variables: Variables, batch: Examples, options: ApplyOptions): Scored {
  const { network, goals, dtype } = task;
  const inputs = batch.x.map((x) => asFloat(x, dtype));
  const applied = network.apply(variables, inputs, options);
  const losses = goals.map(({ loss, weight }, i) =>
    withScope("loss", () => {
      const target = asFloat(batch.y[i], dtype);
      const logits = loss.logitsOf && applied.logits?.[i]?.[loss.logitsOf];
      const value = lossOfBatch(
        loss,
        logits ?? applied.outputs[i],
        target,
        batch.weights[i],
        logits !== undefined,
      );
      return weight === 1 ? value : mul(value, weight);
    }),
  );
  const metrics = goals.flatMap(({ metrics: measured }, i) =>
    measured.map(({ name, measure }) =>
      withScope(name, () =>
        sumsOf(name, measure, applied.outputs[i], asFloat(batch.y[i], dtype), countExamples(batch)),
      ),
    ),
  );
  const terms = applied.penalty === undefined ? losses : [...losses, applied.penalty];
  return { loss: terms.reduce((total, term) => add(total, term)), metrics, state: applied.state };
}

/** The mean of the losses of the examples, each multiplied by its weight. */
function lossOfBatch(
  loss: Loss,
  prediction: Tensor,
  target: Tensor,
  weights: Tensor | undefined,
  fromLogits: boolean,
): Tensor {
  const onLogits = fromLogits ? { fromLogits } : {};
  if (weights === undefined) return mean(loss(prediction, target, onLogits));
  const losses = loss(prediction, target, { reduction: "none", ...onLogits });
  if (sameShape(losses.shape, weights.shape)) return mean(mul(losses, weights));
  throw new NeuriteError({
    operation: `loss '${loss.name}'`,
    got: `a loss of shape ${formatShape(losses.shape)}`,
    expected: `one value for each of ${weights.shape[0]} examples, for they have weights`,
  });
}

/** The sums of a metric over the examples of a batch. */
function sumsOf(name: string, measure: Metric, prediction: Tensor, target: Tensor, examples: number): Tensor {
  const { accumulation } = measure;
  if (accumulation === undefined) {
    // A total, and not a mean, so that counts of right answers are exact in f32 too.
    const values = measure(prediction, target);
    const total = sum(cast(values, prediction.dtype));
    const perExample = sizeOf(values.shape) / examples;
    return perExample === 1 ? total : div(total, perExample);
  }
  const sums = accumulation.sums(prediction, target);
  const { shape } = accumulation.result(sums);
  if (shape.length === 0) return sums;
  throw new NeuriteError({
    operation: `metric '${name}'`,
    got: `values of shape ${formatShape(shape)}`,
    expected: "one number",
    hint: `call it with predictions: ${name}(model.predict(x), y)`,
  });
}

/** Floats in the dtype of the model; labels stay integers. */
export function asFloat(x: Tensor, dtype: DType): Tensor {
  return isFloat(x.dtype) ? cast(x, dtype) : x;
}
