import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { entriesOf, pair, run } from "../../test/optimizer-path.ts";
import { flatten } from "../base/tree.ts";
import { dense } from "../nn/index.ts";
import {
  add,
  cast,
  grad,
  jit,
  mul,
  NeuriteError,
  random,
  square,
  sub,
  sum,
  Tensor,
  tensor,
} from "../tensor/index.ts";
import { Sequential } from "../train/index.ts";
import * as optim from "./index.ts";
import {
  accumulateGradients,
  adam,
  averagedWeights,
  chain,
  mapTensors,
  momentum,
  movingAverage,
  type Optimizer,
  type OptimizerDescription,
  optimizerFromConfig,
  optimizerOf,
  scale,
  sgd,
  type TensorTree,
} from "./index.ts";

interface Case extends OptimizerDescription {
  readonly params: readonly (readonly number[])[];
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/optimizers.json", import.meta.url), "utf8"),
);

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 12);
}

describe("follows PyTorch, or NumPy, for 20 steps", () => {
  test.each(cases.map((one): [string, Case] => [`${one.type} ${JSON.stringify(one.config)}`, one]))(
    "%s",
    (_, { type, config, params }) => {
      const got = run(optimizerFromConfig({ type, config }), params.length);
      expect(got).toHaveLength(20);
      for (const [step, row] of got.entries()) expectClose(row, params[step]);
    },
  );

  test.each(cases.map((one): [string, Case] => [`${one.type} ${JSON.stringify(one.config)}`, one]))(
    "%s, in f32",
    (_, { type, config, params }) => {
      const path = run(optimizerFromConfig({ type, config }), params.length, [], "f32");
      for (const [step, row] of path.entries()) {
        for (const [i, value] of row.entries()) expect(Math.abs(value - params[step][i])).toBeLessThan(1e-6);
      }
    },
  );

  test("and every optimizer with a name is among them", () => {
    const types = new Set(cases.map(({ type }) => type));
    expect(optimizerNames.filter((name) => !types.has(name))).toEqual([]);
  });
});

/** Of exports that need options: options that do. */
const options: Readonly<Record<string, object>> = {
  scale: { factor: 0.5 },
  clipByValue: { limit: 0.1 },
  clipByNorm: { limit: 0.1 },
  clipByGlobalNorm: { limit: 0.1 },
  weightDecay: { rate: 0.1 },
  decoupledWeightDecay: { rate: 0.1 },
  maxNorm: { limit: 1 },
};
/** Exports that are no makers of one optimizer or stage, and the makers of schedules, which have tests of their own. */
const others = [
  ...["chain", "accumulateGradients", "averagedWeights", "mapTensors", "optimizerFromConfig", "optimizerOf"],
  "applyUpdates",
  ...["minimize", "lbfgs", "scheduledRate", "exponentialCooling", "exponentialDecay", "polynomialDecay"],
  ...["cosineDecay", "piecewiseConstantDecay", "warmup", "oneCycle"],
];
const makerNames = Object.keys(optim).filter((name) => !others.includes(name));
const stageNames = Object.keys(options).concat("movingAverage");
const optimizerNames = makerNames.filter((name) => !stageNames.includes(name));

/** What an export makes, as the description of it that is read, alone or with `sgd` in a chain. */
function made(name: string): Optimizer {
  const stage: OptimizerDescription = { type: name, config: JSON.parse(JSON.stringify(options[name] ?? {})) };
  if (!stageNames.includes(name)) return optimizerFromConfig(stage);
  return optimizerFromConfig({ type: "chain", config: { stages: [{ type: "sgd", config: {} }, stage] } });
}

describe.each(makerNames)("%s", (name) => {
  const optimizer = made(name);

  test("can be made again from its description", () => {
    const json = JSON.stringify({ type: optimizer.type, config: optimizer.config });
    const again = optimizerFromConfig(JSON.parse(json));
    expect(JSON.stringify({ type: again.type, config: again.config })).toBe(json);
    expect(again.learningRate).toBe(optimizer.learningRate);
    expect(run(again, 3)).toEqual(run(optimizer, 3));
  });

  test.each(["f32", "f64"] as const)(
    "keeps structure and dtype of trees of %s; compiled as eager",
    (dtype) => {
      const tree = (seed: number): TensorTree => {
        const [weights, biases] = pair(seed).map((values) => cast(values, dtype));
        return { hidden: { weights, biases }, nothing: undefined };
      };
      const params = tree(1);
      const state = optimizer.init(params);
      const update = (gradients: TensorTree, state: TensorTree, rate: number): readonly TensorTree[] => {
        const context = { params, step: tensor(3, { dtype }), learningRate: rate };
        const updated = optimizer.update(gradients, state, context);
        return [updated.updates, updated.state];
      };
      const eager = update(tree(2), state, 0.01);
      const compiled = jit(update)(tree(2), state, 0.01);
      const tolerance = dtype === "f32" ? 6 : 13;
      for (const [i, value] of entriesOf([...compiled]).entries())
        expect(value).toBeCloseTo(entriesOf([...eager])[i], tolerance);
      const shape = (tree: TensorTree): string[] => {
        const { paths, leaves } = flatten(tree, (value): value is Tensor => value instanceof Tensor);
        return leaves.map((leaf, i) => `${paths[i]} ${leaf.dtype} ${leaf.shape}`);
      };
      expect(shape(eager[0])).toEqual(shape(params));
      expect(shape(eager[1])).toEqual(shape(state));
    },
  );

  test("makes a loss smaller", () => {
    const loss = (x: Tensor): Tensor => sum(square(sub(x, tensor([1, -2]))));
    const start = tensor([0.5, 0.5]);
    let x = start;
    let state = optimizer.init(x);
    for (let i = 1; i <= 10; i++) {
      const context = { params: x, step: tensor(i), learningRate: optimizer.learningRate };
      const updated = optimizer.update(grad(loss)(x), state, context);
      x = add(x, updated.updates instanceof Tensor ? updated.updates : expect.fail("no tensor"));
      state = updated.state;
    }
    expect(loss(x).item()).toBeLessThan(loss(start).item());
  });

  test("goes on from a file as if it had not been saved", async () => {
    const model = new Sequential({ layers: [dense({ units: 2, inputShape: [3] })] });
    model.compile({ optimizer, loss: "meanSquaredError" });
    const [x, y] = [random.normal(random.key(1), [4, 3]), random.normal(random.key(2), [4, 2])];
    for (let i = 0; i < 3; i++) model.trainOnBatch(x, y);
    const again = await Sequential.fromBytes(await model.toBytes());
    for (let i = 0; i < 3; i++) expect(again.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
    expect(await again.toBytes()).toEqual(await model.toBytes());
  });

  test("refuses unknown options and text for a number", () => {
    const [option, value] = Object.entries(optimizer.config)[0];
    const stages = Array.isArray(value) ? value : [];
    const config: object = stages.length > 0 ? stages[1].config : { [option]: value };
    const [known] = Object.keys(config);
    const make = (config: object): unknown =>
      optimizerFromConfig({ type: "chain", config: { stages: [{ type: name, config }] } });
    expect(() => make({ ...config, [`${known}s`]: 1 })).toThrow(`did you mean '${known}'?`);
    expect(() => make({ ...config, [known]: "much" })).toThrow(`${name}: got ${known}: much, expected a`);
    expect(() => make({ ...config, [known]: Number.NaN })).toThrow(`${name}: got ${known}: NaN`);
  });
});

test("by default each has the rates of Keras", () => {
  const configs = Object.fromEntries(optimizerNames.map((name) => [name, made(name).config]));
  const moments = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  expect(configs).toEqual({
    gradientDescent: { learningRate: 0.01 },
    sgd: { learningRate: 0.01, momentum: 0, nesterov: false },
    momentum: { learningRate: 0.01, momentum: 0.9, nesterov: false },
    nesterov: { learningRate: 0.01, momentum: 0.9 },
    adagrad: { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7 },
    adadelta: { learningRate: 0.001, rho: 0.95, epsilon: 1e-7 },
    rmsprop: { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
    adam: moments,
    adamW: { ...moments, weightDecay: 0.004 },
    amsgrad: moments,
    nadam: moments,
    adamax: moments,
    lion: { learningRate: 0.001, beta1: 0.9, beta2: 0.99 },
    rprop: { learningRate: 0.01, decrease: 0.5, increase: 1.2, minimumStep: 1e-6, maximumStep: 50 },
  });
});

test("Adam's first step is η g / (|g| + ε), in f32 too", () => {
  const params = tensor([1, -2, 0.5]);
  const optimizer = adam({ learningRate: 0.5, epsilon: 0 });
  const context = { params, step: tensor(1), learningRate: 0.5 };
  const { updates } = optimizer.update(tensor([3, -0.001, 20]), optimizer.init(params), context);
  for (const [i, value] of entriesOf(updates).entries())
    expect(value / [-0.5, 0.5, -0.5][i]).toBeCloseTo(1, 6);
});

test("without memory, Adam goes by the sign of the slope, in f64 too", () => {
  const [[first]] = [run(adam({ learningRate: 0.5, beta1: 0, beta2: 0, epsilon: 0 }), 1)];
  const signs = entriesOf(pair(10)).map(Math.sign);
  expectClose(
    first,
    entriesOf(pair(1)).map((value, i) => value - 0.5 * signs[i]),
  );
});

test("a new rate counts from now on, for Rprop's steps too", () => {
  const [g1, g2] = [entriesOf(pair(10)), entriesOf(pair(11))];
  const steps = run(sgd({ momentum: 0.5 }), 2, [0.1, 0.01]);
  expectClose(
    steps[1],
    entriesOf(pair(1)).map((w, i) => w - 0.1 * g1[i] + (0.5 * -0.1 * g1[i] - 0.01 * g2[i])),
  );
  const [, slow] = run(optim.rprop(), 2, [0.01, 0.001]);
  const [first, quick] = run(optim.rprop(), 2);
  expectClose(
    slow,
    first.map((value, i) => value + (quick[i] - value) / 10),
  );
});

test("a chain hands the updates of each stage to the next", () => {
  expect(run(chain(scale({ factor: -2 }), sgd({ learningRate: 0.1 })), 3)).toEqual(
    run(sgd({ learningRate: 0.2 }), 3, [-0.2, -0.2, -0.2]),
  );
  const halved = chain(momentum(), scale({ factor: 0.5 }));
  for (const [i, row] of run(halved, 3).entries()) {
    expectClose(
      row,
      entriesOf(pair(1)).map((start, k) => start + 0.5 * (run(momentum(), 3)[i][k] - start)),
    );
  }
});

test("accumulated gradients move the weights by their mean at every k-th step, counted as one", () => {
  const steps = run(accumulateGradients(adam({ learningRate: 0.1 }), { steps: 2 }), 6);
  expect(steps[0]).toEqual(entriesOf(pair(1)));
  expect(steps[2]).toEqual(steps[1]);
  const inner = adam({ learningRate: 0.1 });
  let params: TensorTree = pair(1);
  let state = inner.init(params);
  for (let i = 0; i < 3; i++) {
    const mean = mapTensors((a, b) => mul(add(a, b), 0.5), pair(10 + 2 * i), pair(11 + 2 * i));
    const step = tensor(i + 1, { dtype: "f64" });
    const updated = inner.update(mean, state, { params, step, learningRate: 0.1 });
    params = mapTensors(add, params, updated.updates);
    state = updated.state;
    expectClose(steps[2 * i + 1], entriesOf(params));
  }
});

test("accumulation is read again from JSON, around a chain too", () => {
  const optimizer = accumulateGradients(chain(scale({ factor: 2 }), adam()), { steps: 3 });
  const again = optimizerFromConfig(JSON.parse(JSON.stringify(optimizer)));
  expect(again.config).toEqual(optimizer.config);
  expect(run(again, 4)).toEqual(run(optimizer, 4));
});

test("the moving average follows the weights, and changes none", () => {
  const optimizer = chain(sgd({ learningRate: 0.1 }), movingAverage({ momentum: 0.8 }));
  const path = run(sgd({ learningRate: 0.1 }), 5);
  expect(run(optimizer, 5)).toEqual(path);
  let params: TensorTree = pair(1);
  let state = accumulateGradients(optimizer, { steps: 1 }).init(params);
  for (let i = 0; i < 5; i++) {
    const context = { params, step: tensor(i + 1, { dtype: "f64" }), learningRate: 0.1 };
    const updated = accumulateGradients(optimizer, { steps: 1 }).update(pair(10 + i), state, context);
    params = mapTensors(add, params, updated.updates);
    state = updated.state;
  }
  const wanted = path.reduce((average, row) => average.map((old, k) => 0.8 * old + 0.2 * row[k]), path[0]);
  expectClose(entriesOf(averagedWeights(state)), wanted);
  expect(() => averagedWeights(adam().init(params))).toThrow(/without an average.*movingAverage\(\)/);
});

test("max-norm scales what leads to a unit back to the limit, and nothing else", () => {
  const params = { weights: tensor([[0, 3], [0, 0]]), biases: tensor([9, 9]) }; // biome-ignore format: a matrix
  const gradients = { weights: tensor([[-3, -1], [-4, 0]]), biases: tensor([-1, -1]) }; // biome-ignore format: a matrix
  const optimizer = chain(sgd({ learningRate: 1 }), optim.maxNorm({ limit: 4.5 }));
  const context = { params, step: tensor(1), learningRate: 1 };
  const { updates } = optimizer.update(gradients, optimizer.init(params), context);
  // (3, 4) of norm 5 becomes 0.9 as long, (4, 0) stays
  const { weights, biases } = optim.applyUpdates(params, updates);
  expectClose(
    entriesOf(weights).map((value) => Math.round(value * 1e6) / 1e6),
    [2.7, 4, 3.6, 0],
  );
  expect(biases.toArray()).toEqual([10, 10]);
});

test("a clipped gradient of zero stays zero", () => {
  for (const stage of [optim.clipByNorm({ limit: 1 }), optim.clipByGlobalNorm({ limit: 1 })]) {
    const params = tensor([0, 0]);
    const context = { params, step: tensor(1), learningRate: 1 };
    expect(entriesOf(stage.update(params, undefined, context).updates)).toEqual([0, 0]);
  }
});

test("a name stands for the defaults, an optimizer for itself", () => {
  expect(optimizerOf("adam").config).toEqual(adam().config);
  const own = sgd();
  expect(optimizerOf(own)).toBe(own);
});

test.each<[string, () => unknown, RegExp]>([
  ["an unknown name", () => optimizerOf(JSON.parse('"adm"')), /'adm'.*did you mean 'adam'/],
  ["a stage by name", () => optimizerOf(JSON.parse('"scale"')), /optimizer: got 'scale'/],
  ["an unknown type", () => optimizerFromConfig({ type: "nadm", config: {} }), /did you mean 'nadam'/],
  ["no description", () => optimizerFromConfig("adam"), /got "adam", expected {"type"/],
  [
    "a stage without a rate",
    () => optimizerFromConfig({ type: "scale", config: { factor: 2 } }),
    /learning rate/,
  ],
  [
    "a number for a truth value",
    () => optimizerFromConfig({ type: "sgd", config: { nesterov: 1 } }),
    /true or false/,
  ],
  ["a negative rate", () => sgd({ learningRate: -1 }), /sgd: got learningRate: -1, expected at least 0/],
  [
    "NaN",
    () => adam({ learningRate: Number.NaN }),
    /learningRate: NaN, expected a finite number or a schedule/,
  ],
  ["a norm of 0", () => optim.maxNorm({ limit: 0 }), /maxNorm: got limit: 0, expected a positive number/],
  ["β₂ of 1", () => adam({ beta2: 1 }), /beta2: 1, expected at least 0 and below 1/],
  ["ρ of 1", () => optim.rmsprop({ rho: 1 }), /rmsprop: got rho: 1/],
  [
    "a decrease that grows",
    () => optim.rprop({ decrease: 1 }),
    /decrease: 1, expected at least 0 and below 1/,
  ],
  ["an increase that shrinks", () => optim.rprop({ increase: 0.9 }), /increase: 0.9, expected at least 1/],
  [
    "a limit of 0",
    () => optim.clipByNorm({ limit: 0 }),
    /clipByNorm: got limit: 0, expected a positive number/,
  ],
  ["negative decay", () => optim.weightDecay({ rate: -1 }), /weightDecay: got rate: -1/],
  ["half a step", () => accumulateGradients(adam(), { steps: 1.5 }), /steps: 1.5, expected a whole number/],
  ["an average that keeps all", () => movingAverage({ momentum: 1 }), /movingAverage: got momentum: 1/],
  [
    "no factor",
    () => optimizerFromConfig({ type: "chain", config: { stages: [{ type: "scale", config: {} }] } }),
    /scale: got factor: undefined/,
  ],
  ["a chain without optimizer", () => chain(scale({ factor: 1 })), /0 optimizers in \[scale\]/],
  ["a chain with two", () => chain(sgd(), adam()), /2 optimizers in \[sgd, adam\]/],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(NeuriteError);
  expect(make).toThrow(message);
});
