import type { Split } from "../data/index.ts";
import { lossOf } from "../losses/index.ts";
import { stack } from "../nn/index.ts";
import {
  add,
  concatenate,
  grad,
  jit,
  type Program,
  programOf,
  type Shape,
  slice,
  sqrt,
  square,
  sum,
  type Tensor,
  withMarks,
  zeros,
} from "../tensor/index.ts";
import type { Callback, Sequential } from "../train/index.ts";
import { type Plane, planeAround, type Stage } from "../viz/index.ts";
import { standardizerOf, type Task } from "./task.ts";

/** Examples on which gradients are looked at. */
const mostExamples = 128;
/** Classes that have a colour of their own. */
const mostClasses = 6;

/** What is seen of a network while it learns. */
export interface Sights {
  /** The norms of the gradients with respect to the weights of each layer, after each epoch. */
  readonly gradientNorms: Readonly<Record<string, readonly number[]>>;
  /** The plane of the examples, where they have two features, and how the network divided it. */
  readonly division?: { readonly plane: Plane; readonly stages: readonly Stage[] };
}

/** A callback that looks at a model after epochs, and what it sees. */
export function watch(
  model: Sequential,
  task: Task,
  { xTrain, yTrain, xTest }: Split,
  epochs: number,
): { readonly callback: Callback; readonly sights: Sights } {
  const count = Math.min(mostExamples, xTrain.shape[0]);
  const [x, y] = [slice(xTrain, [0], [count]), slice(yTrain, [0], [count])];
  const normsOf = gradientNormsOf(model, task);
  const gradientNorms: Record<string, number[]> = {};
  const plane = planeOf(task, concatenate([xTrain, xTest]));
  const stages: Stage[] = [];
  const shown = [1, Math.ceil(Math.sqrt(epochs)), epochs];
  const onEpochEnd = (epoch: number): void => {
    for (const [layer, norm] of normsOf(x, y)) {
      gradientNorms[layer] ??= [];
      gradientNorms[layer].push(norm);
    }
    if (plane === undefined || !shown.includes(epoch + 1)) return;
    const title = epoch === 0 ? "after 1 epoch" : `after ${epoch + 1} epochs`;
    const places = standardizerOf(task).transform(plane.places);
    stages.push({ title, outputs: model.predict(places, { batchSize: plane.places.shape[0] }) });
  };
  const sights = { gradientNorms, ...(plane !== undefined && { division: { plane, stages } }) };
  return { callback: { onEpochEnd }, sights };
}

/** The plane around examples of two numbers each, in their units. */
function planeOf(task: Task, x: Tensor): Plane | undefined {
  if (task.kind === "regression" || task.classes.length > mostClasses) return undefined;
  const isPlane =
    task.features.length === 2 && task.features.every(({ categories }) => categories === undefined);
  return isPlane ? planeAround(standardizerOf(task).inverse(x)) : undefined;
}

/** ‖∂L/∂W‖ of all weights W of each layer, on some examples. */
function gradientNormsOf(
  model: Sequential,
  task: Task,
): (x: Tensor, y: Tensor) => [layer: string, norm: number][] {
  const loss = lossOf(task.kind === "classification" ? "sparseCategoricalCrossentropy" : "meanSquaredError");
  const norms = jit((params: Params, x: Tensor, y: Tensor) => {
    const gradients = grad((params: Params) => loss(predict(model, params, x), y))(params);
    return Object.values(gradients).map((layer) =>
      sqrt(
        Object.values(layer).reduce<Tensor | number>(
          (total, gradient) => add(total, sum(square(gradient))),
          0,
        ),
      ),
    );
  });
  return (x, y) => {
    const params = paramsOf(model);
    const found = norms(params, x, y).map((norm) => norm.item());
    return Object.keys(params).map((layer, i) => [layer, found[i]]);
  };
}

/** What the layers of a model compute of examples, by scope and name: `hidden/a`. */
export function marksOf(model: Sequential, x: Tensor): Readonly<Record<string, Tensor>> {
  const look = (params: Params, x: Tensor) => withMarks(predict)(model, params, x).marks;
  return jit(look)(paramsOf(model), x);
}

/** The computation graph of a prediction for one example. */
export function predictionOf(model: Sequential, inputShape: Shape): Program {
  const example = zeros([1, ...inputShape]);
  return programOf((params: Params, x: Tensor) => predict(model, params, x), paramsOf(model), example);
}

/** The parameters of each layer by name. */
type Params = Record<string, Record<string, Tensor>>;

function paramsOf(model: Sequential): Params {
  const params: Params = {};
  for (const [path, tensor] of Object.entries(model.getWeights())) {
    const [layer, name] = path.split(".");
    params[layer] ??= {};
    params[layer][name] = tensor;
  }
  return params;
}

/** The models of this folder have no state. */
function predict(model: Sequential, params: Params, x: Tensor): Tensor {
  return stack(model.layers).apply({ params, state: {} }, [x]).outputs[0];
}
