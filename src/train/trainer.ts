import { isInteger } from "../base/dtype.ts";
import { mapTensors } from "../optim/index.ts";
import { jit, random, type Tensor, type Tree } from "../tensor/index.ts";
import {
  countExamples,
  type Data,
  type Examples,
  readInputs,
  readTargets,
  requireExamples,
  requireLabels,
} from "./data.ts";
import { notFiniteError } from "./diagnose.ts";
import { type Figure, Figures } from "./figures.ts";
import type { Network } from "./network.ts";
import { classesOf, type NamedMetric, type Objective } from "./objective.ts";
import { makeSteps, type Steps, type Task } from "./step.ts";
import { pathsOf, replacements, type TensorsByPath } from "./trees.ts";
import { type Weighting, weightsOf } from "./weights.ts";

/** A network being trained: its steps, and what the optimizer remembers. */
export class Trainer {
  readonly network: Network;
  readonly task: Task;
  learningRate: number;
  /** How many updates were made. */
  stepCount = 0;
  /** The targets whose labels were checked last: a batch is often used again. */
  private checked: Tensor | undefined;
  private optimizerState: Tree<Tensor>;
  private readonly key: Tensor;
  private readonly steps: Steps;
  private readonly classes: number | undefined;
  private readonly figures: readonly Figure[];

  /** The seed is that of the network's randomness in training. */
  constructor(network: Network, objective: Objective, seed: number) {
    this.network = network;
    this.task = { ...objective, network: network.layer, dtype: network.dtype };
    this.learningRate = objective.optimizer.learningRate;
    this.optimizerState = objective.optimizer.init(network.variables.params);
    this.key = random.foldIn(random.key(seed), 1);
    this.steps = makeSteps(this.task);
    const { goals } = objective;
    this.classes = classesOf(goals[0].loss, network.outputShape);
    this.figures = [{ name: "loss" }, ...goals.flatMap(({ metrics }) => metrics.map(figureOf))];
  }

  /** Checks examples and makes tensors of them. */
  read(operation: string, inputs: Data, targets: Data, weighting: Weighting = {}): Examples {
    const { inputShape, outputShape, dtype } = this.network;
    const x = readInputs(operation, inputs, inputShape, dtype);
    const areLabels = this.task.goals[0].loss.takesLabels === true;
    const y = readTargets(targets, outputShape, dtype, areLabels);
    requireExamples(operation, x, y);
    if (this.classes !== undefined && y !== this.checked && isInteger(y.dtype)) {
      requireLabels(operation, y, this.classes);
      this.checked = y;
    }
    const weights = weightsOf(operation, y, weighting, dtype);
    return { x: [x], y: [y], weights: weights === undefined ? [] : [weights] };
  }

  /** Nothing measured so far. */
  newFigures(): Figures {
    return new Figures(this.figures);
  }

  /**
   * One update on a batch, and what was measured before it. Throws where loss or gradient are not finite, and leaves
   * everything as it was.
   */
  train(batch: Examples, figures: Figures = this.newFigures()): Figures {
    const { network, key, learningRate, optimizerState } = this;
    const { params, state } = network.variables;
    const step = this.stepCount + 1;
    const stepped = this.steps.train({ params, state, optimizerState }, batch, step, learningRate, key);
    network.variables = { params: stepped.params, state: stepped.state };
    this.optimizerState = stepped.optimizerState;
    const [loss] = stepped.results;
    if (!Number.isFinite(loss.item())) {
      throw notFiniteError(this.task, network.variables, { batch, step, key });
    }
    this.stepCount = step;
    figures.add(stepped.results, countExamples(batch));
    return figures;
  }

  /** What is measured on a batch. */
  test(batch: Examples, figures: Figures = this.newFigures()): Figures {
    figures.add(this.steps.test(this.network.variables, batch), countExamples(batch));
    return figures;
  }

  /** What the optimizer remembers, by path. */
  optimizerTensors(): Map<string, Tensor> {
    return pathsOf(this.optimizerState);
  }

  /** Takes up training where it was left. Throws, before anything changes, for tensors that do not fit. */
  resume(stepCount: number, learningRate: number, tensors: TensorsByPath): void {
    const fresh = replacements("optimizer state", this.optimizerTensors(), tensors);
    this.optimizerState = mapTensors((old) => fresh.get(old) ?? old, this.optimizerState);
    this.stepCount = stepCount;
    this.learningRate = learningRate;
  }
}

function figureOf({ name, measure: { accumulation } }: NamedMetric): Figure {
  return accumulation === undefined ? { name } : { name, result: jit(accumulation.result, { name }) };
}
