import { isFloat } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, sameShape, sizeOf } from "../base/shape.ts";
import type { Loss } from "../losses/index.ts";
import type { Metric } from "../metrics/index.ts";
import type { ApplyOptions, Layer, NamedTensorTree, Variables } from "../nn/index.ts";
import { mapTensors, type TensorTree } from "../optim/index.ts";
import {
  add,
  cast,
  type DType,
  div,
  isFinite as isFiniteTensor,
  jit,
  maximum,
  mean,
  mul,
  random,
  reshape,
  select,
  sum,
  type Tensor,
  valueAndGrad,
  withScope,
} from "../tensor/index.ts";
import { countExamples, type Examples } from "./data.ts";
import type { Objective } from "./objective.ts";
import { mapNamed, overlay, pathsOf, select as selectPaths } from "./trees.ts";

/** A network and what it is trained for. */
export interface Task extends Objective {
  readonly network: Layer;
  readonly dtype: DType;
  /** Whether the parameter of a path is learned; the others stay as they are, and so does the state beside them. */
  readonly isLearned: (path: string) => boolean;
}

/** All that training changes. */
export interface Progressing extends Variables {
  readonly optimizerState: TensorTree;
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
  readonly state: NamedTensorTree;
}

/** Compiles the steps of a task; tracing happens at the first call of each, and again for batches of another size. */
export function makeSteps(task: Task): Steps {
  const { optimizer, dtype, isLearned } = task;
  const train: Train = ({ params, state, optimizerState }, batch, step, learningRate, key) => {
    const options = { training: true, key: random.foldIn(key, step) };
    const learned = selectPaths(params, isLearned);
    const lossOf = (learned: NamedTensorTree): [Tensor, Scored] => {
      const scored = score(task, { params: overlay(params, learned), state }, batch, options);
      return [scored.loss, scored];
    };
    const [[loss, scored], gradients] = valueAndGrad(lossOf, { hasAux: true })(learned);
    const updated = optimizer.update(gradients, optimizerState, {
      params: learned,
      step: cast(step, dtype),
      learningRate,
    });
    const isSound = isFiniteTensor(add(add(loss, sumOfVectors(gradients)), nothingOf(batch.x, dtype)));
    const keepIfSound = (fresh: Tensor, old: Tensor): Tensor =>
      fresh === old ? old : select(isSound, fresh, old);
    return {
      params: overlay(
        params,
        mapNamed((old, update) => keepIfSound(add(old, update), old), learned, updated.updates),
      ),
      state: mapNamed(keepIfSound, overlay(state, selectPaths(scored.state, isLearned)), state),
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
function sumOfVectors(gradients: NamedTensorTree): Tensor | number {
  const vectors = [...pathsOf(gradients).values()].filter(({ shape }) => shape.length <= 1);
  return vectors.reduce<Tensor | number>((total, vector) => add(total, sum(vector)), 0);
}

// 0, or NaN where an input is not finite: in a layer that saturates it would spoil the weights and nothing else.
function nothingOf(inputs: readonly Tensor[], dtype: DType): Tensor | number {
  const floats = inputs.filter((x) => isFloat(x.dtype));
  return floats.reduce<Tensor | number>((total, x) => add(total, sum(mul(cast(x, dtype), 0))), 0);
}

/** Loss and metrics of a batch; on logits where an output has those that its loss takes. */
export function score(task: Task, variables: Variables, batch: Examples, options: ApplyOptions): Scored {
  const { network, goals, dtype } = task;
  const inputs = batch.x.map((x) => asFloat(x, dtype));
  const applied = network.apply(variables, inputs, options);
  const count = countExamples(batch);
  const scored = goals.map(({ loss, metrics }, i) => {
    const target = asFloat(batch.y[i], dtype);
    const mask = applied.masks?.[i];
    const logits = loss.logitsOf && applied.logits?.[i]?.[loss.logitsOf];
    const prediction: Prediction = { output: logits ?? applied.outputs[i], target, mask };
    const value = withScope("loss", () =>
      lossOfBatch(loss, prediction, batch.weights[i], logits === undefined ? {} : { fromLogits: true }),
    );
    const measured = metrics.map(({ name, measure }) =>
      withScope(name, () => sumsOf(name, measure, { output: applied.outputs[i], target, mask }, count)),
    );
    return { value, measured };
  });
  const losses = scored.map(({ value }, i) => (goals[i].weight === 1 ? value : mul(value, goals[i].weight)));
  const terms = applied.penalty === undefined ? losses : [...losses, applied.penalty];
  return {
    loss: terms.reduce((total, term) => add(total, term)),
    metrics: scored.flatMap(({ value, measured }) =>
      goals.length === 1 ? measured : [mul(value, count), ...measured],
    ),
    state: applied.state,
  };
}

/** An output, what it should be, and which of its steps count. */
interface Prediction {
  readonly output: Tensor;
  readonly target: Tensor;
  readonly mask: Tensor | undefined;
}

/** The mean of the losses of the examples, each multiplied by its weight. */
function lossOfBatch(
  loss: Loss,
  prediction: Prediction,
  weights: Tensor | undefined,
  onLogits: { readonly fromLogits?: true },
): Tensor {
  const { output, target, mask } = prediction;
  if (weights === undefined && mask === undefined) return mean(loss(output, target, onLogits));
  const losses = measureExamples(
    (steps, targets) => loss(steps, targets, { reduction: "none", ...onLogits }),
    prediction,
  );
  if (weights === undefined) return mean(losses);
  if (sameShape(losses.shape, weights.shape)) return mean(mul(losses, weights));
  throw new NeuriteError({
    operation: `loss '${loss.name}'`,
    got: `a loss of shape ${formatShape(losses.shape)}`,
    expected: `one value for each of ${weights.shape[0]} examples, for they have weights`,
  });
}

/** What is measured of each example, [examples, …]; with a mask the mean over its steps that count. */
function measureExamples(
  measure: (output: Tensor, target: Tensor) => Tensor,
  { output, target, mask }: Prediction,
): Tensor {
  if (mask === undefined || !sameShape(target.shape.slice(0, 2), mask.shape)) return measure(output, target);
  // Every step is an example of its own.
  const apart = (x: Tensor): Tensor => reshape(x, [sizeOf(mask.shape), ...x.shape.slice(2)]);
  const values = reshape(measure(apart(output), apart(target)), mask.shape);
  const counts = cast(mask, values.dtype);
  return div(sum(mul(values, counts), { axis: 1 }), maximum(sum(counts, { axis: 1 }), 1));
}

/** The sums of a metric over the examples of a batch. */
function sumsOf(name: string, measure: Metric, prediction: Prediction, examples: number): Tensor {
  const { accumulation } = measure;
  const { output, target, mask } = prediction;
  if (accumulation === undefined) {
    // A total, and not a mean, so that counts of right answers are exact in f32 too.
    const values = measureExamples(measure, prediction);
    const total = sum(cast(values, output.dtype));
    const perExample = sizeOf(values.shape) / examples;
    return perExample === 1 ? total : div(total, perExample);
  }
  if (mask !== undefined) {
    throw new NeuriteError({
      operation: `metric '${name}'`,
      got: "sequences of which a mask leaves out steps",
      expected: "a metric with a value for each example",
    });
  }
  const sums = accumulation.sums(output, target);
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
