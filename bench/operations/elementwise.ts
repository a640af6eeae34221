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
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  zeros,
} from "../../src/index.ts";
import { adam, applyUpdates, type TensorTree } from "../../src/optim/index.ts";
import type { Work } from "../clock.ts";
import type { MixName } from "../probe.ts";
import { intoRoom, type Operation } from "./operation.ts";

/** Within the second-level cache, within the third, and beyond. */
const sizes: Readonly<Record<string, number>> = { "16 k": 2 ** 14, "256 k": 2 ** 18, "4 M": 2 ** 22 };

/** Ten operations, of which each needs the one before. */
function chain(x: Tensor, y: Tensor): Tensor {
  const a = mul(sub(mul(add(x, y), x), 0.5), y);
  const b = sub(mul(add(a, 1.5), a), x);
  return add(mul(maximum(b, 0), 0.25), y);
}

/** Rows with mean 0 and variance 1. */
function normalize(x: Tensor): Tensor {
  const centered = sub(x, mean(x, { axis: 1, keepDims: true }));
  const variance = mean(square(centered), { axis: 1, keepDims: true });
  return div(centered, sqrt(add(variance, 1e-5)));
}

/** Steps of Adam on one tensor of weights, updated in place. */
function adamSteps(elements: number): Work {
  const optimizer = adam({ learningRate: 1e-3 });
  const step = jit(
    (W: Tensor, moments: TensorTree, taken: Tensor, gradients: Tensor) => {
      const context = { params: W, step: add(taken, 1), learningRate: 1e-3 };
      const { updates, state } = optimizer.update(gradients, moments, context);
      return { W: applyUpdates(W, updates), moments: state, taken: context.step };
    },
    { donate: [0, 1, 2] },
  );
  const gradients = normal([elements]);
  const start = zeros([elements]);
  let next = { W: start, moments: optimizer.init(start), taken: zeros([]) };
  return (count) => {
    for (let k = 0; k < count; k++) next = step(next.W, next.moments, next.taken, gradients);
  };
}

function normal(shape: readonly number[]): Tensor {
  return random.normal(random.key(0), shape);
}

interface Family {
  readonly name: string;
  readonly mix: MixName;
  /** The length of the rows, where they matter. */
  readonly row?: number;
  readonly prepare: (shape: readonly number[]) => Work;
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
    mix: "map2",
    prepare: (shape) => intoRoom(chain, normal(shape), random.normal(random.key(1), shape)),
  },
  { name: "adam", mix: "adam", prepare: ([elements]) => adamSteps(elements) },
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
export const elementwise: readonly Operation[] = families.flatMap(({ name, mix, row, prepare }) =>
  Object.entries(sizes).map(([size, elements]): Operation => {
    const shape = row === undefined ? [elements] : [Math.floor(elements / row), row];
    return {
      group: name,
      name: `${name}, ${size}`,
      bound: { mix, elements: shape.reduce((product, extent) => product * extent) },
      peer: [name, ...shape],
      prepare: () => prepare(shape),
    };
  }),
);
