import { NeuriteError } from "../base/error.ts";
import type { Variables } from "../nn/index.ts";
import { getDevice, random, setDevice, type Tensor, withMarks } from "../tensor/index.ts";
import { score, type Task } from "./step.ts";
import { pathsOf } from "./trees.ts";

/** A step whose loss was not finite. */
export interface FailedStep {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly step: number;
  readonly key: Tensor;
  readonly loss: number;
}

/**
 * The error for a loss that is not finite: it says where the first value that is not finite came from, the data, the
 * weights, or a layer, for which the step is played again on the reference device.
 */
export function notFiniteError(task: Task, variables: Variables, failed: FailedStep): NeuriteError {
  const { origin, hint } = findOrigin(task, variables, failed);
  return new NeuriteError({
    operation: `training step ${failed.step}`,
    got: `the loss ${failed.loss}: ${origin}`,
    expected: "a finite loss",
    hint: `${hint}; the weights are those before this step`,
  });
}

interface Origin {
  readonly origin: string;
  readonly hint: string;
}

function findOrigin(task: Task, variables: Variables, failed: FailedStep): Origin {
  for (const [name, data] of [["inputs", failed.x] as const, ["targets", failed.y] as const]) {
    const found = firstNotFinite(data);
    if (found === undefined) continue;
    const example = Math.floor(found.index / (data.dataSync().length / data.shape[0]));
    return {
      origin: `the ${name} hold ${found.value}, first in example ${example} of the batch`,
      hint: "mend or leave out such examples",
    };
  }
  const hint = "try a lower learning rate";
  for (const [path, weights] of pathsOf(variables.params)) {
    const found = firstNotFinite(weights);
    if (found === undefined) continue;
    const since =
      failed.step === 1 ? "from the start" : `since step ${failed.step - 1}, whose gradient overflowed`;
    return { origin: `'${path}' holds ${found.value} ${since}`, hint };
  }
  const mark = onReference(() => firstMark(task, variables, failed));
  return { origin: mark === undefined ? "it began in the loss" : `it began in ${mark}`, hint };
}

/** The first marked value that is not finite, in the order of computation. */
function firstMark(task: Task, variables: Variables, { x, y, step, key }: FailedStep): string | undefined {
  const options = { training: true, key: random.foldIn(key, step) };
  const { marks } = withMarks(() => score(task, variables, x, y, options).loss)();
  for (const [name, value] of Object.entries(marks)) {
    const found = firstNotFinite(value);
    if (found === undefined) continue;
    const slash = name.lastIndexOf("/");
    return `layer '${name.slice(0, slash)}', whose ${name.slice(slash + 1)} holds ${found.value}`;
  }
  return undefined;
}

function firstNotFinite(x: Tensor): { readonly index: number; readonly value: number } | undefined {
  const elements = x.dataSync();
  const index = elements.findIndex((value) => !Number.isFinite(value));
  return index < 0 ? undefined : { index, value: elements[index] };
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
