import { NeuriteError } from "../base/error.ts";
import type { Variables } from "../nn/index.ts";
import { getDevice, random, setDevice, type Tensor, withMarks } from "../tensor/index.ts";
import type { Examples } from "./data.ts";
import { score, type Task } from "./step.ts";
import { pathsOf } from "./trees.ts";

/** A step whose loss or gradient was not finite. */
export interface FailedStep {
  readonly batch: Examples;
  readonly step: number;
  readonly key: Tensor;
}

/**
 * The error for a step whose loss or gradient is not finite. It says where the first such value came from: the data, the
 * weights, or a layer, for which the step is played again on the reference device.
 */
export function notFiniteError(task: Task, variables: Variables, failed: FailedStep): NeuriteError {
  const fault =
    dataFault(failed.batch) ?? weightFault(variables) ?? onReference(() => replay(task, variables, failed));
  return new NeuriteError({
    operation: `training step ${failed.step}`,
    got: fault.got,
    expected: "a finite loss and gradient",
    hint: `${fault.hint}; the weights are those before this step`,
  });
}

interface Fault {
  readonly got: string;
  readonly hint: string;
}

const slower = "try a lower learning rate";

/** What is not finite in the inputs, or else in the targets. */
export function dataFault({ x, y }: Examples): Fault | undefined {
  for (const data of x) {
    const fault = exampleFault("inputs", data);
    if (fault !== undefined) return fault;
  }
  for (const data of y) {
    const fault = exampleFault("targets", data);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The first example that holds a value that is not finite. */
function exampleFault(name: "inputs" | "targets", data: Tensor): Fault | undefined {
  const elements = data.dataSync();
  const index = elements.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return undefined;
  const example = Math.floor(index / (elements.length / data.shape[0]));
  return {
    got: `${elements[index]} in the ${name}, first in example ${example}`,
    hint: "mend such examples or leave them out",
  };
}

function weightFault({ params }: Variables): Fault | undefined {
  for (const [path, weights] of pathsOf(params)) {
    const value = firstNotFinite(weights);
    if (value !== undefined) return { got: `${value} in the weights '${path}'`, hint: slower };
  }
  return undefined;
}

function replay(task: Task, variables: Variables, { batch, step, key }: FailedStep): Fault {
  const options = { training: true, key: random.foldIn(key, step) };
  const loss = (): Tensor => score(task, variables, batch, options).loss;
  const { output, marks } = withMarks(loss)();
  const forward = firstMark(Object.entries(marks));
  if (forward !== undefined) {
    return { got: `${forward.value} in layer '${forward.layer}', in its ${forward.name}`, hint: slower };
  }
  const value = firstNotFinite(output);
  if (value !== undefined) return { got: `${value} in the loss of finite outputs`, hint: slower };
  const { gradients } = withMarks(loss, { gradients: true })();
  // The backward pass comes to the last layer first.
  const backward = firstMark(Object.entries(gradients).reverse());
  if (backward === undefined) return { got: "a finite loss without a finite gradient", hint: slower };
  return {
    got: `${backward.value} in layer '${backward.layer}', in the derivative of the loss by its ${backward.name}`,
    hint: slower,
  };
}

interface MarkFault {
  readonly layer: string;
  readonly name: string;
  readonly value: number;
}

function firstMark(marks: readonly (readonly [path: string, value: Tensor])[]): MarkFault | undefined {
  for (const [path, marked] of marks) {
    const value = firstNotFinite(marked);
    if (value === undefined) continue;
    const slash = path.lastIndexOf("/");
    return { layer: path.slice(0, slash), name: path.slice(slash + 1), value };
  }
  return undefined;
}

function firstNotFinite(x: Tensor): number | undefined {
  return x.dataSync().find((value) => !Number.isFinite(value));
}

function onReference<T>(f: () => T): T {
  const device = getDevice();
  setDevice("reference");
  try {
    return f();
  } finally {
    setDevice(device);
  }
}
