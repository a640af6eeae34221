import {
  add,
  div,
  exp,
  gelu,
  jit,
  maximum,
  mean,
  mul,
  random,
  scan,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  zeros,
} from "../../src/index.ts";
import { adam, applyUpdates, mapTensors, type TensorTree } from "../../src/optim/index.ts";
import type { Work } from "../clock.ts";
import type { MixName } from "../probe.ts";
import { intoRoom, type Operation } from "./operation.ts";

/** Within the second-level cache, within the third, and beyond. */
const sizes: Readonly<Record<string, number>> = { "16 k": 2 ** 14, "256 k": 2 ** 18, "4 M": 2 ** 22 };
/** Steps on tensors of less than this many elements are repeated in one program, where they outweigh its call. */
const largeElements = 2 ** 16;
const repeats = 512;

/** Ten operations, of which each needs the one before; bounded however often it is applied to x. */
function chain(x: Tensor, y: Tensor): Tensor {
  const a = mul(sub(mul(add(x, y), 0.5), y), 0.25);
  const b = sub(mul(add(a, 1.5), y), x);
  return add(mul(maximum(b, 0), 0.25), y);
}

/** The body applied to tensors in place, several times in one program. */
function repeated(
  body: (state: Tensor[], operand: Tensor) => Tensor[],
  start: Tensor[],
  operand: Tensor,
  steps: number,
): Work {
  const loop = (state: Tensor[], operand: Tensor): Tensor[] =>
    scan((before: Tensor[]) => [body(before, operand), undefined], state, undefined, { length: steps })[0];
  const run = jit(steps === 1 ? body : loop, { donate: 0 });
  let state = start;
  return (count) => {
    for (let k = 0; k < count; k++) state = run(state, operand);
  };
}

/** Rows with mean 0 and variance 1. */
function normalize(x: Tensor): Tensor {
  const centered = sub(x, mean(x, { axis: 1, keepDims: true }));
  const variance = mean(square(centered), { axis: 1, keepDims: true });
  return div(centered, sqrt(add(variance, 1e-5)));
}

/** Steps of Adam on one tensor of weights. */
function adamSteps(elements: number, steps: number): Work {
  const optimizer = adam({ learningRate: 1e-3 });
  const start = zeros([elements]);
  const moments = optimizer.init(start);
  const step = ([W, taken, ...memory]: Tensor[], gradients: Tensor): Tensor[] => {
    const context = { params: W, step: add(taken, 1), learningRate: 1e-3 };
    let next = 0;
    const { updates, state } = optimizer.update(
      gradients,
      mapTensors(() => memory[next++], moments),
      context,
    );
    return [applyUpdates(W, updates), context.step, ...leavesOf(state)];
  };
  return repeated(step, [start, zeros([]), ...leavesOf(moments)], normal([elements]), steps);
}

function leavesOf(tree: TensorTree): Tensor[] {
  const leaves: Tensor[] = [];
  mapTensors((leaf) => {
    leaves.push(leaf);
    return leaf;
  }, tree);
  return leaves;
}

function normal(shape: readonly number[]): Tensor {
  return random.normal(random.key(0), shape);
}

interface Family {
  readonly name: string;
  readonly mix: MixName;
  /** The length of the rows, where they matter. */
  readonly row?: number;
  /** Whether it updates its operands, and is repeated in one program. */
  readonly isStep?: boolean;
  readonly prepare: (shape: readonly number[], steps: number) => Work;
}

const rows = (name: string, row: number, f: (x: Tensor) => Tensor, mix: MixName = "map"): Family => ({
  name,
  mix,
  row,
  prepare: (shape) => intoRoom(f, normal(shape)),
});

const map = (name: string, f: (x: Tensor) => Tensor): Family => ({
  name,
  mix: "map",
  prepare: (shape) => intoRoom(f, normal(shape)),
});

const families: readonly Family[] = [
  {
    name: "chain",
    mix: "chain",
    isStep: true,
    prepare: (shape, steps) => repeated(([x], y) => [chain(x, y)], [zeros(shape)], normal(shape), steps),
  },
  { name: "adam", mix: "adam", isStep: true, prepare: ([elements], steps) => adamSteps(elements, steps) },
  map("tanh", tanh),
  map("exp", exp),
  map("gelu", (x) => gelu(x)),
  rows("softmax-10", 10, (x) => softmax(x)),
  rows("softmax-1000", 1000, (x) => softmax(x)),
  rows("normalize-1000", 1000, normalize),
  rows("rows-1000", 1000, (x) => sum(x, { axis: 1 }), "reduce"),
  rows("columns-1000", 1000, (x) => sum(x, { axis: 0 }), "reduce"),
];

/** Each family at each size; rows as many as fit. */
export const elementwise: readonly Operation[] = families.flatMap(({ name, mix, row, isStep, prepare }) =>
  Object.entries(sizes).map(([size, elements]): Operation => {
    const shape = row === undefined ? [elements] : [Math.floor(elements / row), row];
    const steps = isStep === true && elements < largeElements ? repeats : 1;
    return {
      group: name,
      name: `${name}, ${steps === 1 ? "" : `${steps} × `}${size}`,
      bound: { mix, elements: shape.reduce((product, extent) => product * extent), passes: steps },
      peer: isStep === true ? [name, ...shape, steps] : [name, ...shape],
      prepare: () => prepare(shape, steps),
    };
  }),
);
