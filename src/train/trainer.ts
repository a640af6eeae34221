import { isInteger } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { averagedWeights, mapTensors } from "../optim/index.ts";
import { random, type Tensor, type Tree, withMarks } from "../tensor/index.ts";
import {
  countExamples,
  type Data,
  dataOf,
  type Examples,
  type NamedData,
  readAllInputs,
  readTargets,
  requireExamples,
  requireLabels,
} from "./data.ts";
import { notFiniteError } from "./diagnose.ts";
import { type Figure, Figures } from "./figures.ts";
import type { Network } from "./network.ts";
import { classesOf, figuresOf, type Objective } from "./objective.ts";
import type { Observation } from "./statistics.ts";
import { makeSteps, type Steps, score, type Task } from "./step.ts";
import { isWithin, pathsOf, replacements, select, type TensorsByPath } from "./trees.ts";
import { type Weighting, weightsOf } from "./weights.ts";

/** A network being trained: its steps, and what the optimizer remembers. */
export class Trainer {
  readonly network: Network;
  readonly task: Task;
  learningRate: number;
  /** How many updates were made. */
  stepCount = 0;
  /** The targets whose labels were checked last: a batch is often used again. */
  private checked: readonly Tensor[] = [];
  private readonly learns: boolean;
  private optimizerState: Tree<Tensor>;
  private readonly key: Tensor;
  private readonly steps: Steps;
  /** How many classes the labels of each output may name; undefined: its targets are no labels. */
  private readonly classes: readonly (number | undefined)[];
  private readonly figures: readonly Figure[];

  /** The seed is that of the network's randomness in training; what lies within `frozen` is not learned. */
  constructor(network: Network, objective: Objective, seed: number, frozen: ReadonlySet<string>) {
    this.network = network;
    const isLearned = (path: string): boolean => ![...frozen].some((part) => isWithin(path, part));
    this.task = { ...objective, network: network.layer, dtype: network.dtype, isLearned };
    this.learningRate = objective.optimizer.learningRate;
    const learned = select(network.variables.params, isLearned);
    this.learns = Object.keys(learned).length > 0;
    this.optimizerState = objective.optimizer.init(learned);
    this.key = random.foldIn(random.key(seed), 1);
    this.steps = makeSteps(this.task);
    this.classes = objective.goals.map(({ loss }, i) => classesOf(loss, network.outputs[i].shape));
    this.figures = figuresOf(objective.goals);
  }

  /** Checks examples and makes tensors of them. */
  read(
    operation: string,
    inputs: Data | NamedData,
    targets: Data | NamedData,
    weighting: Weighting = {},
  ): Examples {
    const { outputs, dtype } = this.network;
    const { goals } = this.task;
    const x = readAllInputs(operation, inputs, this.network);
    const y = dataOf(operation, targets, outputs).map((data, i) => {
      const areLabels = goals[i].loss.takesLabels === true;
      return readTargets(data, outputs[i].shape, dtype, areLabels);
    });
    for (const targetsOfOutput of y) requireExamples(operation, x[0], targetsOfOutput);
    for (const [i, targetsOfOutput] of y.entries()) this.requireLabels(operation, targetsOfOutput, i);
    this.checked = y;
    const names = outputs.map(({ name }) => name);
    const weights = weightsOf(operation, y, weighting, names, dtype);
    return { x, y, weights };
  }

  private requireLabels(operation: string, targets: Tensor, output: number): void {
    const classes = this.classes[output];
    if (classes === undefined || targets === this.checked[output] || !isInteger(targets.dtype)) return;
    requireLabels(operation, targets, classes);
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
    if (!this.learns) {
      throw new NeuriteError({
        operation: "training",
        got: "a model of which every weight is frozen, or which has none",
        expected: "something to learn",
        hint: "model.unfreeze()",
      });
    }
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

  /** What the layers compute on a batch, and the derivatives of the loss by it; nothing is learned. */
  observe(batch: Examples): Observation {
    const { task, network } = this;
    const loss = (): Tensor => score(task, network.variables, batch, {}).loss;
    const { output, marks, gradients } = withMarks(loss, { gradients: true })();
    return { loss: output, marks, gradients };
  }

  /** The moving averages of the weights that are learned, by path. Throws where the optimizer keeps none. */
  averagedWeights(): Map<string, Tensor> {
    return pathsOf(averagedWeights(this.optimizerState));
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
